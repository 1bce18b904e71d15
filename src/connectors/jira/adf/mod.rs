//! HTML to ADF, Jira's document format: losing nothing silently.
//!
//! html5ever parses ([`parse`] into [`dom`]), a walk without recursion builds a typed tree in which no invalid document
//! can be written down ([`build`], [`place`], [`tree`]), and [`render`] writes it as JSON. Only what every generation of
//! the ADF schema allows is used. Inline `style`s count, style sheets do not.
//!
//! | HTML or CSS | ADF | noted as a loss |
//! | --- | --- | --- |
//! | `p`, `div`, `section` and other blocks; `display: block` | paragraph | |
//! | `h1`–`h6`, `role=heading` | heading | in items, quotes, tasks: a bold paragraph |
//! | `float`, `position` of what is in a line | white space around it | |
//! | `br`; line ends under `white-space: pre…` | hardBreak | |
//! | `ul`, `menu`, `dir`; Word's and Quill's paragraphs with a list level | bulletList | in tasks: lines |
//! | `ol`, `start`, `value` | orderedList with order; a jump begins another list | numbers below 1, `reversed`, letters, Roman numbers, no numbers |
//! | items with a checkbox; marks of GitHub, TipTap, Quill, TinyMCE, Atlassian, Google Docs, Notion | taskList, taskItem | blocks in a task: lines; in items: state dropped |
//! | `table`, `th`, `td`, `colspan`, `rowspan` | table; spans end with the grid | cell colours; in items and cells: a paragraph a row; `role=presentation`: cells as blocks |
//! | `caption` | paragraph above the table | always |
//! | `pre`, `listing`, `xmp`, `plaintext` | codeBlock with its language | formatting, links, structure in it |
//! | `blockquote` | blockquote of paragraphs | other blocks stand between its parts; in items: paragraphs |
//! | `aside`, GitHub alerts, Confluence panels, Bootstrap alerts, admonitions | panel | other blocks than text, headings, lists stand between its parts |
//! | `details`, `summary` | bold paragraph (a title could hold neither links nor marks), then expand | not at the top level: kept open |
//! | `dl`, `dt`, `dd` | bold paragraphs and paragraphs | always |
//! | `hr` | rule | in items and tasks: dropped |
//! | `img` at a web address, with `alt` and link | mediaSingle, external | in a line of text, or where none may stand: moved below |
//! | `img` with a `data:` address | attachment; its name in the text, where that is asked for | always |
//! | other `img` | dropped; a picture of an emoji becomes the emoji | relative without a base, `cid:` and the like |
//! | `strong`, `b`, `font-weight` | strong | on code |
//! | `em`, `i`, `cite`, `dfn`, `var`, `font-style` | em | on code |
//! | `s`, `del`, `strike`; `u`, `ins`; `text-decoration` | strike; underline | on code |
//! | `sub`, `sup`, `vertical-align` | subsup | one in the other |
//! | `code`, `kbd`, `samp`, `tt` | code | other marks on it |
//! | `color`, `font color` other than black | textColor | on links, on code, unreadable |
//! | `mark`, `background` | text only | always |
//! | `text-align`, `align`, `center` | alignment of paragraphs and headings | not at the top level or in a cell |
//! | `a href` | link, resolved against the base | relative without a base; `javascript:`, `data:` and other kinds |
//! | `q` | text only | its quotation marks |
//! | `svg`, `math` | their text | the drawing; fractions, powers and the like |
//! | `ruby` | text, the reading after it | always |
//! | `iframe`, `video`, `audio`, `canvas`, `embed`, `progress`, `meter` | dropped | always |
//! | `object` | what it holds for those who cannot see it | always |
//! | `input` | dropped; `textarea`, `button`, `option` keep their text | values, boxes outside items, chosen radio buttons |
//! | `script`, `style`, `template`, `noscript`, `head`, comments, `hidden`, `popover`, `display: none`, `visibility: hidden` | dropped: never seen | never |
//! | fonts, sizes, margins, borders | dropped | never |
//! | no tag at all | paragraphs and hardBreaks as the lines are | |
//! | `<ada@example.com>`, `<https://…>`; `a<b`, `<file>` where nothing is a tag | text | |
//! | nesting beyond 20 lists | flattened | once |
//! | control characters | removed | once |
//! | text beyond the limit | cut at the end of a block or of a part of it | once |

mod attributes;
mod begin;
mod brackets;
mod build;
mod callout;
mod code;
mod colour;
mod colour_names;
mod context;
mod css;
mod dom;
mod element;
mod excerpt;
mod fit;
mod frame;
mod items;
mod limit;
mod line;
mod link;
mod list;
mod loss;
mod media;
mod parse;
mod place;
mod plain;
mod render;
mod table;
mod tag;
mod tree;
mod word;

use serde::Serialize;
use serde_json::Value;
use url::Url;

pub use brackets::as_text;
pub use loss::Loss;

/// The text that fits into an issue's description. Jira refuses more than 32,767 with `CONTENT_LIMIT_EXCEEDED`.
pub const TEXT_LIMIT: usize = 32_000;

/// What the converter needs to know beside the HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The address that relative links and images are resolved against. Without one, such links are dropped
    /// and noted. The document's own `<base href>` comes first.
    pub base_url: Option<Url>,
    /// The longest text, in UTF-16 code units as Jira counts, with one for the end of each block.
    pub text_limit: usize,
    /// Whether the name of the file that a picture inside the HTML becomes stands where the picture stood. For whoever attaches it:
    /// Jira shows a picture in a text only by an id of its media service, which no call for an issue's files gives, and a text that
    /// names the file from the first moment needs no second edit of an issue that people may be at work on by then.
    pub name_pictures: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            base_url: None,
            text_limit: TEXT_LIMIT,
            name_pictures: false,
        }
    }
}

/// An image that was part of the HTML, to be attached to the issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineAttachment {
    /// A name that differs from the others of the document.
    pub file_name: String,
    /// The media type as the HTML has it, lower case, such as `image/png`.
    pub media_type: String,
    /// The decoded bytes.
    pub content: Vec<u8>,
}

/// A converted document.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conversion {
    /// The ADF document, valid in every generation of the format's schema.
    pub adf: Value,
    /// What was changed or dropped, in the order of the text; empty if the text arrived whole.
    pub losses: Vec<Loss>,
    /// Images that were part of the HTML.
    #[serde(skip)]
    pub attachments: Vec<InlineAttachment>,
    /// Whether the text was too long and was cut.
    pub truncated: bool,
}

/// Converts HTML, a whole document or a fragment, or plain text.
pub fn convert(html: &str) -> Conversion {
    convert_with(html, &Options::default())
}

/// Converts with a base address or a text limit of one's own.
pub fn convert_with(html: &str, options: &Options) -> Conversion {
    let dom = parse::parse(&brackets::as_text(html));
    let built = if brackets::has_markup(html) {
        build::build(&dom, options)
    } else {
        plain::build(&dom)
    };
    let (blocks, truncated) = limit::cut(built.blocks, options.text_limit);
    let mut losses = built.losses;
    if truncated {
        losses.push(loss::Kind::TooLong.at(""));
    }
    Conversion {
        adf: render::document(blocks),
        losses,
        attachments: built.attachments,
        truncated,
    }
}
