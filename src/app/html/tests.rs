//! What is kept of HTML, and which words it has.

use proptest::prelude::*;

use super::*;

fn said(html: &str) -> String {
    let words: Vec<String> = crate::domain::search::words(&words(html)).collect();
    words.join(" ")
}

#[test]
fn markup_parts_words_where_it_shows_so() {
    for (html, expected) in [
        (
            "<p>un<b>believ</b>able <i>H</i>ello</p>",
            "unbelievable hello",
        ),
        ("H<SUB class=\"x\">2</SUB>O", "h2o"),
        (
            "super<wbr>cali<span style=\"color:red\">fragi</span>listic",
            "supercalifragilistic",
        ),
        ("one<br>two<p>three</p>four", "one two three four"),
        (
            "<ul><li>a</li><li>b</li></ul><table><tr><td>c</td><td>d</td></tr></table>",
            "a b c d",
        ),
        ("<h1>Title</h1>text<hr>end<bogus>x", "title text end x"),
        ("<b>one</b> <b>two</b>", "one two"),
        ("a &lt; b", "a b"),
    ] {
        assert_eq!(said(html), expected, "{html}");
    }
}

#[test]
fn lines_of_preformatted_text_stay() {
    for (html, expected) in [
        ("<pre>\n\n a</pre>", "<pre>\n\n a</pre>"),
        ("<pre>\na</pre>", "<pre>a</pre>"),
        ("<pre>&#10;a</pre>", "<pre>a</pre>"),
        (
            "<PRE class=\"<pre>\">\r\n\r\na\rb</PRE>",
            "<pre class=\"<pre>\">\n\na\nb</pre>",
        ),
        (
            "<p title=\"<pre>\n\">a&#13;b&#13;&#10;c</p>",
            "<p title=\"<pre>\n\">a\nb\nc</p>",
        ),
        ("a\r\nb", "a\r\nb"),
    ] {
        assert_eq!(sanitise(html), sanitise(expected), "{html:?}");
        assert_eq!(sanitise(&sanitise(html)), sanitise(html), "{html:?}");
    }
    assert_eq!(sanitise("<pre>\n\n a</pre>"), "<pre>\n\n a</pre>");
    assert_eq!(sanitise("<b>a&#13;b</b>"), "<b>a\nb</b>");
}

proptest! {
    #[test]
    fn what_was_kept_once_is_kept_again(pieces in prop::collection::vec(
        prop::sample::select(vec![
            "<pre>", "</pre>", "<pre class=\"a>\n\">", "\n", "\r", "\r\n", "&#13;", "&#10;", "a", " ", "<b>",
            "</b>", "<br>", "&lt;pre>", "&amp;", "\"", "'", ">", "<p title='<pre>\n'>", "</p>", "<code>\n", "</code>",
            "<script>\n</script>", "<!-- \n -->", "<unknown>", "<ada@example.com>",
        ]), 0..12)) {
        let once = sanitise(&pieces.concat());
        prop_assert_eq!(sanitise(&once), once);
    }
}
