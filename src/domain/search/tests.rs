//! What queries mean, and that every text is one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;

/// A query as text again: `foo`, `foo bar`, `foo*`, with `-` before what is not wanted.
fn read(text: &str) -> Vec<String> {
    let query = Query::parse(text);
    let shown = |sign: &str, term: &Term| {
        let star = if term.prefix { "*" } else { "" };
        format!("{sign}{}{star}", term.words.join(" "))
    };
    let wanted = query.wanted.iter().map(|term| shown("", term));
    let unwanted = query.unwanted.iter().map(|term| shown("-", term));
    wanted.chain(unwanted).collect()
}

#[test]
fn a_query_has_words_phrases_negations_and_prefixes() {
    let cases: [(&str, &[&str]); 33] = [
        ("printer jams", &["printer", "jams"]),
        ("\"printer jams\" now", &["printer jams", "now"]),
        ("“printer jams”", &["printer jams"]),
        ("„Drucker klemmt“", &["drucker klemmt"]),
        ("printer -paper", &["printer", "-paper"]),
        ("-\"paper jam\" printer", &["printer", "-paper jam"]),
        ("print* -jam*", &["print*", "-jam*"]),
        ("\"paper ja*\"", &["paper ja*"]),
        ("\"paper ja\"*", &["paper ja*"]),
        ("\"paper", &["paper"]),
        ("e-1042", &["e 1042"]),
        ("ada@example.com", &["ada example com"]),
        ("--verbose", &["verbose"]),
        ("- - -", &[]),
        ("-", &[]),
        ("a - b", &["a", "b"]),
        ("*", &[]),
        ("foo-*", &["foo"]),
        ("fo*o", &["fo o"]),
        ("", &[]),
        ("!!! ()", &[]),
        ("\"\"\"", &[]),
        ("foo\"bar baz\"", &["foo", "bar baz"]),
        ("NOT OR AND NEAR", &["not", "or", "and", "near"]),
        ("-5", &["-5"]),
        ("x:* | y:A & !z", &["x", "y a", "z"]),
        ("-@example x", &["x", "-example"]),
        ("-.env", &["-env"]),
        ("-(server", &["-server"]),
        ("-\u{ad}soft", &["-soft"]),
        ("---x", &["x"]),
        ("机卡*", &["机 卡*"]),
        ("-卡纸 打印机", &["打 印 机", "-卡 纸"]),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text), expected, "{text:?}");
    }
}

#[test]
fn words_are_folded() {
    let folded = |text: &str| words(text).collect::<Vec<_>>().join(" ");
    for (text, expected) in [
        ("Café CAFÉ cafe\u{301}", "cafe cafe cafe"),
        ("Straße STRASSE STRAẞE", "strasse strasse strasse"),
        ("Łódź Øl cœur ÆTHER Đà", "lodz ol coeur aether da"),
        ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
        ("İstanbul ıstanbul", "istanbul istanbul"),
        ("ﬁrewall ①", "firewall 1"),
        ("Donau\u{ad}dampf\u{200d}schiff", "donaudampfschiff"),
        ("12,50 C++ can't", "12 50 c can t"),
        ("打印机 Принтер", "打 印 机 принтер"),
        ("iPhone手机6s", "iphone 手 机 6s"),
        ("プリンター ﾌﾟﾘﾝﾀ", "フ リ ン タ ー フ リ ン タ"),
        ("ตัวพิมพ์", "ต ั ว พ ิ ม พ"),
        ("한국어 ქართული", "한국어 ქართული"),
        ("किताब", "किताब"),
    ] {
        assert_eq!(
            folded(text),
            expected
                .nfkd()
                .filter(|c| canonical_combining_class(*c) == 0)
                .collect::<String>(),
            "{text:?}"
        );
    }
}

#[test]
fn words_stand_side_by_side_within_one_text_alone() {
    let text = format!("a b{BREAK}c");
    let [title, comments] = placed(["x y", &text]);
    let places = |words: &[Placed]| words.iter().map(|w| w.place.unwrap()).collect::<Vec<_>>();
    assert_eq!(places(&title), [2, 3]);
    assert_eq!(places(&comments), [5, 6, 8]);
    let [many] = placed([&"again ".repeat(300)]);
    assert_eq!(many.iter().filter(|word| word.place.is_some()).count(), 255);
    let long: String = (0..20_000).map(|n| format!("{n:x} ")).collect();
    let [long] = placed([&long]);
    assert_eq!(
        (
            long.len(),
            long.iter().filter(|word| word.place.is_some()).count()
        ),
        (20_000, 15_999)
    );
}

#[test]
fn together_is_all_that_is_wanted_side_by_side() {
    let together = |text| {
        Query::parse(text)
            .together()
            .map(|term| (term.words.join(" "), term.prefix))
    };
    assert_eq!(
        together("paper \"jams often\" -x gat*"),
        Some(("paper jams often gat".to_owned(), true))
    );
    assert_eq!(together("\"paper jam\""), None);
    assert_eq!(together("-a"), None);
}

proptest! {
    #[test]
    fn every_text_is_a_query_of_folded_words(text in any::<String>()) {
        let query = Query::parse(&text);
        let terms = || query.wanted.iter().chain(&query.unwanted);
        prop_assert!(terms().map(|term| term.words.len()).sum::<usize>() <= QUERY_WORDS);
        for term in terms() {
            prop_assert!(!term.words.is_empty());
            for word in &term.words {
                prop_assert!(word.chars().all(char::is_alphanumeric) && word.chars().count() <= WORD);
                prop_assert_eq!(words(word).collect::<Vec<_>>(), std::slice::from_ref(word));
            }
        }
    }

    #[test]
    fn a_quoted_text_asks_for_its_words_side_by_side(text in "[^\"“”„*]{0,40}") {
        let expected: Vec<String> = words(&text).collect();
        let query = Query::parse(&format!("\"{text}\""));
        let found: Vec<String> = query.wanted.iter().flat_map(|term| term.words.clone()).collect();
        prop_assert!(query.wanted.len() <= 1 && query.unwanted.is_empty());
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_text_has_the_words_of_its_query(text in "[a-zA-Zäß ]{0,40}") {
        let asked: Vec<String> = Query::parse(&text).wanted.into_iter().flat_map(|term| term.words).collect();
        prop_assert_eq!(asked, words(&text).collect::<Vec<_>>());
    }
}
