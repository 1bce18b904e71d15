//! Each format by examples, and that no text gains a meaning.

use super::*;

fn all(html: &str) -> [String; 4] {
    [
        Dialect::Markdown,
        Dialect::Mrkdwn,
        Dialect::Wiki,
        Dialect::Plain,
    ]
    .map(|dialect| render(html, dialect, 10_000).text)
}

#[test]
fn marks_links_and_code_have_their_forms() {
    let html = r#"<p>A <b>bold</b> <i>word</i>, <s>gone</s>, <code>a|b</code> and <a href="https://x.example/a?b=1&amp;c=2">here</a>.</p>"#;
    assert_eq!(
        all(html),
        [
            "A **bold** *word*, ~~gone~~, `a|b` and [here](https://x.example/a?b=1&c=2).",
            "A *bold* _word_, ~gone~, `a|b` and <https://x.example/a?b=1&amp;c=2|here>.",
            "A *bold* _word_, -gone-, {{a\\|b}} and [here|https://x.example/a?b=1&c=2].",
            "A bold word, gone, a|b and here (https://x.example/a?b=1&c=2).",
        ]
    );
    let [markdown, mrkdwn, wiki, _] = all("<p>half<b>bold</b>word</p>");
    assert_eq!(markdown, "half<strong>bold</strong>word");
    assert_eq!(mrkdwn, "halfboldword");
    assert_eq!(wiki, "half{*}bold{*}word");
}

#[test]
fn blocks_have_their_forms() {
    let html = "<h2>Plan</h2><ul><li>one<ol><li>deep</li></ol></li><li>two</li></ul>\
                <blockquote><p>said</p></blockquote><pre><code>let x = \"```\";</code></pre><hr>\
                <table><tr><th>k</th><th>v</th></tr><tr><td>a</td><td>1|2</td></tr></table>";
    let [markdown, mrkdwn, wiki, plain] = all(html);
    assert_eq!(
        markdown,
        "## Plan\n\n- one\n  1. deep\n- two\n\n> said\n\n````\nlet x = \"```\";\n````\n\n---\n\n\
         | k | v |\n| --- | --- |\n| a | 1\\|2 |"
    );
    assert_eq!(
        mrkdwn,
        "*Plan*\n\n• one\n  1. deep\n• two\n\n> said\n\n```\nlet x = \"``\u{200b}`\";\n```\n\n———\n\nk | v\na | 1|2"
    );
    assert_eq!(
        wiki,
        "h2. Plan\n\n* one\n*# deep\n* two\n\n{quote}\nsaid\n{quote}\n\n{noformat}\nlet x = \"```\";\n{noformat}\n\n----\n\n\
         ||k||v||\n|a|1\\|2|"
    );
    assert!(plain.starts_with("Plan\n\n- one\n  1. deep\n- two\n\n> said"));
}

#[test]
fn nobody_is_mentioned_and_nothing_is_read_as_a_mark() {
    let html = "<p>@octocat see #12, &lt;!channel&gt; &lt;@U1&gt; [~admin] *no* _no_ {code} \\\\x &lt;script&gt;</p><p># no</p><p>1. no</p><p>h1. no</p>";
    let [markdown, mrkdwn, wiki, plain] = all(html);
    assert_eq!(
        markdown,
        "@\u{200b}octocat see #\u{200b}12, &lt;!channel\\> &lt;@\u{200b}U1\\> \\[\\~admin\\] \\*no\\* \\_no\\_ {code} \\\\\\\\x &lt;script\\>\n\n\
         \\# no\n\n1\\. no\n\nh1. no"
    );
    assert!(mrkdwn.contains("&lt;!channel&gt; &lt;@U1&gt;"), "{mrkdwn}");
    assert!(
        wiki.contains("\\[\\~admin\\] \\*no\\* \\_no\\_ \\{code\\} &#92;&#92;x"),
        "{wiki}"
    );
    assert!(
        wiki.contains("\\# no") && wiki.contains("h\u{200b}1. no"),
        "{wiki}"
    );
    assert!(plain.contains("@octocat see #12, <!channel>"));
}

#[test]
fn a_long_text_is_cut_to_what_fits_and_says_so() {
    let html = "<p>***</p>".repeat(2000);
    for dialect in [Dialect::Markdown, Dialect::Wiki, Dialect::Mrkdwn] {
        let rendered = render(&html, dialect, 3000);
        assert!(rendered.cut && rendered.text.chars().count() <= 3000);
        assert!(rendered.text.chars().count() > 500);
    }
    let whole = render("<p>short</p>", Dialect::Markdown, 3000);
    assert!(!whole.cut);
}

/// Coloured spans, which are text nodes of their own.
fn spans(texts: &[&str]) -> String {
    let colours = ["#ff0000", "#0000ff"];
    let each = texts.iter().zip(colours.iter().cycle());
    let spans =
        each.map(|(text, colour)| format!(r#"<span style="color: {colour}">{text}</span>"#));
    format!("<p>{}</p>", spans.collect::<String>())
}

#[test]
fn no_meaning_comes_about_between_two_texts() {
    let cases = [
        (spans(&["@", "octocat"]), "@\u{200b}octocat"),
        (spans(&["see #", "12"]), "see #\u{200b}12"),
        (spans(&["1", ". no"]), "1\\. no"),
        (
            "<p><b>me</b>@octocat, me@x.example</p>".to_owned(),
            "<strong>me</strong>@\u{200b}octocat, me@x.example",
        ),
        (
            "<p>@<b>octocat</b></p>".to_owned(),
            "@\u{200b}<strong>octocat</strong>",
        ),
        (
            "<p>no!<a href=\"https://x.example/\">pic</a></p>".to_owned(),
            "no\\![pic](https://x.example/)",
        ),
    ];
    for (html, wanted) in cases {
        assert_eq!(render(&html, Dialect::Markdown, 1000).text, wanted);
    }
    let wiki = |html: &str| render(html, Dialect::Wiki, 1000).text;
    assert_eq!(wiki(&spans(&["{", "noformat}"])), "\\{noformat\\}");
    assert_eq!(wiki(&spans(&["h", "1. no"])), "h\u{200b}1. no");
    assert_eq!(wiki(&spans(&["a -", "b- c"])), "a \\-b\\- c");
    let mrkdwn = |html: &str| render(html, Dialect::Mrkdwn, 1000).text;
    assert_eq!(
        mrkdwn(&spans(&["&lt;", "!channel&gt;"])),
        "&lt;!channel&gt;"
    );
    assert_eq!(mrkdwn(&spans(&["&gt;", " no"])), "\u{200b}&gt; no");
}

#[test]
fn what_would_be_a_mark_is_text_and_what_would_not_stays_as_it_is() {
    let line = |text, dialect| super::line(text, dialect);
    let wiki = [
        ("-old- a-b 3 - 4 --", "\\-old\\- a-b 3 - 4 \\-\\-"),
        ("bq. x", "b\u{200b}q. x"),
        (
            "ok :) (y) (/) (!)",
            "ok :\u{200b}) (\u{200b}y) (\u{200b}/) (\\!)",
        ),
        (
            "see https://x.example/a_b-c?d=1&e=2.",
            "see [https://x.example/a_b-c?d=1&e=2].",
        ),
    ];
    for (text, wanted) in wiki {
        assert_eq!(line(text, Dialect::Wiki), wanted);
    }
    let markdown = [
        (
            "GH-12 :smile: at 10:30:15",
            "GH-\u{200b}12 :\u{200b}smile: at 10:30:15",
        ),
        (
            "see https://x.example/a_b?c=1&d=2.",
            "see <https://x.example/a_b?c=1&d=2>.",
        ),
        (
            "ask ada_l@example.com or @ada_l, <x@y>",
            "ask ada\\_l@example.com or @\u{200b}ada\\_l, &lt;x@y\\>",
        ),
        ("a+b = c!", "a+b = c!"),
        ("  12) x", "  12\\) x"),
    ];
    for (text, wanted) in markdown {
        assert_eq!(line(text, Dialect::Markdown), wanted);
    }
    let mrkdwn = [
        (
            "*no* snake_case",
            "\u{200b}*\u{200b}no\u{200b}*\u{200b} snake_case",
        ),
        ("> no", "\u{200b}&gt; no"),
        ("a > b & c", "a &gt; b &amp; c"),
        (":fire: 1:2:3", ":\u{200b}fire: 1:2:3"),
    ];
    for (text, wanted) in mrkdwn {
        assert_eq!(line(text, Dialect::Mrkdwn), wanted);
    }
}

#[test]
fn code_with_backticks_keeps_them_in_slack() {
    let mrkdwn = |html: &str| render(html, Dialect::Mrkdwn, 1000).text;
    let cases = [
        ("<p>run <code>a</code> now</p>", "run `a` now"),
        (
            "<p>run <code>echo `date` &amp; x</code> now</p>",
            "run ```echo `date` &amp; x``` now",
        ),
        ("<p><code>`a`</code></p>", "```\u{200b}`a`\u{200b}```"),
        (
            "<p><code>a```b````c</code></p>",
            "```a``\u{200b}`b``\u{200b}``c```",
        ),
        ("<pre><code>x = `y`</code></pre>", "```\nx = `y`\n```"),
    ];
    for (html, wanted) in cases {
        let text = mrkdwn(html);
        assert_eq!(text, wanted);
        assert_eq!(text.matches("```").count() % 2, 0, "{text}");
    }
}

#[test]
fn quotes_and_code_keep_what_stands_in_them() {
    let [markdown, mrkdwn, wiki, _] =
        all("<blockquote><p>a &gt; b &lt;!channel&gt; c</p></blockquote>");
    assert_eq!(markdown, "> a \\> b &lt;!channel\\> c");
    assert_eq!(mrkdwn, "> a &gt; b &lt;!channel&gt; c");
    assert_eq!(wiki, "{quote}\na > b <\\!channel> c\n{quote}");
    let [_, mrkdwn, wiki, _] = all("<pre><code>*a* {noformat} [~admin] :x:</code></pre>");
    assert_eq!(mrkdwn, "```\n*a* {noformat} [~admin] :x:\n```");
    assert_eq!(
        wiki,
        "{noformat}\n*a* {\u{200b}noformat} [\u{200b}~admin] :x:\n{noformat}"
    );
}

proptest::proptest! {
    /// Colours split a text wherever somebody has set them; the platforms show none.
    #[test]
    fn where_a_text_is_split_changes_nothing(
        text in "[-@#:>*_~`hbq12.!?)(<&{}|a/ \\[\\]\\\\]{1,24}",
        at in 0_usize..24,
    ) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let at = text.len().min(at);
        let html = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let (head, tail) = (html(&text[..at]), html(&text[at..]));
        let whole = spans(&[&html(&text)]);
        let split = spans(&[&head, &tail]);
        for dialect in [Dialect::Markdown, Dialect::Mrkdwn, Dialect::Wiki, Dialect::Plain] {
            proptest::prop_assert_eq!(
                render(&whole, dialect, 1000).text,
                render(&split, dialect, 1000).text
            );
        }
    }
}
