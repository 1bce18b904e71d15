//! Full text: the same query finds the same tickets in the same order on both databases.

use docket::{
    db::{
        Db,
        ticket::Visible,
        ticket_filter::Filter,
        ticket_list::{self, Key, List, ListOrder, Search},
        ticket_search::{self, Document},
    },
    domain::search::Query,
};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use rstest::rstest;

use super::rows::{document, put, ticket, user, write};
use crate::support::database::{Kind, TestDatabase};

/// Title, description, public and internal comments of tickets 1, 2, 3 …
const TEXTS: [[&str; 4]; 6] = [
    [
        "Café login fails",
        "Users see error E-1042 at https://shop.example/login.",
        "Zürich too",
        "vendor is down",
    ],
    [
        "Invoice total is wrong",
        "The TOTAL shows 12,50 instead of 12.5",
        "Login works",
        "",
    ],
    [
        "C++ client can't connect: ﬁrewall?",
        "İstanbul office; user@example.com wrote",
        "",
        "see login",
    ],
    [
        "Straße und Weg",
        "ΟΔΟΣ 𐐀𐐁 ꙮ打印机 ߊ",
        "paper jams\u{1e}often",
        "",
    ],
    ["paper", "jams often", "paper\u{1e}jams", "paper jams"],
    ["often paper jams often", "", "", "paper paper jams"],
];

/// Queries, and which tickets END_USER and who reads internal comments find, the best first.
const QUERIES: [(&str, &[i64], &[i64]); 41] = [
    ("login", &[1, 2], &[1, 3, 2]),
    ("LOGIN Fails", &[1], &[1]),
    ("cafe zurich", &[1], &[1]),
    ("cáfé", &[1], &[1]),
    ("istanbul", &[3], &[3]),
    ("firewall", &[3], &[3]),
    ("strasse", &[4], &[4]),
    ("οδος", &[4], &[4]),
    ("𐐨𐐩", &[4], &[4]),
    ("打印*", &[4], &[4]),
    ("印机", &[4], &[4]),
    ("\"印 机\" -纸", &[4], &[4]),
    ("机印", &[], &[]),
    ("ꙮ打*", &[4], &[4]),
    ("ߊ", &[4], &[4]),
    ("invo tot", &[], &[]),
    ("invo* tot*", &[2], &[2]),
    ("invoice works", &[2], &[2]),
    ("E-1042", &[1], &[1]),
    ("1042-E", &[], &[]),
    ("user@example.com", &[3], &[3]),
    ("shop", &[1], &[1]),
    ("12.5", &[2], &[2]),
    ("invoice cafe", &[], &[]),
    ("login OR invoice", &[], &[]),
    ("\"login\" ' ) (", &[1, 2], &[1, 3, 2]),
    ("*", &[], &[]),
    ("title:login", &[], &[]),
    ("vendor", &[], &[1]),
    ("-vendor login", &[1, 2], &[3, 2]),
    ("login -invoice", &[1], &[1, 3]),
    ("login -\"error e 1042\"", &[2], &[3, 2]),
    ("-login -paper", &[3], &[]),
    ("-paper*", &[3, 2, 1], &[3, 2, 1]),
    ("  ", &[], &[]),
    ("paper", &[6, 5, 4], &[6, 5, 4]),
    ("paper jams", &[6, 4, 5], &[6, 5, 4]),
    ("\"paper jams\"", &[6, 4], &[6, 5, 4]),
    ("\"jams often\"", &[6, 5], &[6, 5]),
    ("\"paper ja*\" -strasse", &[6], &[6, 5]),
    ("\"paper paper\"", &[], &[6]),
];

async fn indexed(kind: Kind) -> TestDatabase {
    let database = TestDatabase::new(kind).await;
    let db = &database.db;
    write(db, user("ada")).await.expect("takes a user");
    for (number, _) in (1..).zip(TEXTS) {
        write(db, ticket(number)).await.expect("takes a ticket");
    }
    index(db).await;
    database
}

/// Tells search of all tickets.
async fn index(db: &Db) {
    let indexed = db.write(|tx| {
        Box::pin(async move {
            let known = ticket_search::unknown(tx, i64::MAX, 10).await?;
            let documents = known.into_iter().map(|(number, ticket_id)| {
                let texts = TEXTS[number as usize - 1].map(str::to_owned);
                let [title, description, public_comments, internal_comments] = texts;
                Document {
                    ticket_id,
                    number,
                    title,
                    description,
                    public_comments,
                    internal_comments,
                }
            });
            let documents: Vec<Document> = documents.collect();
            Ok(ticket_search::index(tx, &documents).await?)
        })
    });
    indexed.await.expect("indexes");
}

fn list(query: &str, internal: bool, key: Key) -> List {
    let query = Query::parse(query);
    List {
        visible: Visible::All,
        filter: Filter::default(),
        search: Some(Search { query, internal }),
        order: ListOrder {
            key,
            descending: true,
        },
    }
}

async fn found(db: &Db, query: &str, internal: bool) -> Vec<i64> {
    let list = list(query, internal, Key::Relevance);
    let rows = ticket_list::page(db.read(), &list, None, 1000).await;
    let rows = rows.unwrap_or_else(|error| panic!("{query:?}: {error:?}"));
    rows.into_iter().map(|(row, _)| row.number).collect()
}

#[rstest]
#[tokio::test]
async fn finds_the_same_on_both_databases(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = indexed(kind).await;
    for (query, public, all) in QUERIES {
        assert_eq!(found(&database.db, query, false).await, public, "{query:?}");
        assert_eq!(
            found(&database.db, query, true).await,
            all,
            "{query:?}, internal"
        );
        // However it is looked for: among all, one after the other, or counted.
        for key in [Key::CreateTime, Key::Status, Key::Number] {
            let list = list(query, true, key);
            let page = ticket_list::page(database.db.read(), &list, None, 1000)
                .await
                .unwrap();
            let mut numbers: Vec<i64> = page.iter().map(|(row, _)| row.number).collect();
            let first = ticket_list::page(database.db.read(), &list, None, 1)
                .await
                .unwrap();
            assert_eq!(
                first.first().map(|(row, _)| row.number),
                numbers.first().copied()
            );
            numbers.sort_unstable();
            let mut expected = all.to_vec();
            expected.sort_unstable();
            assert_eq!(numbers, expected, "{query:?} {key:?}");
            let count = ticket_list::count(database.db.read(), &list).await.unwrap();
            assert_eq!(count, all.len() as u64, "{query:?}");
        }
    }
}

/// No text of a user is a syntax error, on either database, and both find the same.
#[tokio::test(flavor = "multi_thread")]
async fn every_text_is_a_query() {
    let (sqlite, postgres) = (indexed(Kind::Sqlite).await, indexed(Kind::Postgres).await);
    let word = prop_oneof![
        "paper",
        "jams",
        "often",
        "login",
        "e",
        "1042",
        "pap",
        "\\PC{1,3}"
    ];
    let sign = prop_oneof![
        Just(" "),
        Just(" -"),
        Just("\""),
        Just("*"),
        Just("* "),
        Just(" OR "),
        Just("("),
        Just(")"),
        Just(":"),
        Just("'"),
        Just("\\"),
        Just("^"),
        Just(" NEAR("),
        Just("+"),
        Just("&!"),
        Just("<->"),
        Just("\0"),
        Just("{title}"),
        Just("%"),
        Just("$1"),
        Just("?"),
    ];
    let built = prop::collection::vec((sign, word), 1..6).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(sign, word)| format!("{sign}{word}"))
            .collect::<String>()
    });
    let texts = prop_oneof![built, any::<String>()];
    let mut runner = TestRunner::default();
    for _ in 0..400 {
        let text = texts.new_tree(&mut runner).unwrap().current();
        for internal in [false, true] {
            let expected = found(&sqlite.db, &text, internal).await;
            assert_eq!(
                found(&postgres.db, &text, internal).await,
                expected,
                "{text:?}"
            );
        }
    }
}

#[rstest]
#[tokio::test]
async fn finds_the_latest_text_alone(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = indexed(kind).await;
    let list = list("invoice", true, Key::Number);
    let invoice = ticket_list::page(database.db.read(), &list, None, 1);
    let (invoice, _) = invoice.await.unwrap().pop().expect("ticket 2");
    database
        .db
        .write(move |tx| {
            let renamed = Document {
                title: "Refund missing".to_owned(),
                ..document(&invoice)
            };
            Box::pin(async move { Ok(ticket_search::index(tx, &[renamed]).await?) })
        })
        .await
        .expect("indexes anew");
    assert_eq!(found(&database.db, "invoice", false).await, [0; 0]);
    assert_eq!(found(&database.db, "refund", false).await, [2]);
}

#[rstest]
#[tokio::test]
async fn takes_texts_of_any_size_and_many_documents_at_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = TestDatabase::new(kind).await;
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
    database
        .db
        .write(|tx| {
            Box::pin(async move {
                let words = |first: usize| -> String {
                    (first..first + 400_000)
                        .map(|n| format!("{n:x} "))
                        .collect()
                };
                let mut documents = Vec::new();
                for number in 1..=1_001 {
                    let row = ticket(number);
                    documents.push(document(&row));
                    put(tx, row).await?;
                }
                let last = documents.last_mut().expect("a document");
                last.title = "x".repeat(10_000);
                last.public_comments = words(0);
                last.internal_comments = words(500_000);
                // Few words and many of them: folded, each is three times as long, and all take more than PostgreSQL is given at once.
                let syllables = ('가'..)
                    .take(40)
                    .map(|c| format!("{c}{} ", "각".repeat(20)));
                let syllables: String = syllables.collect();
                documents[0].description = syllables.repeat(170);
                Ok(ticket_search::index(tx, &documents).await?)
            })
        })
        .await
        .expect("indexes");
    let db = &database.db;
    assert_eq!(found(db, "login", false).await.len(), 1_000);
    let long = format!("\"가{0} 각{0}\"", "각".repeat(20));
    assert_eq!(found(db, &long, false).await, [1]);
    assert_eq!(found(db, &"x".repeat(9_000), false).await, [1_001]);
    assert_eq!(found(db, "8ab1", true).await, [1_001]);
    // Far behind the last place words are found alone, and nothing is found that is not there.
    assert_eq!(found(db, "\"1f40 1f41\"", true).await, [1_001]);
    assert_eq!(found(db, "\"8ab1 8ab2\"", true).await, [0; 0]);
    assert_eq!(found(db, "\"3e7e 8ab2\"", true).await, [0; 0]);
}

#[rstest]
#[tokio::test]
async fn tells_which_tickets_it_does_not_know(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = indexed(kind).await;
    let forgotten = ticket(40);
    write(&database.db, forgotten.clone())
        .await
        .expect("takes a ticket");
    let unknown = ticket_search::unknown(database.db.read(), i64::MAX, 10)
        .await
        .unwrap();
    assert_eq!(unknown, [(40, forgotten.id)]);
    let below = ticket_search::unknown(database.db.read(), 40, 10)
        .await
        .unwrap();
    assert_eq!(below, []);
}

#[rstest]
#[tokio::test]
async fn knows_nothing_once_words_are_taken_apart_anew(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = indexed(kind).await;
    let db = &database.db;
    let steps = db.migration_status().await.expect("tells");
    let mut backwards = steps.iter().rev();
    let later = backwards.position(|step| step.name == "m0040_ticket_search_anew");
    let later = u32::try_from(later.expect("there is one")).unwrap();
    db.migrate_down(Some(later)).await.expect("goes down");
    let forgotten = async || {
        let unknown = ticket_search::unknown(db.read(), i64::MAX, 10).await;
        unknown.unwrap().len()
    };
    assert_eq!(forgotten().await, 0);
    db.migrate_down(Some(1)).await.expect("takes it back");
    assert_eq!(forgotten().await, TEXTS.len());
    index(db).await;
    assert_eq!(forgotten().await, 0);
    db.migrate_up(None).await.expect("goes up");
    assert_eq!(forgotten().await, TEXTS.len());
    index(db).await;
    assert_eq!(found(db, "login", false).await, [1, 2]);
}
