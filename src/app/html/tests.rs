//! What is kept of HTML, and which words it has.

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
