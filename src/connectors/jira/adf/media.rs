//! Images: those at web addresses, those inside the HTML, and emoji drawn as images.

use base64::Engine;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use super::InlineAttachment;
use super::build::Builder;
use super::css::WhiteSpace;
use super::dom::Element;
use super::loss::Kind;
use super::tree::{Block, Media, Style};

impl Builder<'_> {
    pub(super) fn image(&mut self, element: &Element) {
        let alt = element.attr("alt").unwrap_or("").trim();
        let source = source(element);
        if is_emoji(element, alt) {
            return self.line.push(alt, WhiteSpace::Collapse, &Style::PLAIN);
        }
        let tiny = |name| matches!(element.attr(name), Some("0" | "1" | "0px" | "1px"));
        // Google Docs draws the box of a checklist's item as an image.
        let is_box = element.attr("aria-roledescription") == Some("checkbox");
        if is_box || (tiny("width") && tiny("height")) {
            return;
        }
        if source
            .get(..5)
            .is_some_and(|s| s.eq_ignore_ascii_case("data:"))
        {
            return self.embedded_image(source, alt);
        }
        let Some(url) = self.links.image(source) else {
            let excerpt = if alt.is_empty() { source } else { alt };
            let excerpt: String = excerpt.chars().take(200).collect();
            return self.losses.push(Kind::ImageAddress.at(excerpt));
        };
        let media = Media {
            url,
            alt: (!alt.is_empty()).then(|| alt.to_owned()),
            link: self.context().link.clone(),
        };
        if self.code.is_none() && self.line.is_blank() {
            self.place(Block::Media(media));
        } else {
            let excerpt = media.alt.clone().unwrap_or_else(|| media.url.clone());
            self.losses.push(Kind::ImageInLine.at(excerpt));
            self.line.images.push(media);
        }
    }

    fn embedded_image(&mut self, source: &str, alt: &str) {
        let Some((media_type, content)) = decode(source) else {
            return self.losses.push(Kind::ImageAddress.at(alt));
        };
        let number = self.attachments.len() + 1;
        let file_name = format!("image-{number}.{}", extension(&media_type));
        let excerpt = if alt.is_empty() {
            file_name.clone()
        } else {
            format!("{file_name}: {alt}")
        };
        if self.name_pictures {
            let name: String = excerpt.chars().take(200).collect();
            self.say(&format!("[{name}]"));
        }
        self.losses.push(Kind::EmbeddedImage.at(excerpt));
        self.attachments.push(InlineAttachment {
            file_name,
            media_type,
            content,
        });
    }
}

/// The address; pages that load images late keep the real one aside.
fn source(element: &Element) -> &str {
    let given = element.attr("src").unwrap_or("").trim();
    let late = || {
        ["data-src", "data-original", "data-canonical-src"]
            .iter()
            .find_map(|name| element.attr(name))
    };
    // The first of those for several sizes of screen.
    let sized = || {
        ["srcset", "data-srcset"]
            .iter()
            .find_map(|name| element.attr(name)?.split_ascii_whitespace().next())
            .map(|address| address.trim_end_matches(','))
    };
    if given.is_empty() || given.starts_with("data:image/gif;base64,R0lGOD") {
        late().or_else(sized).unwrap_or(given)
    } else {
        given
    }
}

fn is_emoji(element: &Element, alt: &str) -> bool {
    let marked = element
        .classes()
        .any(|c| c.contains("emoji") || c.contains("emoticon"))
        // Gmail's and Teams'.
        || element.attr("data-emoji").is_some()
        || element.attr("itemtype").is_some_and(|kind| kind.ends_with("/Emoji"));
    // The key of a number is that number with signs that make a picture of it.
    let is_sign = |c: char| !c.is_ascii() || c.is_ascii_digit() || matches!(c, '#' | '*');
    marked && !alt.is_ascii() && alt.chars().all(is_sign)
}

/// The media type and the bytes of a `data:` address.
fn decode(address: &str) -> Option<(String, Vec<u8>)> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let (head, data) = address.get(5..)?.split_once(',')?;
    let media_type = head
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase();
    if !media_type.starts_with("image/") {
        return None;
    }
    let bytes = unescape(data);
    let is_base64 = head
        .rsplit(';')
        .next()
        .is_some_and(|p| p.trim().eq_ignore_ascii_case("base64"));
    if !is_base64 {
        return Some((media_type, bytes));
    }
    let packed: Vec<u8> = bytes
        .into_iter()
        .filter(|b| !b.is_ascii_whitespace())
        .collect();
    LENIENT
        .decode(packed)
        .ok()
        .map(|content| (media_type, content))
}

/// Undoes percent-encoding.
fn unescape(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    out
}

fn extension(media_type: &str) -> &str {
    match media_type.strip_prefix("image/").unwrap_or("") {
        "jpeg" | "pjpeg" => "jpg",
        "svg+xml" => "svg",
        "x-icon" | "vnd.microsoft.icon" => "ico",
        "tiff" => "tif",
        name if !name.is_empty()
            && name.len() < 8
            && name.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            name
        }
        _ => "bin",
    }
}
