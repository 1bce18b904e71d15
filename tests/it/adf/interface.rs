//! The converter's interface: options, limits, attachments, losses, and inputs made to break it.

use docket::connectors::jira::adf::{Options, convert, convert_with};
use serde_json::{Value, json};

use super::{official, words};

fn cut(html: &str, text_limit: usize) -> docket::connectors::jira::adf::Conversion {
    convert_with(
        html,
        &Options {
            text_limit,
            ..Options::default()
        },
    )
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[test]
fn a_document_is_what_jira_expects() {
    let conversion = convert("<p>a <b>b</b></p>");
    let expected = json!({"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [
        {"type": "text", "text": "a "},
        {"type": "text", "text": "b", "marks": [{"type": "strong"}]},
    ]}]});
    assert_eq!(conversion.adf, expected);
    assert!(conversion.losses.is_empty() && !conversion.truncated);
}

#[test]
fn relative_addresses_follow_the_base() {
    let base_url = Some("https://e.com/a/b.html".parse().expect("an address"));
    let options = Options {
        base_url,
        ..Options::default()
    };
    let conversion = convert_with(
        "<a href=c>x</a><a href='#d'>y</a><img src=/i.png>",
        &options,
    );
    let text = conversion.adf.to_string();
    for address in [
        "https://e.com/a/c",
        "https://e.com/a/b.html#d",
        "https://e.com/i.png",
    ] {
        assert!(text.contains(address), "{address} in {text}");
    }
}

#[test]
fn embedded_images_become_attachments() {
    let conversion = convert("<img src='data:image/png;base64,aGVsbG8=' alt=x>");
    let [file] = &conversion.attachments[..] else {
        panic!("{:?}", conversion.attachments)
    };
    assert_eq!(
        (&*file.file_name, &*file.media_type),
        ("image-1.png", "image/png")
    );
    assert_eq!(file.content, b"hello");
    assert_eq!(conversion.losses.len(), 1);
}

#[test]
fn losses_serialise_with_their_four_fields() {
    let loss = serde_json::to_value(&convert("<a href='javascript:x'>y</a>").losses).expect("JSON");
    let fields: Vec<_> = loss[0].as_object().expect("an object").keys().collect();
    assert_eq!(fields, ["node", "reason", "suggested_fix", "excerpt"]);
    assert_eq!(loss[0]["excerpt"], "javascript:x");
}

#[test]
fn long_text_is_cut_between_blocks() {
    let conversion = cut("<p>one</p><p>two</p><p>three</p>", 9);
    assert_eq!(words::of_adf(&conversion.adf), ["one", "two"]);
    assert!(conversion.truncated);
    assert_eq!(
        conversion.losses.last().map(|loss| &*loss.node),
        Some("document")
    );
    assert!(!cut("<p>one</p><p>two</p>", 8).truncated);
    // What would fit of the next block is taken out of it only where it is most of the text.
    for next in ["<p>two three</p>", "<pre>two\nthree</pre>"] {
        let html = format!("<p>one</p>{next}");
        assert_eq!(words::of_adf(&cut(&html, 8).adf), ["one"], "{next}");
        assert_eq!(words::of_adf(&cut(&html, 12).adf), ["one", "two"], "{next}");
    }
}

#[test]
fn a_cut_text_is_no_longer_than_the_limit() {
    // With one for the paragraph's end.
    assert_eq!(words::of_adf(&cut("<p>one two</p>", 4).adf), ["one"]);
    assert!(words::of_adf(&cut("<p>one two</p>", 3).adf).is_empty());
}

#[test]
fn a_long_block_is_cut_between_its_parts() {
    for (html, kept) in [
        ("<ul><li>one</li><li>two</li></ul>", "one"),
        (
            "<table><tr><td>one</td></tr><tr><td>two</td></tr></table>",
            "one",
        ),
        ("<pre>one\ntwo</pre>", "one"),
        ("<p>one two</p>", "one"),
        ("<blockquote><p>one</p><p>two</p></blockquote>", "one"),
        ("<p>oneoneone</p>", ""),
    ] {
        let conversion = cut(html, 6);
        assert_eq!(words::of_adf(&conversion.adf).join(" "), kept, "{html}");
        assert!(conversion.truncated, "{html}");
        assert_eq!(official::schema_complaint(&conversion.adf), None);
    }
}

#[test]
fn the_default_limit_is_jiras() {
    let conversion = convert(&"<p>0123456789</p>".repeat(4_000));
    let length: usize = words::of_adf(&conversion.adf).iter().map(String::len).sum();
    assert!(
        conversion.truncated && length > 28_000 && length <= 32_000,
        "{length}"
    );
}

#[test]
fn deep_nesting_stays_shallow_and_keeps_its_words() {
    for tag in [
        "ul><li",
        "div",
        "b",
        "span",
        "blockquote",
        "table><tr><td",
        "a href=x",
        "details",
        "svg",
        "font",
    ] {
        let html = format!("<{tag}>x ").repeat(20_000);
        let conversion = cut(&html, usize::MAX);
        assert!(
            depth(&conversion.adf) < 120,
            "{tag}: {}",
            depth(&conversion.adf)
        );
        assert_eq!(words::of_adf(&conversion.adf).len(), 20_000, "{tag}");
        assert_eq!(official::schema_complaint(&conversion.adf), None, "{tag}");
    }
}

#[test]
fn what_follows_a_deep_nest_is_not_in_it() {
    let html = format!(
        "{}x{}<h1>after</h1>",
        "<div><ul><li>".repeat(500),
        "</li></ul></div>".repeat(500)
    );
    let adf = convert(&html).adf;
    let last = adf["content"].as_array().and_then(|blocks| blocks.last());
    assert_eq!(
        last.map(|block| &block["type"]),
        Some(&json!("heading")),
        "{last:?}"
    );
}

#[test]
fn a_small_stack_is_enough() {
    let html = "<div><ul><li><blockquote><b>x".repeat(5_000);
    let thread = std::thread::Builder::new()
        .stack_size(256 * 1024)
        .spawn(move || convert(&html));
    let conversion = thread.expect("a thread").join().expect("no overflow");
    assert_eq!(official::schema_complaint(&conversion.adf), None);
}

#[test]
fn a_tag_with_many_attributes_keeps_the_first() {
    let many: String = (0..100_000).map(|n| format!(" a{n}='v > {n}'")).collect();
    let html = format!(
        "<p style='text-align:center'{many}>text</p><a href=\"https://e.com/\"{many}>link</a>"
    );
    let adf = convert(&html).adf;
    assert_eq!(words::of_adf(&adf), ["text", "link"]);
    assert!(adf.to_string().contains("https://e.com/"));
}

#[test]
fn what_looks_like_tags_takes_nothing_along() {
    let many = " b".repeat(200);
    for (begin, end) in [
        ("<script>if(1", "</script>"),
        ("<script><!--<script>", "</script>--></script>"),
        ("<style>", "</style>"),
        ("<!-- ", "-->"),
        ("<title>", "</title>"),
    ] {
        let html = format!("{begin}<a{many} c='{end}<p>text</p>");
        assert_eq!(words::of_adf(&convert(&html).adf), ["text"], "{begin}");
    }
    let html = format!("<textarea><a{many}></textarea><p>text</p>");
    assert_eq!(words::of_adf(&convert(&html).adf).len(), 202);
}
