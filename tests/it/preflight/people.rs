//! Whom an issue is assigned to where people keep their e-mail addresses to themselves, or docket may not look for them.

use docket::{
    proto::v1::{self, ManualFixType},
    sandbox::{Action, Fault, Operation, Options, Site, User},
};
use rstest::rstest;

use super::{
    bench::{Bench, ticket},
    plan::told,
};
use crate::support::database::Kind;

fn hidden(id: &str, name: &str, mail: &str) -> User {
    User {
        email_visible: false,
        ..User::new(id, name, mail)
    }
}

fn wishing(reference: &str, assignee: &str) -> v1::NewSessionTicket {
    v1::NewSessionTicket {
        jira_assignee: Some(assignee.to_owned()),
        ..ticket(reference)
    }
}

#[rstest]
#[tokio::test]
async fn an_address_that_is_not_shown_finds_the_one_person_who_has_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let site = Site::demo()
        .with_user(hidden("h:1", "Mary Kenneth Keller", "mary@example.com"))
        .with_user(hidden("h:2", "Ann Lee", "ann@example.com"))
        .with_user(hidden("h:3", "Ann Leeward", "ann@example.com.au"))
        .with_user(User::new("s:1", "Bo Ek", "bo@example.com"));
    let options = Options {
        site,
        ..Options::default()
    };
    let tickets = vec![
        wishing("mary", "Mary@example.com"),
        wishing("ann", "ann@example.com"),
        // Jira looks for what begins with it; this is somebody else's address.
        wishing("bo", "bo@example.co"),
        wishing("nobody", "nobody@example.com"),
    ];
    let bench = Bench::with(kind, options, tickets).await;
    let plan = bench.plan().await;
    bench.run().await;
    let results = bench.results().await;
    let planned = told(plan.items.iter().flat_map(|item| &item.fallbacks));
    assert_eq!(planned, told(&results.manual_fixes));
    let assigned: Vec<Option<String>> = results
        .jira_tickets
        .iter()
        .map(|made| bench.jira.issue(&made.jira_key).unwrap().fields)
        .map(|fields| Some(fields.get("assignee")?["accountId"].as_str()?.to_owned()))
        .collect();
    assert_eq!(assigned, [Some("h:1".to_owned()), None, None, None]);
    let reasons = ["does not show", "exactly this", "exactly this"];
    assert_eq!(results.manual_fixes.len(), reasons.len());
    for (fix, reason) in results.manual_fixes.iter().zip(reasons) {
        assert_eq!(fix.r#type(), ManualFixType::AssigneeInvalid);
        assert!(fix.reason.contains(reason), "{fix:?}");
    }
    assert!(
        results.manual_fixes[0]
            .recommended_action
            .contains("account id")
    );

    let wanted = v1::ProjectRequirements {
        assignees: ["mary@example.com", "ann@example.com"]
            .map(str::to_owned)
            .to_vec(),
        ..Default::default()
    };
    let report = bench.validate("DEMO", wanted).await;
    let warned: Vec<&str> = report.warnings.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(warned, ["requirements.assignees[1]"]);
}

#[tokio::test]
async fn what_docket_may_not_look_at_is_not_told_to_be_empty() {
    let wish = v1::NewSessionTicket {
        sprint: Some("DEMO Sprint 2".to_owned()),
        ..wishing("a", "ada@example.com")
    };
    let bench = Bench::new(Kind::Sqlite, vec![wish]).await;
    for call in [Operation::AssignableUsers, Operation::ListBoards] {
        bench
            .jira
            .order(Fault::on(call, Action::status(403)).always());
    }
    let wanted = v1::ProjectRequirements {
        sprints: vec!["DEMO Sprint 2".to_owned()],
        ..Default::default()
    };
    let report = bench.validate("DEMO", wanted).await;
    assert!(report.valid);
    let warned: Vec<_> = report
        .warnings
        .iter()
        .map(|it| {
            (
                it.field.as_str(),
                it.reason.as_str(),
                it.message.contains("may not look"),
            )
        })
        .collect();
    let expected = [
        ("available_sprints", "JIRA_FORBIDDEN", true),
        ("team_members", "JIRA_FORBIDDEN", true),
        ("requirements.sprints[0]", "JIRA_FIELD_REJECTED", false),
    ];
    assert_eq!(warned, expected);
    assert!(
        report
            .warnings
            .iter()
            .all(|it| !it.recommended_action.is_empty())
    );

    let plan = bench.plan().await;
    bench.run().await;
    let fixes = bench.results().await.manual_fixes;
    for fixes in [&plan.items[0].fallbacks, &fixes] {
        assert_eq!(fixes.len(), 2, "{fixes:?}");
        assert!(
            fixes.iter().all(|fix| fix.reason.contains("may not look")),
            "{fixes:?}"
        );
    }
    bench.jira.clear_orders();
    let report = bench
        .validate("DEMO", v1::ProjectRequirements::default())
        .await;
    assert_eq!(report.warnings, []);
}

/// One board of which docket may not see the sprints is as good as hidden.
#[tokio::test]
async fn a_board_whose_sprints_are_not_shown_is_told() {
    let bench = Bench::new(Kind::Sqlite, Vec::new()).await;
    bench
        .jira
        .order(Fault::on(Operation::ListSprints, Action::status(403)).always());
    let report = bench
        .validate("DEMO", v1::ProjectRequirements::default())
        .await;
    let warned: Vec<&str> = report.warnings.iter().map(|it| it.field.as_str()).collect();
    assert_eq!(warned, ["available_sprints"]);
}
