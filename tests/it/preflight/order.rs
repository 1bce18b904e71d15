//! The order of a session's tickets, and what depends on what.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::{Code, Status};

use super::{
    bench::{Bench, fields, reason, ticket},
    sessions::metadata,
};
use crate::support::database::Kind;

impl Bench {
    pub(super) async fn reorder(&self, ids: &[&str]) -> Result<v1::Session, Status> {
        let request = v1::ReorderSessionTicketsRequest {
            session_id: self.session.clone(),
            ticket_ids: ids.iter().map(|&id| id.to_owned()).collect(),
            etag: None,
        };
        let ordered = self.exports().reorder_session_tickets(request).await?;
        Ok(ordered.into_inner().session.unwrap())
    }

    pub(super) async fn depend(
        &self,
        id: &str,
        on: &[&str],
        etag: Option<&str>,
    ) -> Result<v1::Ticket, Status> {
        let request = v1::SetTicketDependenciesRequest {
            ticket_id: id.to_owned(),
            depends_on_ids: on.iter().map(|&id| id.to_owned()).collect(),
            etag: etag.map(str::to_owned),
        };
        let set = self.exports().set_ticket_dependencies(request).await?;
        Ok(set.into_inner().ticket.unwrap())
    }
}

#[rstest]
#[tokio::test]
async fn tickets_are_numbered_anew_and_each_move_is_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut second = ticket("b");
    second.order = Some(70);
    let bench = Bench::new(kind, vec![ticket("a"), second, ticket("c")]).await;
    let before = bench.tickets().await;
    let ids: Vec<&str> = before.iter().map(|it| it.id.as_str()).collect();
    let ordered = bench.reorder(&[ids[2], ids[0], ids[1]]).await.unwrap();
    let after = bench.tickets().await;
    let told: Vec<_> = after
        .iter()
        .map(|it| (it.id.as_str(), it.export.as_ref().unwrap().order))
        .collect();
    assert_eq!(told, [(ids[2], 1), (ids[0], 2), (ids[1], 3)]);
    assert_eq!(
        bench.reorder(&[ids[2], ids[0], ids[1]]).await.unwrap(),
        ordered,
        "nothing moves"
    );
    assert_eq!(bench.tickets().await, after);
    let request = v1::ListTicketHistoryRequest {
        ticket_id: ids[1].to_owned(),
        ..Default::default()
    };
    let history = bench
        .server
        .tickets(Role::Manager)
        .list_ticket_history(request)
        .await;
    let entries = history.unwrap().into_inner().entries;
    let moved = entries
        .iter()
        .find(|it| it.field.as_deref() == Some("export.order"))
        .unwrap();
    assert_eq!(
        (moved.old_value.as_deref(), moved.new_value.as_deref()),
        (Some("71"), Some("3"))
    );
    assert_eq!(moved.actor_id, "senior_engineer");

    assert_eq!(
        fields(&bench.reorder(&[ids[0]]).await.unwrap_err()),
        ["ticket_ids"]
    );
    let twice = bench.reorder(&[ids[0], ids[0], ids[1]]).await.unwrap_err();
    assert_eq!(fields(&twice), ["ticket_ids[1]"]);
    let foreign = uuid::Uuid::now_v7().to_string();
    let foreign = bench
        .reorder(&[ids[0], ids[1], &foreign])
        .await
        .unwrap_err();
    assert_eq!(fields(&foreign), ["ticket_ids[2]"]);
}

#[rstest]
#[tokio::test]
async fn dependencies_are_replaced_and_a_circle_is_named(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, vec![ticket("a"), ticket("b"), ticket("c")]).await;
    let tickets = bench.tickets().await;
    let ids: Vec<&str> = tickets.iter().map(|it| it.id.as_str()).collect();
    let session = bench.session().await;
    let set = bench
        .depend(ids[0], &[ids[2], ids[1]], Some(&tickets[0].etag))
        .await
        .unwrap();
    let mut expected = vec![ids[1].to_owned(), ids[2].to_owned()];
    expected.sort();
    assert_eq!(set.export.as_ref().unwrap().depends_on_ids, expected);
    assert_ne!(set.etag, tickets[0].etag);
    assert_ne!(bench.session().await.etag, session.etag);
    let again = bench.depend(ids[0], &[ids[1], ids[2]], None).await.unwrap();
    assert_eq!(again, set, "repeating it changes nothing");
    let stale = bench
        .depend(ids[0], &[], Some(&tickets[0].etag))
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "ETAG_MISMATCH");
    assert_eq!(metadata(&stale, "changed_fields"), "export.depends_on_ids");

    bench.depend(ids[1], &[ids[2]], None).await.unwrap();
    let circle = bench.depend(ids[2], &[ids[0]], None).await.unwrap_err();
    assert_eq!(reason(&circle), "DEPENDENCY_CYCLE");
    let named = metadata(&circle, "cycle");
    let named: Vec<&str> = named.split(" -> ").collect();
    assert!(
        named.len() >= 3 && named.first() == named.last(),
        "{named:?}"
    );
    assert_eq!(
        reason(&bench.depend(ids[2], &[ids[2]], None).await.unwrap_err()),
        "DEPENDENCY_CYCLE"
    );
    let foreign = uuid::Uuid::now_v7().to_string();
    assert_eq!(
        fields(&bench.depend(ids[2], &[&foreign], None).await.unwrap_err()),
        ["depends_on_ids[0]"]
    );
    assert_eq!(
        bench.depend(&foreign, &[], None).await.unwrap_err().code(),
        Code::NotFound
    );

    bench.run().await;
    let made: Vec<_> = bench
        .results()
        .await
        .jira_tickets
        .into_iter()
        .map(|it| it.ticket_id)
        .collect();
    assert_eq!(made, [ids[2], ids[1], ids[0]]);
    assert_eq!(bench.jira.links().len(), 3);
}

/// Whatever order they come to in: what was set is what is exported, and nobody sets it once the export has begun.
#[rstest]
#[tokio::test]
async fn dependencies_set_while_an_export_starts_are_refused_or_linked(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let mut bench = Bench::new(kind, Vec::new()).await;
    for round in 0..6 {
        bench.session = bench.open(vec![ticket("a"), ticket("b")]).await;
        let tickets = bench.tickets().await;
        let start = v1::StartExportRequest {
            session_id: bench.session.clone(),
            ..Default::default()
        };
        let before = bench.jira.links().len();
        let mut starting = bench.exports();
        let on = [tickets[0].id.as_str()];
        let (set, started) = tokio::join!(
            bench.depend(&tickets[1].id, &on, None),
            starting.start_export(start)
        );
        started.unwrap();
        bench.follow().await;
        let links = bench.jira.links().len() - before;
        assert_eq!(links, usize::from(set.is_ok()), "round {round}");
    }
}
