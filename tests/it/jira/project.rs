//! What a project lets one do, and tickets planned for it.

use docket::{
    connectors::jira::{
        CreateOutcome, IssueInput, IssueLink, LinkType, NewIssue, PlanError, ProjectMeta,
    },
    domain::{export::ManualFixType, ticket::TicketPriority},
    error::Reason,
    sandbox::{Operation, Options, Project, STORY_POINTS, Site},
};
use serde_json::json;

use super::{Bench, issue, marker, settings};

fn input() -> IssueInput {
    IssueInput {
        summary: "Printer on fire".into(),
        description: Some(json!({
            "version": 1,
            "type": "doc",
            "content": [{ "type": "paragraph", "content": [{ "type": "text", "text": "Help." }] }],
        })),
        issue_type: "bug".into(),
        priority: TicketPriority::P1,
        labels: vec!["hot".into()],
        sprint: Some("demo sprint 2".into()),
        story_points: Some(3.0),
        assignee: Some("ada@example.com".into()),
        custom: serde_json::Map::new(),
    }
}

#[tokio::test]
async fn a_planned_ticket_is_created_as_it_was_wished() {
    let bench = Bench::new().await;
    let meta = ProjectMeta::load(&bench.jira, "DEMO").await.unwrap();
    let plan = meta.plan(&input()).await.unwrap();
    assert_eq!((plan.unsent.as_slice(), plan.missing.len()), (&[][..], 0));
    let outcome = bench
        .jira
        .create_issue(&NewIssue {
            fields: plan.fields,
            marker: marker(1),
        })
        .await;
    let CreateOutcome::Created(made, _) = outcome else {
        panic!("{outcome:?}")
    };
    let sprint = plan.sprint.unwrap();
    bench
        .jira
        .add_to_sprint(sprint.id, std::slice::from_ref(&made.key))
        .await
        .unwrap();
    let stored = bench.sandbox.issue(&made.key).unwrap().fields;
    assert_eq!(stored["priority"]["name"], "Highest");
    assert_eq!(stored["issuetype"]["name"], "Bug");
    assert_eq!(stored["assignee"]["displayName"], "Ada Byron");
    assert_eq!(stored["labels"], json!(["hot"]));
    assert_eq!(stored[STORY_POINTS], json!(3.0));
    let moved = bench.sandbox.requests_of(Operation::MoveToSprint);
    assert_eq!((moved.len(), moved[0].status), (1, Some(204)));
}

#[tokio::test]
async fn a_project_is_read_once_for_many_tickets() {
    let bench = Bench::new().await;
    let meta = ProjectMeta::load(&bench.jira, "DEMO").await.unwrap();
    for _ in 0..3 {
        meta.plan(&input()).await.unwrap();
    }
    for (operation, calls) in [
        (Operation::GetProject, 1),
        (Operation::CreateMetaTypes, 1),
        (Operation::CreateMetaFields, 1),
        (Operation::AssignableUsers, 1),
        (Operation::ListBoards, 1),
        (Operation::ListSprints, 1),
    ] {
        assert_eq!(
            bench.sandbox.requests_of(operation).len(),
            calls,
            "{operation:?}"
        );
    }
}

#[tokio::test]
async fn a_sparse_project_gets_what_it_takes_and_the_rest_is_told() {
    let project = Project::new("DEMO", "Sparse")
        .without_field(None, "priority")
        .without_field(None, "labels")
        .without_field(None, STORY_POINTS)
        .with_board(None);
    let site = Site::new("sparse").with_project(project);
    let bench = Bench::with(
        Options {
            site,
            ..Options::default()
        },
        &settings(),
    )
    .await;
    let meta = ProjectMeta::load(&bench.jira, "DEMO").await.unwrap();
    let wish = IssueInput {
        assignee: Some("Nobody Known".into()),
        ..input()
    };
    let plan = meta.plan(&wish).await.unwrap();
    let told: Vec<_> = plan
        .unsent
        .iter()
        .map(|u| (u.field.as_str(), u.fix_type))
        .collect();
    assert_eq!(
        told,
        [
            ("priority", ManualFixType::PriorityUnavailable),
            ("labels", ManualFixType::FieldRejected),
            ("assignee", ManualFixType::AssigneeInvalid),
            ("story_points", ManualFixType::FieldRejected),
            ("sprint", ManualFixType::SprintNotFound),
        ]
    );
    let outcome = bench
        .jira
        .create_issue(&NewIssue {
            fields: plan.fields,
            marker: marker(1),
        })
        .await;
    assert!(matches!(outcome, CreateOutcome::Created(..)), "{outcome:?}");
}

#[tokio::test]
async fn a_plan_gives_way_until_jira_takes_it() {
    let bench = Bench::new().await;
    let meta = ProjectMeta::load(&bench.jira, "DEMO").await.unwrap();
    let mut plan = meta.plan(&input()).await.unwrap();
    // What was true when the project was read is true no more.
    bench.sandbox.change_site(|site| {
        let project = &mut site.projects[0];
        let ada = &site.users[1].account_id;
        *project = project
            .clone()
            .without_assignee(ada)
            .with_priorities(&["Rot"]);
        project.priorities[0].id = "77".into();
    });
    let mut lost = Vec::new();
    let made = loop {
        let new = NewIssue {
            fields: plan.fields.clone(),
            marker: marker(1),
        };
        match bench.jira.create_issue(&new).await {
            CreateOutcome::Created(made, _) => break made,
            CreateOutcome::Rejected(rejection) => {
                let round = plan.give_way(&rejection);
                assert!(!round.is_empty(), "{rejection}");
                lost.extend(round);
            }
            other => panic!("{other:?}"),
        }
    };
    let mut fields: Vec<_> = lost.iter().map(|u| u.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["assignee", "priority"]);
    assert_eq!(bench.sandbox.issues().len(), 1);
    assert_eq!(
        bench.sandbox.issue(&made.key).unwrap().fields["labels"],
        json!(["hot"])
    );
}

#[tokio::test]
async fn an_unknown_issue_type_stops_and_names_those_that_exist() {
    let bench = Bench::new().await;
    let meta = ProjectMeta::load(&bench.jira, "DEMO").await.unwrap();
    let wish = IssueInput {
        issue_type: "Incident".into(),
        ..input()
    };
    let Err(PlanError::Stop(stop)) = meta.plan(&wish).await else {
        panic!("no stop")
    };
    assert_eq!(stop.reason, Reason::JiraIssueTypeNotFound);
    assert!(
        stop.user_message.contains("Task, Bug, Story"),
        "{}",
        stop.user_message
    );
}

#[tokio::test]
async fn the_blocker_blocks_and_linking_twice_adds_nothing() {
    let bench = Bench::new().await;
    for ticket in 1..=2 {
        let outcome = bench.jira.create_issue(&issue(ticket)).await;
        assert!(matches!(outcome, CreateOutcome::Created(..)));
    }
    let types = bench.jira.link_types().await.unwrap();
    assert!(
        types
            .iter()
            .any(|t| t.name == "Blocks" && t.outward == "blocks"),
        "{types:?}"
    );
    let kind = LinkType::blocking(&types).unwrap();
    for _ in 0..2 {
        bench.jira.link(kind, "DEMO-1", "DEMO-2").await.unwrap();
    }
    let link = IssueLink {
        kind: kind.clone(),
        inward: "DEMO-1".into(),
        outward: "DEMO-2".into(),
    };
    for key in ["DEMO-1", "DEMO-2"] {
        assert_eq!(
            bench.jira.issue_links(key).await.unwrap(),
            std::slice::from_ref(&link),
            "{key}"
        );
    }
}
