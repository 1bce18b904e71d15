//! The inline CSS that decides what is seen and how: `style` attributes, and the old attributes for the same.

use std::borrow::Cow;

use super::colour::{self, Colour};
use super::tree::{Align, Shift};

/// How white space is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum WhiteSpace {
    /// Runs become one space.
    #[default]
    Collapse,
    /// Runs become one space, line ends stay.
    Lines,
    /// All stays.
    Preserve,
}

/// What `display` does to the flow of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Display {
    None,
    Inline,
    Block,
    Cell,
}

/// The text alignment asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextAlign {
    Start,
    Other(Align),
}

/// What an element's `style` says; `None` where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) display: Option<Display>,
    /// Taken out of the line by `float` or `position`.
    pub(super) apart: bool,
    pub(super) visible: Option<bool>,
    pub(super) white_space: Option<WhiteSpace>,
    pub(super) strong: Option<bool>,
    pub(super) em: Option<bool>,
    /// `text-decoration` adds to what surrounds it; `none` takes back only the element's own.
    pub(super) underline: Option<bool>,
    pub(super) strike: Option<bool>,
    pub(super) shift: Option<Option<Shift>>,
    /// `Some(None)` for a colour that cannot be read.
    pub(super) colour: Option<Option<Colour>>,
    pub(super) background: bool,
    pub(super) align: Option<TextAlign>,
    /// Letters, Roman numbers or nothing where a list has its numbers.
    pub(super) other_marker: bool,
    /// Word's list level, from 1, and whether it is `Ignore`: the marker Word wrote as text.
    pub(super) word_list: Option<WordList>,
}

/// Word's `mso-list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordList {
    /// A paragraph that is an item of a list, at a level from 1.
    Item(u8),
    /// The marker, written out.
    Marker,
}

impl Declared {
    /// Reads a `style` attribute. What cannot be read is left out, as a browser does.
    pub(super) fn parse(style: &str) -> Self {
        let mut declared = Self::default();
        let style = without_comments(style);
        let declarations = style.split(';').filter_map(|it| it.split_once(':'));
        let mut important = Vec::new();
        for (name, value) in declarations {
            let name = name.trim().to_ascii_lowercase();
            let value = value.trim().to_ascii_lowercase();
            match value.rfind('!') {
                None => declared.set(&name, &value),
                Some(at) => important.push((name, value[..at].trim_end().to_owned())),
            }
        }
        // Whatever their order, these come last.
        for (name, value) in important {
            declared.set(&name, &value);
        }
        declared
    }

    fn set(&mut self, name: &str, value: &str) {
        match name {
            "display" => self.display = display(value).or(self.display),
            "float" => self.apart |= !matches!(value, "none" | "initial" | "unset"),
            "position" => self.apart |= matches!(value, "absolute" | "fixed"),
            "visibility" => self.visible = visibility(value).or(self.visible),
            "white-space" | "white-space-collapse" => {
                self.white_space = white_space(value).or(self.white_space)
            }
            "font-weight" => self.strong = weight(value).or(self.strong),
            "font-style" => self.em = font_style(value).or(self.em),
            "font" => self.set_font(value),
            "text-decoration" | "text-decoration-line" => {
                self.underline = Some(value.contains("underline"));
                self.strike = Some(value.contains("line-through"));
            }
            "vertical-align" => self.shift = shift(value).or(self.shift),
            "color" => self.colour = Some(colour::parse(value)),
            "background" | "background-color" => {
                self.background = is_highlight(value);
            }
            "text-align" => self.align = text_align(value).or(self.align),
            "list-style" | "list-style-type" => {
                self.other_marker = ["alpha", "latin", "roman", "greek", "none"]
                    .iter()
                    .any(|kind| value.contains(kind));
            }
            "mso-list" => self.word_list = word_list(value),
            _ => {}
        }
    }

    /// The shorthand: style and weight stand before the size, and are as usual where they do not.
    fn set_font(&mut self, value: &str) {
        let parts: Vec<&str> = value.split_ascii_whitespace().collect();
        let is_size = |part: &&str| {
            let has_unit = part.contains(|c: char| c.is_ascii_alphabetic() || c == '%');
            part.starts_with(|c: char| c.is_ascii_digit() || c == '.') && has_unit
                || part.ends_with("small")
                || part.ends_with("large")
                || *part == "medium"
        };
        if let Some(size) = parts.iter().position(is_size) {
            let before = &parts[..size];
            self.em = Some(before.iter().any(|part| font_style(part) == Some(true)));
            self.strong = Some(before.iter().any(|part| weight(part) == Some(true)));
        }
    }
}

fn without_comments(style: &str) -> Cow<'_, str> {
    let Some((before, mut rest)) = style.split_once("/*") else {
        return style.into();
    };
    let mut kept = before.to_owned();
    while let Some((_, after)) = rest.split_once("*/") {
        let (text, next) = after.split_once("/*").unwrap_or((after, ""));
        kept.push_str(text);
        rest = next;
    }
    kept.into()
}

/// Whether a background has a colour other than white. The colour may stand anywhere among the shorthand's parts.
fn is_highlight(value: &str) -> bool {
    const WHITE: [u8; 3] = [255; 3];
    let mut open = 0;
    let parts = value.split(|c: char| {
        open += i32::from(c == '(') - i32::from(c == ')');
        open == 0 && c.is_ascii_whitespace()
    });
    let mut colours = parts.filter_map(colour::parse);
    colours.any(|colour| matches!(colour, Colour::Rgb(rgb) if rgb.0 != WHITE))
}

fn display(value: &str) -> Option<Display> {
    if value == "none" {
        return Some(Display::None);
    }
    // Of two words, such as `inline flow-root`, the first tells how it stands in the flow.
    value.split_ascii_whitespace().find_map(|word| match word {
        "inline" | "inline-block" | "inline-flex" | "inline-grid" | "inline-table" | "contents"
        | "ruby" => Some(Display::Inline),
        "table-cell" => Some(Display::Cell),
        "block" | "flow" | "flex" | "grid" | "list-item" | "table" | "flow-root" | "table-row"
        | "table-row-group" | "table-header-group" | "table-footer-group" | "table-caption"
        | "-webkit-box" | "-webkit-flex" | "-ms-flexbox" => Some(Display::Block),
        _ => None,
    })
}

fn visibility(value: &str) -> Option<bool> {
    match value {
        "visible" => Some(true),
        "hidden" | "collapse" => Some(false),
        _ => None,
    }
}

fn white_space(value: &str) -> Option<WhiteSpace> {
    value.split_ascii_whitespace().find_map(|part| {
        Some(match part {
            "normal" | "nowrap" | "collapse" => WhiteSpace::Collapse,
            "pre-line" | "preserve-breaks" => WhiteSpace::Lines,
            "pre" | "pre-wrap" | "preserve" | "break-spaces" | "-moz-pre-wrap" | "-o-pre-wrap" => {
                WhiteSpace::Preserve
            }
            _ => return None,
        })
    })
}

fn weight(value: &str) -> Option<bool> {
    match value {
        "bold" | "bolder" => Some(true),
        "normal" | "lighter" => Some(false),
        number => number.parse::<f32>().ok().map(|n| n >= 600.0),
    }
}

fn font_style(value: &str) -> Option<bool> {
    match value.split_ascii_whitespace().next()? {
        "italic" | "oblique" => Some(true),
        "normal" => Some(false),
        _ => None,
    }
}

fn shift(value: &str) -> Option<Option<Shift>> {
    match value {
        "sub" => Some(Some(Shift::Sub)),
        "super" => Some(Some(Shift::Sup)),
        "baseline" => Some(None),
        _ => None,
    }
}

/// An alignment by its CSS keyword or the old `align` attribute's.
pub(super) fn text_align(value: &str) -> Option<TextAlign> {
    Some(match value {
        "center" | "middle" | "-webkit-center" | "-moz-center" => TextAlign::Other(Align::Center),
        "right" | "end" | "-webkit-right" => TextAlign::Other(Align::End),
        "left" | "start" | "justify" | "-webkit-left" => TextAlign::Start,
        _ => return None,
    })
}

fn word_list(value: &str) -> Option<WordList> {
    if value == "ignore" {
        return Some(WordList::Marker);
    }
    let level = value
        .split_ascii_whitespace()
        .find_map(|part| part.strip_prefix("level"))?;
    level.parse().ok().filter(|n| *n > 0).map(WordList::Item)
}
