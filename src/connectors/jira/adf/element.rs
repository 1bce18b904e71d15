//! What an element's name, attributes and inline style say together.

use html5ever::{LocalName, local_name, ns};

use super::colour::{self, Colour, Rgb};
use super::context::Context;
use super::css::{self, Declared, Display, TextAlign, WhiteSpace};
use super::dom::Element;
use super::loss::Kind;
use super::tag::{self, Tag};
use super::tree::{Align, Level, Look, Shift};

/// The part an element plays.
pub(super) fn tag(element: &Element) -> Tag {
    match tag::classify(&element.name) {
        // Quill's code blocks are divisions.
        Tag::Block if element.has_class("ql-code-block-container") => Tag::Preformatted,
        // So are the task lists of Atlassian's editor.
        Tag::Block if element.attr("data-node-type") == Some("actionList") => {
            Tag::List { ordered: false }
        }
        Tag::Block if element.attr("data-task-state").is_some() => Tag::Item,
        // Word on the web has no heading elements.
        tag @ (Tag::Block | Tag::Paragraph) if element.attr("role") == Some("heading") => {
            Level::new(element.attr("aria-level").unwrap_or("2")).map_or(tag, Tag::Heading)
        }
        tag => tag,
    }
}

/// Whether a browser shows nothing of the element and all it holds.
pub(super) fn is_hidden(element: &Element, tag: Tag, declared: &Declared) -> bool {
    if tag == Tag::Hidden || declared.display == Some(Display::None) {
        return true;
    }
    if element.name.ns != ns!(html) {
        return false;
    }
    let hidden = element
        .attr("hidden")
        .is_some_and(|value| !value.eq_ignore_ascii_case("until-found"))
        || element.attr("popover").is_some();
    // An author's `display` overrules the attributes, as they only stand for rules of the browser's own sheet.
    (hidden && declared.display.is_none()) || (tag == Tag::Dialog && element.attr("open").is_none())
}

/// Whether the element holds nothing that is shown as text.
pub(super) fn is_void(tag: Tag) -> bool {
    matches!(
        tag,
        Tag::Break | Tag::Rule | Tag::Image | Tag::Input | Tag::Embedded
    )
}

/// How the element stands in the flow of text.
pub(super) fn flow(element: &Element, tag: Tag, declared: &Declared) -> Display {
    let natural = match tag {
        Tag::Inline
        | Tag::Bold
        | Tag::Code
        | Tag::Font
        | Tag::Formula
        | Tag::Highlight
        | Tag::Italic
        | Tag::Link
        | Tag::Object
        | Tag::Quotation
        | Tag::Ruby
        | Tag::Strike
        | Tag::Sub
        | Tag::Sup
        | Tag::TextArea
        | Tag::Underline
        | Tag::Vector => Display::Inline,
        _ => Display::Block,
    };
    match tag {
        Tag::Inline if element.name.ns == ns!(mathml) && &*element.name.local == "mtd" => {
            Display::Cell
        }
        Tag::Block | Tag::Paragraph | Tag::Center => declared.display.unwrap_or(natural),
        _ if natural == Display::Inline => declared.display.unwrap_or(natural),
        _ => natural,
    }
}

/// Changes what the element hands down. Gives back what that loses.
pub(super) fn inherit(
    context: &mut Context,
    element: &Element,
    tag: Tag,
    declared: &Declared,
) -> Vec<Kind> {
    let mut losses = Vec::new();
    let outer = (context.look, context.colour);
    named_look(context, tag);
    declared_look(&mut context.look, outer.0, declared);
    if let Some(visible) = declared.visible {
        context.visible = visible;
    }
    if let Some(level) = heading(tag) {
        context.heading = Some(level);
    }
    context.white_space = declared.white_space.unwrap_or(match tag {
        Tag::TextArea | Tag::Preformatted => WhiteSpace::Preserve,
        Tag::Table => WhiteSpace::Collapse,
        _ if element.attr("nowrap").is_some() => WhiteSpace::Collapse,
        _ => context.white_space,
    });
    // The old attribute may leave the `#` out.
    let old = |name: &str| colour::parse(name).or_else(|| colour::parse(&format!("#{name}")));
    let font = || element.attr("color").map(old);
    match declared
        .colour
        .or_else(|| (tag == Tag::Font).then(font).flatten())
    {
        None => {}
        Some(None) => losses.push(Kind::Colour),
        Some(Some(Colour::Usual | Colour::Rgb(Rgb::BLACK))) => context.colour = None,
        Some(Some(Colour::Rgb(rgb))) => context.colour = Some(rgb),
    }
    let page = matches!(
        element.name.local,
        local_name!("html") | local_name!("body")
    );
    if is_cell(tag) && (declared.background || element.attr("bgcolor").is_some()) {
        losses.push(Kind::CellStyle);
    } else if (declared.background && !page) || tag == Tag::Highlight {
        losses.push(Kind::Background);
    }
    let changed = outer != (context.look, context.colour);
    if context.code && context.is_formatted() && (changed || tag == Tag::Code) {
        losses.push(Kind::InlineCode);
    } else if context.link.is_some() && context.colour != outer.1 && !is_link_colour(context.colour)
    {
        losses.push(Kind::ColourOnLink);
    }
    if matches!((outer.0.shift, context.look.shift), (Some(a), Some(b)) if a != b) {
        losses.push(Kind::SubAndSup);
    }
    losses
}

/// The blues that browsers, Google Docs and Word give to every link.
fn is_link_colour(colour: Option<Rgb>) -> bool {
    const USUAL: [[u8; 3]; 5] = [
        [0, 0, 0xee],
        [0, 0, 0xff],
        [0x11, 0x55, 0xcc],
        [0x05, 0x63, 0xc1],
        [0x46, 0x78, 0x86],
    ];
    colour.is_none_or(|rgb| USUAL.contains(&rgb.0))
}

fn is_cell(tag: Tag) -> bool {
    matches!(tag, Tag::Cell { .. })
}

fn heading(tag: Tag) -> Option<Level> {
    match tag {
        Tag::Heading(level) => Some(level),
        _ => None,
    }
}

fn named_look(context: &mut Context, tag: Tag) {
    let look = &mut context.look;
    match tag {
        Tag::Bold => look.strong = true,
        Tag::Term | Tag::Summary => {
            context.bold_by_rule |= !look.strong;
            look.strong = true;
        }
        Tag::Italic => look.em = true,
        Tag::Strike => look.strike = true,
        Tag::Underline => look.underline = true,
        Tag::Sub => look.shift = Some(Shift::Sub),
        Tag::Sup => look.shift = Some(Shift::Sup),
        Tag::Code => context.code = true,
        _ => {}
    }
}

fn declared_look(look: &mut Look, outer: Look, declared: &Declared) {
    look.strong = declared.strong.unwrap_or(look.strong);
    look.em = declared.em.unwrap_or(look.em);
    // A decoration stays on all that is within; `none` takes back the element's own alone.
    look.underline = outer.underline || declared.underline.unwrap_or(look.underline);
    look.strike = outer.strike || declared.strike.unwrap_or(look.strike);
    look.shift = declared.shift.unwrap_or(look.shift);
}

/// The alignment of the old `align` attribute, of `<center>` and of the classes editors and sites use.
pub(super) fn old_align(element: &Element, tag: Tag) -> Option<TextAlign> {
    if tag == Tag::Center {
        return Some(TextAlign::Other(Align::Center));
    }
    // A table's attribute places the table, not its text.
    if tag == Tag::Table {
        return Some(TextAlign::Start);
    }
    let by_class = || {
        const PREFIXES: [&str; 4] = ["ql-align-", "has-text-align-", "text-", "align"];
        element.classes().find_map(|class| {
            let name = PREFIXES
                .iter()
                .find_map(|prefix| class.strip_prefix(prefix))?;
            css::text_align(name)
        })
    };
    match element.attr("align") {
        Some(align) => css::text_align(&align.to_ascii_lowercase()),
        None => by_class(),
    }
}

/// Whether the name is one of the two that may carry a code block's text.
pub(super) fn is_code_name(name: &LocalName) -> bool {
    matches!(*name, local_name!("code") | local_name!("samp"))
}
