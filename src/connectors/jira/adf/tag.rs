//! What an element's name alone says of how a browser shows it.

use html5ever::{LocalName, QualName, local_name, ns};

use super::tree::Level;

/// The part an element plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// Text flows through it.
    Inline,
    /// It begins and ends a line.
    Block,
    /// A browser shows nothing of it.
    Hidden,
    /// Shown, but not as text: frames, video, audio, canvas, gauges.
    Embedded,
    Aside,
    Bold,
    Break,
    Caption,
    Cell {
        header: bool,
    },
    Center,
    Code,
    Definition,
    DefinitionList,
    Details,
    Dialog,
    Font,
    /// A part of a formula that is drawn other than in a line.
    Formula,
    Heading(Level),
    Highlight,
    Image,
    Input,
    Italic,
    Item,
    Link,
    Object,
    List {
        ordered: bool,
    },
    Paragraph,
    Preformatted,
    Quotation,
    Quote,
    Row,
    Ruby,
    Rule,
    Strike,
    Sub,
    Summary,
    Sup,
    Table,
    Term,
    TextArea,
    Underline,
    Vector,
}

/// Classifies an element.
pub(super) fn classify(name: &QualName) -> Tag {
    match name.ns {
        ns!(html) => html(&name.local),
        ns!(svg) => svg(&name.local),
        _ => math(&name.local),
    }
}

fn html(name: &LocalName) -> Tag {
    match *name {
        local_name!("p") => Tag::Paragraph,
        local_name!("a") => Tag::Link,
        local_name!("br") => Tag::Break,
        local_name!("hr") => Tag::Rule,
        local_name!("img") => Tag::Image,
        local_name!("ul") | local_name!("menu") | local_name!("dir") => {
            Tag::List { ordered: false }
        }
        local_name!("ol") => Tag::List { ordered: true },
        local_name!("li") => Tag::Item,
        local_name!("table") => Tag::Table,
        local_name!("tr") => Tag::Row,
        local_name!("td") => Tag::Cell { header: false },
        local_name!("th") => Tag::Cell { header: true },
        local_name!("caption") => Tag::Caption,
        local_name!("blockquote") => Tag::Quote,
        local_name!("aside") => Tag::Aside,
        local_name!("center") => Tag::Center,
        local_name!("details") => Tag::Details,
        local_name!("summary") => Tag::Summary,
        local_name!("dialog") => Tag::Dialog,
        local_name!("dl") => Tag::DefinitionList,
        local_name!("dt") => Tag::Term,
        local_name!("dd") => Tag::Definition,
        local_name!("pre")
        | local_name!("listing")
        | local_name!("xmp")
        | local_name!("plaintext") => Tag::Preformatted,
        local_name!("textarea") => Tag::TextArea,
        local_name!("input") => Tag::Input,
        _ => heading(name)
            .or_else(|| phrase(name))
            .unwrap_or_else(|| structure(name)),
    }
}

fn heading(name: &LocalName) -> Option<Tag> {
    Some(Tag::Heading(match *name {
        local_name!("h1") => Level::One,
        local_name!("h2") => Level::Two,
        local_name!("h3") => Level::Three,
        local_name!("h4") => Level::Four,
        local_name!("h5") => Level::Five,
        local_name!("h6") => Level::Six,
        _ => return None,
    }))
}

fn phrase(name: &LocalName) -> Option<Tag> {
    Some(match *name {
        local_name!("span") | local_name!("label") | local_name!("button") => Tag::Inline,
        local_name!("strong") | local_name!("b") => Tag::Bold,
        local_name!("em")
        | local_name!("i")
        | local_name!("cite")
        | local_name!("dfn")
        | local_name!("var") => Tag::Italic,
        local_name!("code") | local_name!("kbd") | local_name!("samp") | local_name!("tt") => {
            Tag::Code
        }
        local_name!("del") | local_name!("s") | local_name!("strike") => Tag::Strike,
        local_name!("ins") | local_name!("u") => Tag::Underline,
        local_name!("sub") => Tag::Sub,
        local_name!("sup") => Tag::Sup,
        local_name!("mark") => Tag::Highlight,
        local_name!("font") => Tag::Font,
        local_name!("q") => Tag::Quotation,
        local_name!("object") => Tag::Object,
        local_name!("ruby") => Tag::Ruby,
        _ => return None,
    })
}

fn structure(name: &LocalName) -> Tag {
    match *name {
        local_name!("address")
        | local_name!("article")
        | local_name!("body")
        | local_name!("colgroup")
        | local_name!("div")
        | local_name!("fieldset")
        | local_name!("figcaption")
        | local_name!("figure")
        | local_name!("footer")
        | local_name!("form")
        | local_name!("header")
        | local_name!("hgroup")
        | local_name!("html")
        | local_name!("legend")
        | local_name!("main")
        | local_name!("nav")
        | local_name!("optgroup")
        | local_name!("option")
        | local_name!("section")
        | local_name!("tbody")
        | local_name!("tfoot")
        | local_name!("thead")
        // Stands for an element left out because it nests too deep.
        | local_name!("track") => Tag::Block,
        local_name!("area")
        | local_name!("base")
        | local_name!("basefont")
        | local_name!("col")
        | local_name!("datalist")
        | local_name!("frame")
        | local_name!("frameset")
        | local_name!("head")
        | local_name!("link")
        | local_name!("meta")
        | local_name!("noembed")
        | local_name!("noframes")
        | local_name!("noscript")
        | local_name!("param")
        | local_name!("rp")
        | local_name!("script")
        | local_name!("source")
        | local_name!("style")
        | local_name!("template")
        | local_name!("title") => Tag::Hidden,
        local_name!("audio")
        | local_name!("canvas")
        | local_name!("embed")
        | local_name!("iframe")
        | local_name!("meter")
        | local_name!("progress")
        | local_name!("video") => Tag::Embedded,
        _ if matches!(&**name, "search") => Tag::Block,
        _ => Tag::Inline,
    }
}

fn svg(name: &LocalName) -> Tag {
    match &**name {
        "svg" => Tag::Vector,
        "text" | "foreignObject" => Tag::Block,
        "clipPath" | "defs" | "desc" | "linearGradient" | "marker" | "mask" | "metadata"
        | "pattern" | "radialGradient" | "script" | "style" | "symbol" | "title" => Tag::Hidden,
        _ => Tag::Inline,
    }
}

fn math(name: &LocalName) -> Tag {
    match &**name {
        "annotation" | "annotation-xml" => Tag::Hidden,
        "mtr" | "mlabeledtr" | "mtable" => Tag::Block,
        "mfrac" | "mroot" | "msqrt" | "msub" | "msup" | "msubsup" | "munder" | "mover"
        | "munderover" | "mmultiscripts" | "menclose" => Tag::Formula,
        _ => Tag::Inline,
    }
}
