//! CSS colours: hexadecimal, `rgb()`, `hsl()` and the named ones.

use super::colour_names::NAMED;

/// A colour without transparency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rgb(pub(super) [u8; 3]);

impl Rgb {
    pub(super) const BLACK: Self = Self([0, 0, 0]);

    /// `#rrggbb`, as ADF wants it.
    pub(super) fn hex(self) -> String {
        let [r, g, b] = self.0;
        format!("#{r:02x}{g:02x}{b:02x}")
    }
}

/// What a colour's text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    Rgb(Rgb),
    /// `transparent`, `inherit`, `currentColor`, a theme's `windowtext` and the like: whatever is usual.
    Usual,
}

/// Reads a CSS colour; `None` if it is none.
pub(super) fn parse(text: &str) -> Option<Colour> {
    let text = text.trim().to_ascii_lowercase();
    if let Some(hex) = text.strip_prefix('#') {
        return from_hex(hex);
    }
    if text.starts_with("var(") {
        return Some(Colour::Usual);
    }
    if let Some((function, arguments)) = text.split_once('(') {
        let arguments = arguments.trim_end().strip_suffix(')')?;
        return from_function(function.trim_end(), arguments);
    }
    if is_usual(&text) {
        return Some(Colour::Usual);
    }
    named(&text).map(|n| Colour::Rgb(Rgb([(n >> 16) as u8, (n >> 8) as u8, n as u8])))
}

fn is_usual(text: &str) -> bool {
    matches!(
        text,
        "transparent"
            | "inherit"
            | "initial"
            | "unset"
            | "revert"
            | "currentcolor"
            | "auto"
            | "windowtext"
            | "window"
            | "canvastext"
            | "canvas"
            | "text"
            | "none"
            | ""
    )
}

fn from_hex(hex: &str) -> Option<Colour> {
    let digits: Vec<u8> = hex
        .chars()
        .map(|c| c.to_digit(16).map(|d| d as u8))
        .collect::<Option<_>>()?;
    let (rgb, alpha) = match *digits.as_slice() {
        [r, g, b] => ([r * 17, g * 17, b * 17], 255),
        [r, g, b, a] => ([r * 17, g * 17, b * 17], a * 17),
        [r, r2, g, g2, b, b2] => ([r * 16 + r2, g * 16 + g2, b * 16 + b2], 255),
        [r, r2, g, g2, b, b2, a, a2] => ([r * 16 + r2, g * 16 + g2, b * 16 + b2], a * 16 + a2),
        _ => return None,
    };
    Some(opaque(rgb, alpha == 0))
}

fn opaque(rgb: [u8; 3], transparent: bool) -> Colour {
    if transparent {
        Colour::Usual
    } else {
        Colour::Rgb(Rgb(rgb))
    }
}

fn from_function(function: &str, arguments: &str) -> Option<Colour> {
    let parts: Vec<&str> = arguments
        .split([',', '/', ' ', '\t', '\n'])
        .filter(|p| !p.is_empty())
        .collect();
    let (&[a, b, c], alpha) = (parts.first_chunk::<3>()?, parts.get(3));
    let transparent = alpha.is_some_and(|a| number(a, 1.0) == Some(0.0));
    let rgb = match function {
        "rgb" | "rgba" => [number(a, 255.0)?, number(b, 255.0)?, number(c, 255.0)?],
        "hsl" | "hsla" => from_hsl(number(a, 360.0)?, number(b, 1.0)?, number(c, 1.0)?),
        _ => return None,
    };
    Some(opaque(
        rgb.map(|n| n.round().clamp(0.0, 255.0) as u8),
        transparent,
    ))
}

/// A number, or a percentage of `whole`.
fn number(text: &str, whole: f64) -> Option<f64> {
    let (digits, scale) = match text.strip_suffix('%') {
        Some(percentage) => (percentage, whole / 100.0),
        None => (text.trim_end_matches("deg"), 1.0),
    };
    digits
        .parse::<f64>()
        .ok()
        .map(|n| n * scale)
        .filter(|n| n.is_finite())
}

fn from_hsl(hue: f64, saturation: f64, lightness: f64) -> [f64; 3] {
    let (s, l) = (saturation.clamp(0.0, 1.0), lightness.clamp(0.0, 1.0));
    let a = s * l.min(1.0 - l);
    [0.0, 8.0, 4.0].map(|n: f64| {
        let k = (n + hue.rem_euclid(360.0) / 30.0) % 12.0;
        255.0 * (l - a * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0))
    })
}

/// The named colours of CSS Color Module Level 4, in alphabetical order.
fn named(name: &str) -> Option<u32> {
    NAMED
        .binary_search_by(|(known, _)| (*known).cmp(name))
        .ok()
        .map(|at| NAMED[at].1)
}
