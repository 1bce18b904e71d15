//! Full text: the same query finds the same tickets on both databases.

use docket::db::{
    Db,
    ticket::Entity as Tickets,
    ticket_search::{self, Document, matching},
};
use rstest::rstest;
use sea_orm::{EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::rows::{document, put, ticket, user, write};
use crate::support::database::{Kind, TestDatabase};

/// Title, description, public and internal comments of tickets 1, 2, 3.
const TEXTS: [[&str; 4]; 3] = [
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
];

async fn indexed(kind: Kind) -> TestDatabase {
    let database = TestDatabase::new(kind).await;
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
    database
        .db
        .write(|tx| {
            Box::pin(async move {
                let mut documents = Vec::new();
                for (number, texts) in (1..).zip(TEXTS) {
                    let row = ticket(number);
                    let [title, description, public_comments, internal_comments] =
                        texts.map(str::to_owned);
                    documents.push(Document {
                        title,
                        description,
                        public_comments,
                        internal_comments,
                        ..document(&row)
                    });
                    put(tx, row).await?;
                }
                Ok(ticket_search::index(tx, &documents).await?)
            })
        })
        .await
        .expect("indexes");
    database
}

async fn found(db: &Db, query: &str, internal: bool) -> Vec<i64> {
    let Some(condition) = matching(db.backend(), query, internal) else {
        return vec![];
    };
    // Bound next to other values, as a list's filters are.
    let rows = Tickets::find()
        .filter(docket::db::ticket::COLUMN.affected_service.eq("login"))
        .filter(condition)
        .filter(docket::db::ticket::COLUMN.team.is_null())
        .order_by_asc(docket::db::ticket::Column::Number)
        .all(db.read());
    rows.await
        .expect("searches")
        .into_iter()
        .map(|row| row.number)
        .collect()
}

#[rstest]
#[case::word("login", &[1, 2])]
#[case::case("LOGIN Fails", &[1])]
#[case::accent("cafe zurich", &[1])]
#[case::accent_in_query("cáfé", &[1])]
#[case::dotted_capital("istanbul", &[3])]
#[case::ligature("firewall", &[3])]
#[case::beginning("invo tot", &[2])]
#[case::across_columns("invoice works", &[2])]
#[case::code("E-1042", &[1])]
#[case::address("user@example.com", &[3])]
#[case::part_of_an_address("shop", &[1])]
#[case::number("12.5", &[2])]
#[case::not_both("invoice cafe", &[])]
#[case::operators("login OR invoice", &[])]
#[case::quotes("\"login\" ' ) (", &[1, 2])]
#[case::star("*", &[])]
#[case::column("title:login", &[])]
#[case::only_internal("vendor", &[])]
#[case::empty("  ", &[])]
#[tokio::test]
async fn finds(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[case] query: &str,
    #[case] expected: &[i64],
) {
    let database = indexed(kind).await;
    assert_eq!(found(&database.db, query, false).await, expected);
}

#[rstest]
#[tokio::test]
async fn finds_internal_comments_for_those_who_may_read_them(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let database = indexed(kind).await;
    assert_eq!(found(&database.db, "vendor", true).await, [1]);
    assert_eq!(found(&database.db, "login", true).await, [1, 2, 3]);
}

#[rstest]
#[tokio::test]
async fn finds_the_latest_text_alone(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let database = indexed(kind).await;
    let rows = Tickets::find()
        .all(database.db.read())
        .await
        .expect("reads");
    let invoice = rows
        .into_iter()
        .find(|row| row.number == 2)
        .expect("ticket 2");
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
    assert_eq!(
        found(&database.db, "invoice", false).await,
        Vec::<i64>::new()
    );
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
                let words: String = (0..400_000).map(|n| format!("{n:x} ")).collect();
                let mut documents = Vec::new();
                for number in 1..=1_001 {
                    let row = ticket(number);
                    documents.push(document(&row));
                    put(tx, row).await?;
                }
                let last = documents.last_mut().expect("a document");
                last.title = "x".repeat(10_000);
                last.public_comments = words.clone();
                last.internal_comments = words;
                Ok(ticket_search::index(tx, &documents).await?)
            })
        })
        .await
        .expect("indexes");
    assert_eq!(found(&database.db, "login", false).await.len(), 1_000);
    assert_eq!(
        found(&database.db, &"x".repeat(9_000), false).await,
        [1_001]
    );
    assert_eq!(found(&database.db, "ab12", true).await, [1_001]);
}
