//! Properties over generated input: whatever comes in, a valid document comes out, the same each time, with all its words.

use docket::connectors::jira::adf::{Options, convert, convert_with};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::Value;

use super::{official, words};

const TAGS: &[&str] = &[
    "a",
    "article",
    "aside",
    "b",
    "blockquote",
    "body",
    "button",
    "caption",
    "center",
    "code",
    "col",
    "dd",
    "del",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "em",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "form",
    "h1",
    "h2",
    "h4",
    "h6",
    "head",
    "header",
    "hr",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "legend",
    "li",
    "listing",
    "main",
    "mark",
    "menu",
    "nav",
    "noscript",
    "object",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "script",
    "section",
    "small",
    "span",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "table",
    "td",
    "template",
    "textarea",
    "th",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "wbr",
    "xmp",
    "br",
];

/// Elements that the parsers of the converter and of the tests read by rules of different years, or in which styles
/// are not read alike. They take part where only validity counts.
const DISPUTED_TAGS: &[&str] = &[
    "select",
    "option",
    "optgroup",
    "svg",
    "text",
    "foreignObject",
    "title",
    "math",
    "mi",
    "mtext",
    "mtd",
    "annotation-xml",
    "frameset",
    "frame",
    "html",
    "plaintext",
    "search",
    "menuitem",
    "nobr",
    "marquee",
    "tbody",
    "tfoot",
    "thead",
];

const ATTRIBUTES: &[&str] = &[
    "",
    "",
    "",
    "",
    " hidden",
    " style='display:none'",
    " style='display:block'",
    " style='visibility:hidden'",
    " style='white-space:pre'",
    " style='white-space:pre-line'",
    " style='color:red;font-weight:bold'",
    " style='background:yellow'",
    " style='text-align:center'",
    " style='text-decoration:underline line-through'",
    " style='vertical-align:super'",
    " style='mso-list:l0 level3 lfo1'",
    " colspan=3",
    " rowspan=2",
    " rowspan=0",
    " start=0",
    " start=7",
    " value=4",
    " type=checkbox checked",
    " href='https://e.com/'",
    " href='javascript:x'",
    " href='https:e.com'",
    " href='/r'",
    " class='task-list-item'",
    " class='markdown-alert markdown-alert-tip'",
    " class='language-rust'",
    " align=right",
    " data-checked=true",
    " data-list=bullet class=ql-indent-3",
    " data-list=checked",
    " src='data:image/png;base64,AA'",
    " src='https://e.com/i.png' alt=i",
    " role=presentation",
    " open",
    " color=blue",
    " data-panel-type=note",
];

const TEXTS: &[&str] = &[
    "word",
    " ",
    "\n",
    "two words",
    "  ",
    "\u{a0}",
    "x",
    "&amp;",
    "&lt;b&gt;",
    "\n\n",
    "1.",
    "é",
    "😀",
    "<!-- c -->",
    "<![CDATA[d]]>",
    "<![if x]>",
    "\u{200b}",
    "]]>",
    "&#1;",
    "\t",
];

fn piece(tags: Vec<&'static str>) -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (select(tags.clone()), select(ATTRIBUTES)).prop_map(|(tag, attr)| format!("<{tag}{attr}>")),
        2 => select(tags).prop_map(|tag| format!("</{tag}>")),
        3 => select(TEXTS).prop_map(str::to_owned),
        1 => "[ -~]{0,6}",
    ]
}

fn markup(tags: Vec<&'static str>) -> impl Strategy<Value = String> {
    vec(piece(tags), 0..60).prop_map(|pieces| pieces.concat())
}

fn any_markup() -> impl Strategy<Value = String> {
    markup([TAGS, DISPUTED_TAGS].concat())
}

fn whole(html: &str) -> Value {
    let options = Options {
        text_limit: usize::MAX,
        ..Options::default()
    };
    convert_with(html, &options).adf
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_give_a_valid_document(bytes in vec(any::<u8>(), 0..400)) {
        let adf = convert(&String::from_utf8_lossy(&bytes)).adf;
        prop_assert_eq!(official::schema_complaint(&adf), None);
    }

    #[test]
    fn any_text_gives_a_valid_document(text in any::<String>()) {
        let adf = convert(&text).adf;
        prop_assert_eq!(official::schema_complaint(&adf), None);
    }

    #[test]
    fn any_markup_gives_a_valid_document(html in any_markup(), limit in 0_usize..200) {
        let options = Options { text_limit: limit, ..Options::default() };
        let first = convert_with(&html, &options);
        prop_assert_eq!(official::schema_complaint(&first.adf), None);
        prop_assert_eq!(&first, &convert_with(&html, &options));
        prop_assert_eq!(official::schema_complaint(&whole(&html)), None);
    }

    #[test]
    fn what_is_cut_is_a_beginning(html in markup(TAGS.to_vec()), limit in 0_usize..120) {
        let options = Options { text_limit: limit, ..Options::default() };
        let cut = convert_with(&html, &options);
        let (kept, all) = (words::of_adf(&cut.adf), words::of_adf(&whole(&html)));
        prop_assert!(all.starts_with(&kept), "{:?} of {:?}", kept, all);
        prop_assert_eq!(cut.truncated, cut.losses.iter().any(|loss| loss.node == "document"));
        prop_assert!(cut.truncated || kept == all);
    }
}

fn sample(strategy: impl Strategy<Value = String>, count: usize) -> Vec<(String, Value)> {
    let mut runner = TestRunner::deterministic();
    let documents = (0..count).map(|_| {
        let html = strategy.new_tree(&mut runner).expect("a value").current();
        let adf = whole(&html);
        (html, adf)
    });
    documents.collect()
}

#[test]
fn the_validator_accepts_generated_markup() {
    official::assert_accepted(&sample(any_markup(), 5_000));
}

#[test]
fn every_visible_word_of_generated_markup_arrives() {
    words::assert_arrived(&sample(markup(TAGS.to_vec()), 10_000));
}
