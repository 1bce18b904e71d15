//! What the converter changed or dropped, told so that a person can put it right.

use std::borrow::Cow;

use serde::Serialize;

/// One thing that Jira's format cannot hold as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// What was changed: an element, attribute or style, such as `table` or `style: background-color`.
    pub node: Cow<'static, str>,
    /// What became of it, and why.
    pub reason: Cow<'static, str>,
    /// What a person can do about it.
    pub suggested_fix: Cow<'static, str>,
    /// The first words of the text concerned, or an address; may be empty.
    pub excerpt: String,
}

/// The kinds of loss, each with its explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    AlignmentInside,
    Background,
    CellStyle,
    Caption,
    CodeFormatting,
    CodeLink,
    CodeStructure,
    ColourOnLink,
    Colour,
    Control,
    DefinitionList,
    DetailsInside,
    Embedded,
    EmbeddedImage,
    FieldValue,
    Formula,
    HeadingInside,
    ImageAddress,
    ImageInLine,
    ImageInside,
    InlineCode,
    LinkAddress,
    LinkRelative,
    LinkUnsafe,
    ListInside,
    ListStart,
    ListStyle,
    NestedTable,
    OutsideHolder,
    PanelInside,
    PresentationTable,
    Quotation,
    QuoteInside,
    Ruby,
    RuleInside,
    SubAndSup,
    TaskBlocks,
    TaskInside,
    TaskState,
    TooDeep,
    TooLong,
    VectorImage,
}

impl Kind {
    /// The node, the reason and the suggested fix.
    fn explain(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::AlignmentInside => (
                "style: text-align",
                "only paragraphs and headings at the top level or in a table cell can be aligned",
                "move the text out of its list, quote, panel or expand if its alignment matters",
            ),
            Self::Background => (
                "style: background-color",
                "not every Jira has a background colour for text; the text was kept without it",
                "set it bold or coloured where the highlight matters",
            ),
            Self::CellStyle => (
                "table cell",
                "the cell's background colour was dropped",
                "set the cell's colour in Jira",
            ),
            Self::Caption => (
                "caption",
                "tables have no caption; it became a paragraph above the table",
                "check that the paragraph reads well",
            ),
            Self::CodeFormatting => (
                "pre",
                "a code block holds plain text; its formatting was dropped",
                "put what must stand out into a paragraph",
            ),
            Self::CodeLink => (
                "a",
                "a code block holds plain text; the link's text was kept without its address",
                "repeat the link in a paragraph",
            ),
            Self::CodeStructure => (
                "pre",
                "a code block holds plain text; lists, tables, headings or quotes in it became lines",
                "check the lines",
            ),
            Self::ColourOnLink => (
                "style: color",
                "a link cannot have a colour of its own",
                "colour the words around the link",
            ),
            Self::Colour => (
                "style: color",
                "the colour could not be read; the text was kept without it",
                "set the colour in Jira",
            ),
            Self::Control => (
                "text",
                "control characters were removed",
                "nothing, unless they had a meaning",
            ),
            Self::DefinitionList => (
                "dl",
                "there are no definition lists; terms became bold paragraphs and definitions paragraphs",
                "check that terms and definitions read well",
            ),
            Self::DetailsInside => (
                "details",
                "only the top level can hold an expand; its content was kept open",
                "move it out of the list, table, quote, panel or expand it is in",
            ),
            Self::Embedded => (
                "embedded content",
                "frames, video, audio, canvas, gauges and plug-ins cannot be shown",
                "add a link to it, or attach it",
            ),
            Self::EmbeddedImage => (
                "img",
                "an image inside the HTML cannot be shown in the text; it became an attachment",
                "insert the attachment where it belongs",
            ),
            Self::FieldValue => (
                "input",
                "the value of a form field was dropped",
                "write it as text",
            ),
            Self::Formula => (
                "math",
                "a formula cannot be drawn; its text was kept in a line",
                "write the formula so that it reads well in a line, or attach it as an image",
            ),
            Self::HeadingInside => (
                "heading",
                "a heading cannot stand here; it became a bold paragraph",
                "move it out of the list, quote or task it is in",
            ),
            Self::ImageAddress => (
                "img",
                "an image needs an http or https address; it was dropped",
                "attach the image and insert it",
            ),
            Self::ImageInLine => (
                "img",
                "an image cannot stand in a line of text; it was moved below",
                "check that the text reads well without it",
            ),
            Self::ImageInside => (
                "img",
                "an image cannot stand here; it was moved below",
                "move it where it belongs",
            ),
            Self::InlineCode => (
                "code",
                "inline code can be a link and nothing else; its other formatting was dropped",
                "format the words around it",
            ),
            Self::LinkAddress => (
                "a",
                "the link's address could not be read; its text was kept",
                "add the link by hand",
            ),
            Self::LinkRelative => (
                "a",
                "the link's address is relative and its base is not known; its text was kept",
                "add the link with its full address",
            ),
            Self::LinkUnsafe => (
                "a",
                "addresses of this kind are not allowed; the link's text was kept",
                "add the link with a web address",
            ),
            Self::ListInside => (
                "list",
                "a list cannot stand here; its items became lines",
                "move the list to where lists are allowed",
            ),
            Self::ListStart => (
                "ol",
                "the list's numbers cannot be kept: numbers begin at 1 or higher and go up",
                "write the numbers as text",
            ),
            Self::ListStyle => (
                "ol",
                "numbered lists have decimal numbers only",
                "write letters or Roman numbers as text if they matter; make it a bullet list if it had none",
            ),
            Self::NestedTable => (
                "table",
                "a table cannot stand here; its rows became paragraphs",
                "move the table to the top level",
            ),
            Self::OutsideHolder => (
                "block",
                "its quote, panel or expand cannot hold it; it was put between the parts before and after",
                "check that it is clear where it belongs",
            ),
            Self::PanelInside => (
                "panel",
                "a panel cannot stand here; its content was kept without its frame",
                "move it out of what it is in",
            ),
            Self::PresentationTable => (
                "table",
                "the table is marked as layout only; its cells became paragraphs",
                "check the order of the paragraphs",
            ),
            Self::Quotation => (
                "q",
                "the quotation marks a browser draws are not part of the text",
                "add quotation marks",
            ),
            Self::QuoteInside => (
                "blockquote",
                "a quote cannot stand here; its text was kept without it",
                "mark the quoted text in words",
            ),
            Self::Ruby => (
                "ruby",
                "a reading cannot stand above its word; it was put after it",
                "put the reading in brackets",
            ),
            Self::RuleInside => (
                "hr",
                "a dividing line cannot stand here; it was dropped",
                "use separate paragraphs or items",
            ),
            Self::SubAndSup => (
                "sub, sup",
                "text is raised or lowered, not both; the inner was kept",
                "check the formula",
            ),
            Self::TaskBlocks => (
                "task",
                "a task holds one line of text; blocks in it became lines",
                "check the task's text",
            ),
            Self::TaskInside => (
                "task",
                "tasks cannot stand here; they became list items without their state",
                "move the tasks out of the list, quote or panel",
            ),
            Self::TaskState => (
                "input",
                "a checkbox outside a list item has no counterpart",
                "write its state as text",
            ),
            Self::TooDeep => (
                "nesting",
                "the text nests too deep; the inner levels were flattened",
                "split the text",
            ),
            Self::TooLong => (
                "document",
                "the text is longer than Jira accepts; it was cut at a block's end",
                "attach the full text as a file",
            ),
            Self::VectorImage => (
                "svg",
                "a drawing inside the HTML cannot be shown; only its text was kept",
                "attach the drawing as an image",
            ),
        }
    }

    pub(super) fn at(self, excerpt: impl Into<String>) -> Loss {
        let (node, reason, suggested_fix) = self.explain();
        Loss {
            node: node.into(),
            reason: reason.into(),
            suggested_fix: suggested_fix.into(),
            excerpt: excerpt.into(),
        }
    }
}
