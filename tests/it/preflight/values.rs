//! Values of `custom_fields` that a field does not offer, and names that are no field's: what of them travels, and what is told.

use docket::{
    domain::actor::Role,
    proto::v1::{self, ManualFixType},
    sandbox::{Operation, Project},
};
use prost_types::Struct;
use rstest::rstest;
use serde_json::json;

use super::{
    bench::{Bench, colour, site_of, ticket},
    fallbacks::{custom, list, text},
    fixes::errors,
    plan::told,
};
use crate::support::database::Kind;

impl Bench {
    async fn customise(&self, custom_fields: Option<Struct>) {
        let request = v1::UpdateTicketRequest {
            ticket: Some(v1::Ticket {
                id: self.tickets().await.remove(0).id,
                custom_fields,
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["custom_fields".to_owned()],
            }),
            ..Default::default()
        };
        let mut tickets = self.server.tickets(Role::Admin);
        tickets.update_ticket(request).await.unwrap();
    }
}

async fn exported(kind: Kind, custom_fields: Option<Struct>) -> (Bench, Vec<v1::ManualFix>) {
    let project = Project::new("DEMO", "Custom").with_field(colour());
    let wish = v1::NewSessionTicket {
        custom_fields,
        ..ticket("a")
    };
    let bench = Bench::with(kind, site_of(project), vec![wish]).await;
    let plan = bench.plan().await;
    bench.complete().await;
    let fixes = bench.results().await.manual_fixes;
    assert_eq!(
        told(&plan.items[0].fallbacks),
        told(&fixes),
        "as it was planned"
    );
    let creates = bench.jira.requests_of(Operation::CreateIssue).len();
    assert_eq!(creates, 1, "what was foreseen is not refused");
    (bench, fixes)
}

#[rstest]
#[tokio::test]
async fn one_value_that_is_not_offered_does_not_take_the_others_with_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let wish = custom(&[("components", list(&["API", "Nothing", "Web"]))]);
    let (bench, fixes) = exported(kind, wish).await;
    let components = |bench: &Bench| {
        let issue = bench.jira.issues().remove(0);
        let names = issue.fields["components"].as_array().cloned();
        let names = names.unwrap_or_default().into_iter();
        names.map(|it| it["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(components(&bench), ["API", "Web"]);
    assert_eq!(fixes.len(), 1, "{fixes:?}");
    let fix = &fixes[0];
    assert_eq!(fix.field, "custom_fields.components");
    assert_eq!(fix.wanted, r#"["API","Nothing","Web"]"#);
    assert_eq!(fix.sent, r#"["API","Web"]"#);
    assert!(
        fix.reason
            .contains("does not offer “Nothing”; it offers: API, Web"),
        "{fix:?}"
    );
    assert!(!fix.recommended_action.contains("screen"), "{fix:?}");

    // A part is there already: it is not taken for the whole.
    let early = bench.apply(&[]).await.unwrap();
    let refused = errors(&early);
    assert!(
        refused.len() == 1 && refused[0].message.contains("Nothing"),
        "{early:?}"
    );
    bench.jira.change_site(|site| {
        site.projects[0].components.push("Nothing".to_owned());
    });
    assert_eq!(
        errors(&bench.apply(&[]).await.unwrap()),
        Vec::<&v1::TicketError>::new()
    );
    assert_eq!(components(&bench), ["API", "Nothing", "Web"]);
    assert_eq!(bench.left().await, 0);
}

#[rstest]
#[tokio::test]
async fn a_name_that_is_not_the_fields_id_is_told_and_one_of_dockets_own_is_not(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let wish = custom(&[
        ("Colour", text("Red")),
        ("due_date", text("2026-12-24")),
        ("customfield_x", text("1")),
        ("customer", text("of docket's alone")),
        ("Priority", text("docket has its own")),
    ]);
    let (bench, fixes) = exported(kind, wish).await;
    let lost: Vec<(&str, &str)> = fixes.iter().map(|it| (&*it.field, &*it.wanted)).collect();
    let expected = [
        ("custom_fields.customfield_10100", "Red"),
        ("custom_fields.customfield_x", "1"),
        ("custom_fields.duedate", "2026-12-24"),
    ];
    let mut sorted = lost.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    for fix in &fixes {
        assert_eq!(fix.r#type(), ManualFixType::FieldRejected);
        assert!(fix.recommended_action.contains("id"), "{fix:?}");
    }
    let colour = fixes.iter().find(|it| it.field.ends_with("10100")).unwrap();
    assert!(colour.reason.contains("“Colour”"), "{colour:?}");

    bench
        .customise(custom(&[
            ("customfield_10100", text("Red")),
            ("duedate", text("2026-12-24")),
        ]))
        .await;
    // The third one the ticket does not have any more.
    assert_eq!(errors(&bench.apply(&[]).await.unwrap()).len(), 0);
    let issue = bench.jira.issues().remove(0).fields;
    assert_eq!(issue["customfield_10100"]["value"], "Red");
    assert_eq!(issue["duedate"], json!("2026-12-24"));
    assert_eq!(bench.left().await, 0);
}
