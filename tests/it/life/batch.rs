//! One change for several tickets: each on its own.

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tonic::Code;
use v1::{batch_update_result::Outcome, batch_update_tickets_request::Change};

use super::{assign, fields, filed, get, history, known, move_to};
use crate::support::{
    database::Kind,
    server::{TestServer, Tickets},
};

async fn batch(
    tickets: &mut Tickets,
    ids: &[&str],
    change: Change,
) -> Vec<(String, Result<v1::Ticket, v1::TicketError>)> {
    let request = v1::BatchUpdateTicketsRequest {
        ids: ids.iter().map(|&id| id.to_owned()).collect(),
        change: Some(change),
        validate_only: false,
    };
    let answer = tickets.batch_update_tickets(request).await.unwrap();
    let results = answer.into_inner().results.into_iter();
    let told = results.map(|result| {
        let outcome = match result.outcome.unwrap() {
            Outcome::Ticket(ticket) => Ok(ticket),
            Outcome::Error(error) => Err(error),
        };
        (result.id, outcome)
    });
    told.collect()
}

fn open() -> Change {
    Change::Transition(v1::TransitionChange {
        status: v1::TicketStatus::Open.into(),
        comment: Some("Taken up".to_owned()),
    })
}

fn tags(add: &[&str], remove: &[&str]) -> Change {
    let owned = |tags: &[&str]| tags.iter().map(|&tag| tag.to_owned()).collect();
    Change::Tags(v1::TagsChange {
        add: owned(add),
        remove: owned(remove),
    })
}

#[rstest]
#[tokio::test]
async fn one_that_fails_leaves_the_others_done_and_is_told(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    known(&server, ("ada", Role::DevopsEngineer)).await;
    let mut ada = server.tickets(("ada", Role::DevopsEngineer));
    let mut admin = server.tickets(Role::Admin);
    let (mine, done) = (
        filed(&server, Role::Admin).await,
        filed(&server, Role::Admin).await,
    );
    let theirs = filed(&server, Role::Admin).await;
    for id in [&mine.id, &done.id] {
        assign(&mut admin, id, Some("ada")).await.unwrap();
    }
    move_to(&mut admin, &done.id, v1::TicketStatus::Closed)
        .await
        .unwrap();
    let missing = uuid::Uuid::now_v7().to_string();
    let ids = [missing.as_str(), &theirs.id, &mine.id, &done.id];
    let results = batch(&mut ada, &ids, open()).await;
    let told: Vec<_> = results.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(told, ids);
    let reasons: Vec<_> = results
        .iter()
        .map(|(_, outcome)| {
            outcome
                .as_ref()
                .err()
                .map(|error| (error.code, error.reason.as_str()))
        })
        .collect();
    let expected = [
        Some((Code::NotFound.into(), "NOT_FOUND")),
        Some((Code::PermissionDenied.into(), "PERMISSION_DENIED")),
        None,
        Some((Code::FailedPrecondition.into(), "ILLEGAL_TRANSITION")),
    ];
    assert_eq!(reasons, expected);
    let moved = results[2].1.as_ref().unwrap();
    assert_eq!(moved.status(), v1::TicketStatus::Open);
    assert_eq!(get(&mut ada, &mine.id).await.unwrap(), *moved);
    assert_eq!(get(&mut admin, &theirs.id).await.unwrap(), theirs);
}

#[rstest]
#[tokio::test]
async fn people_priorities_and_tags_change_together(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let server = TestServer::start(kind).await;
    known(&server, ("ada", Role::DevopsEngineer)).await;
    let mut lead = server.tickets(Role::TeamLead);
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(filed(&server, Role::EndUser).await.id);
    }
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let person = Change::Assign(v1::AssignChange {
        assignee_id: Some("ada".to_owned()),
    });
    for (_, outcome) in batch(&mut lead, &ids, person).await {
        assert_eq!(outcome.unwrap().assignee_id.as_deref(), Some("ada"));
    }
    let urgent = Change::Priority(v1::TicketPriority::P1.into());
    for (_, outcome) in batch(&mut lead, &ids, urgent).await {
        let ticket = outcome.unwrap();
        assert_eq!(ticket.priority(), v1::TicketPriority::P1);
        let due = ticket.sla.unwrap().resolution_due_time.unwrap().seconds;
        assert_eq!(due - ticket.create_time.unwrap().seconds, 4 * 3600);
    }
    batch(&mut lead, &ids, tags(&["a", "b", "c"], &[])).await;
    for (_, outcome) in batch(&mut lead, &ids, tags(&["d", "c"], &["a", "x"])).await {
        assert_eq!(outcome.unwrap().tags, ["b", "c", "d"]);
    }
    // What changes nothing is done, and not told.
    let before = history(&mut lead, ids[0]).await;
    let same = batch(&mut lead, &ids[..1], tags(&["b"], &["x"])).await;
    assert!(same[0].1.is_ok());
    assert_eq!(history(&mut lead, ids[0]).await, before);
    let many: Vec<String> = (0..49).map(|index| format!("t{index}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let full = batch(&mut lead, &ids[..1], tags(&many, &[])).await;
    assert_eq!(full[0].1.as_ref().unwrap_err().reason, "INVALID_FIELDS");
}

#[tokio::test]
async fn a_batch_that_makes_no_sense_is_refused_as_a_whole() {
    let server = TestServer::start(Kind::Sqlite).await;
    let ticket = filed(&server, Role::Admin).await;
    let mut admin = server.tickets(Role::Admin);
    let twice = vec![ticket.id.clone(), ticket.id.clone()];
    let many: Vec<String> = (0..101).map(|_| uuid::Uuid::now_v7().to_string()).collect();
    let cases: [(Vec<String>, Option<Change>, &[&str]); 7] = [
        (Vec::new(), None, &["ids", "change"]),
        (twice, Some(open()), &["ids[1]"]),
        (many, Some(open()), &["ids"]),
        (
            vec!["x".to_owned()],
            Some(Change::Priority(0)),
            &["ids[0]", "priority"],
        ),
        (vec![ticket.id.clone()], Some(tags(&[], &[])), &["tags"]),
        (
            vec![ticket.id.clone()],
            Some(tags(&["a", "b"], &["b"])),
            &["tags.add[1]"],
        ),
        (
            vec![ticket.id.clone()],
            Some(Change::Transition(v1::TransitionChange::default())),
            &["transition.status"],
        ),
    ];
    for (ids, change, expected) in cases {
        let request = v1::BatchUpdateTicketsRequest {
            ids,
            change,
            validate_only: false,
        };
        let refused = admin.batch_update_tickets(request).await.unwrap_err();
        assert_eq!(fields(&refused), expected);
    }
    let planned = v1::BatchUpdateTicketsRequest {
        ids: vec![ticket.id.clone()],
        change: Some(open()),
        validate_only: true,
    };
    let planned = admin
        .batch_update_tickets(planned)
        .await
        .unwrap()
        .into_inner();
    let Some(Outcome::Ticket(planned)) = planned.results[0].outcome.clone() else {
        panic!("{planned:?}");
    };
    assert_eq!(planned.status(), v1::TicketStatus::Open);
    assert_eq!(get(&mut admin, &ticket.id).await.unwrap(), ticket);
}
