//! Visible words: of HTML as another parser and other rules see them, and of an ADF document.

use serde_json::Value;

use super::official;

/// The visible words of each document, in order.
pub(super) fn of_html<'a>(documents: impl IntoIterator<Item = &'a str>) -> Vec<Vec<String>> {
    let quoted = documents
        .into_iter()
        .map(|html| Value::from(html).to_string() + "\n");
    let output = official::node("visible-words.mjs", quoted.collect());
    let lines = String::from_utf8(output.stdout).expect("the script writes text");
    let words = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("an array of words"));
    words.collect()
}

/// The words of an ADF document, in order.
pub(super) fn of_adf(adf: &Value) -> Vec<String> {
    let mut text = String::new();
    collect(adf, &mut text);
    text.split_whitespace().map(str::to_owned).collect()
}

fn collect(node: &Value, text: &mut String) {
    if let Some(words) = node["text"].as_str() {
        return text.push_str(words);
    }
    for child in node["content"].as_array().into_iter().flatten() {
        collect(child, text);
    }
    text.push('\n');
}

/// Fails with the shortest document whose words did not all arrive in order.
pub(super) fn assert_arrived(documents: &[(String, Value)]) {
    let expected = of_html(documents.iter().map(|(html, _)| html.as_str()));
    assert_eq!(
        expected.len(),
        documents.len(),
        "one answer for each document"
    );
    let lost = documents
        .iter()
        .zip(expected)
        .filter(|((_, adf), words)| of_adf(adf) != *words);
    if let Some(((html, adf), words)) = lost.min_by_key(|((html, _), _)| html.len()) {
        panic!("{html:?}\nshows {words:?}\nbut {:?} arrived", of_adf(adf));
    }
}

#[test]
fn the_walker_knows_what_a_browser_shows() {
    let cases = [
        ("<div>one</div><div>two</div>", "one two"),
        ("o<b>n</b>e<script>x</script><!-- y --> two", "one two"),
        ("<td>a</td>b<table><tr><td>c<td>d</table>", "ab c d"),
        (
            "a<br>b<p hidden>c<p style='display: none !important'>d",
            "a b",
        ),
    ];
    for (words, (html, expected)) in of_html(cases.map(|(html, _)| html)).iter().zip(cases) {
        assert_eq!(words.join(" "), expected, "{html}");
    }
}
