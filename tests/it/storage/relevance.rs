//! Lists by relevance: whole, each ticket once, and settled with the first page.

use docket::{
    db::{
        Db,
        ticket::Visible,
        ticket_filter::Filter,
        ticket_list::{self, Key, List, ListOrder, Search},
        ticket_rank::RANKED,
        ticket_search::{self, Document},
    },
    domain::search::Query,
};
use rstest::rstest;

use super::rows::{document, put, ticket, user, write};
use crate::support::database::{Kind, TestDatabase};

/// More than are ranked, by so many.
const OLDER: i64 = 60;

/// Files tickets; every seventh has the word in its title.
async fn file(db: &Db, numbers: std::ops::RangeInclusive<i64>) {
    let write = db.write(move |tx| {
        let numbers = numbers.clone();
        Box::pin(async move {
            let mut documents = Vec::new();
            for number in numbers {
                let row = ticket(number);
                let title = if number % 7 == 0 { "paper" } else { "plastic" };
                documents.push(Document {
                    title: title.to_owned(),
                    description: "paper".to_owned(),
                    ..document(&row)
                });
                put(tx, row).await?;
            }
            Ok(ticket_search::index(tx, &documents).await?)
        })
    });
    write.await.expect("takes the tickets");
}

#[rstest]
#[tokio::test]
async fn pages_by_relevance_show_each_ticket_once(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(true, false)] descending: bool,
) {
    let database = TestDatabase::new(kind).await;
    write(&database.db, user("ada"))
        .await
        .expect("takes a user");
    let last = i64::try_from(RANKED).unwrap() + OLDER;
    file(&database.db, 1..=last).await;
    let key = Key::Relevance;
    let list = List {
        visible: Visible::All,
        filter: Filter::default(),
        search: Some(Search {
            query: Query::parse("paper"),
            internal: false,
        }),
        order: ListOrder { key, descending },
    };
    let (mut seen, mut after, mut filed) = (Vec::new(), None, last);
    loop {
        let page = ticket_list::page(database.db.read(), &list, after, 97)
            .await
            .unwrap();
        let Some((_, end)) = page.last() else { break };
        // As a client gets it: through a token.
        let token = serde_json::to_vec(end).unwrap();
        after = Some(serde_json::from_slice(&token).unwrap());
        seen.extend(page.into_iter().map(|(row, _)| row.number));
        // What is filed between two pages moves nothing.
        file(&database.db, filed + 1..=filed + 5).await;
        filed += 5;
    }
    let ranked = |number: &i64| *number > OLDER;
    let numbers = || (1..=last).rev();
    let mut expected: Vec<i64> = numbers().filter(|n| ranked(n) && n % 7 == 0).collect();
    expected.extend(numbers().filter(|n| ranked(n) && n % 7 != 0));
    expected.extend(numbers().filter(|n| !ranked(n)));
    if !descending {
        expected.reverse();
    }
    assert_eq!(seen, expected);
}
