//! Which stop each refusal becomes, and that its words help.

use std::collections::BTreeMap;

use rstest::rstest;
use serde_json::json;

use super::*;
use crate::{
    connectors::{jira::Rejection, reach::Unreached},
    domain::export::ErrorCategory::UserFixable,
};

fn rejection(status: u16, messages: &[&str], fields: &[&str]) -> Rejection {
    let said = |id: &&str| ((*id).to_owned(), "Feld ungültig.".to_owned());
    Rejection {
        too_long: status == 413 || messages.contains(&"CONTENT_LIMIT_EXCEEDED"),
        status,
        messages: messages.iter().map(|&m| m.to_owned()).collect(),
        fields: fields.iter().map(said).collect::<BTreeMap<_, _>>(),
    }
}

fn stop(rejection: &Rejection) -> HardStop {
    let sent = json!({ "summary": "x", "description": {}, "priority": {}, "issuetype": {}, "project": {} });
    let context = CreateContext {
        project: "DEMO",
        issue_type: "Task",
        title: "Printer on fire",
        sent: sent.as_object().unwrap(),
    };
    rejection.failure(&context)
}

#[rstest]
#[case(401, &[], &[], AdminRequired, Reason::JiraUnauthorized)]
#[case(403, &[], &[], AdminRequired, Reason::JiraForbidden)]
#[case(403, &[], &["project"], AdminRequired, Reason::JiraForbidden)]
#[case(404, &[], &[], AdminRequired, Reason::JiraProjectNotFound)]
#[case(410, &[], &[], AdminRequired, Reason::JiraProjectNotFound)]
#[case(404, &[], &["issuetype"], AdminRequired, Reason::JiraIssueTypeNotFound)]
#[case(400, &[], &["issuetype"], AdminRequired, Reason::JiraIssueTypeNotFound)]
#[case(400, &[], &["project"], AdminRequired, Reason::JiraProjectNotFound)]
#[case(400, &["INVALID_INPUT"], &[], UserFixable, Reason::JiraContentRejected)]
#[case(400, &[], &["description"], UserFixable, Reason::JiraContentRejected)]
#[case(400, &["CONTENT_LIMIT_EXCEEDED"], &[], UserFixable, Reason::JiraContentTooLong)]
#[case(413, &[], &[], UserFixable, Reason::JiraContentTooLong)]
#[case(400, &[], &["customfield_10099"], UserFixable, Reason::JiraRequiredFieldMissing)]
#[case(400, &[], &["customfield_10099", "priority"], UserFixable, Reason::JiraRequiredFieldMissing)]
#[case(400, &[], &["priority"], UserFixable, Reason::JiraFieldRejected)]
#[case(400, &[], &["summary"], UserFixable, Reason::JiraFieldRejected)]
#[case(400, &["Etwas stimmt nicht."], &[], UserFixable, Reason::JiraContentRejected)]
#[case(409, &[], &[], Temporary, Reason::JiraFieldRejected)]
#[case(422, &[], &[], AdminRequired, Reason::JiraFieldRejected)]
#[case(302, &[], &[], AdminRequired, Reason::JiraNotFound)]
fn a_refused_create_stops_by_status_and_field(
    #[case] status: u16,
    #[case] messages: &[&str],
    #[case] fields: &[&str],
    #[case] category: ErrorCategory,
    #[case] reason: Reason,
) {
    let stop = stop(&rejection(status, messages, fields));
    assert_eq!((stop.category, stop.reason), (category, reason));
    assert!(!stop.recovery_actions.is_empty());
    assert!(
        stop.recovery_actions
            .iter()
            .all(|action| action.ends_with('.'))
    );
    let names_ticket = stop.user_message.contains("Printer on fire");
    let names_place =
        stop.user_message.contains("DEMO") || stop.user_message.contains("docket's account");
    assert!(
        names_ticket || names_place || status == 302,
        "{}",
        stop.user_message
    );
}

#[test]
fn a_missing_field_is_named_and_jira_is_quoted() {
    let text = stop(&rejection(400, &[], &["customfield_10099"])).user_message;
    assert!(
        text.contains("customfield_10099") && text.contains("Feld ungültig."),
        "{text}"
    );
    let text = stop(&rejection(400, &[], &["summary"])).user_message;
    assert!(
        text.contains("Jira refused the title of the ticket"),
        "{text}"
    );
}

#[test]
fn a_subtask_without_a_parent_lacks_a_field() {
    let mut refused = rejection(400, &[], &["issuetype"]);
    let said = "Issue type is a sub-task but parent issue key or id not specified.";
    refused.fields.insert("issuetype".into(), said.into());
    let stop = stop(&refused);
    assert_eq!(
        (stop.category, stop.reason),
        (UserFixable, Reason::JiraRequiredFieldMissing)
    );
    assert!(
        stop.user_message.contains("parent"),
        "{}",
        stop.user_message
    );
}

#[rstest]
#[case(
    Trouble::Unreached(Unreached::Closed),
    Temporary,
    Reason::JiraUnreachable
)]
#[case(
    Trouble::Unreached(Unreached::Untrusted),
    AdminRequired,
    Reason::JiraUnreachable
)]
#[case(Trouble::ConnectionLost, Temporary, Reason::JiraUnreachable)]
#[case(Trouble::Timeout, Temporary, Reason::JiraTimeout)]
#[case(Trouble::ServerError(502), Temporary, Reason::JiraServerError)]
#[case(Trouble::Unreadable, Temporary, Reason::JiraAnswerUnreadable)]
#[case(Trouble::AddressRefused("10.0.0.1".into()), AdminRequired, Reason::JiraUnreachable)]
fn trouble_is_temporary_unless_an_address_or_a_certificate_is_in_the_way(
    #[case] trouble: Trouble,
    #[case] category: ErrorCategory,
    #[case] reason: Reason,
) {
    let stop = trouble.failure();
    assert_eq!((stop.category, stop.reason), (category, reason));
    assert_eq!(CallError::from(trouble).failure("DEMO"), stop);
}

#[test]
fn a_call_that_is_no_create_stops_by_status() {
    let reason = |status| {
        CallError::Rejected(rejection(status, &[], &[]))
            .failure("DEMO")
            .reason
    };
    let got = [401, 403, 404, 410, 400, 301].map(reason);
    let wanted = [
        Reason::JiraUnauthorized,
        Reason::JiraForbidden,
        Reason::JiraProjectNotFound,
        Reason::JiraProjectNotFound,
        Reason::JiraNotFound,
        Reason::JiraNotFound,
    ];
    assert_eq!(got, wanted);
}

#[test]
fn a_used_up_limit_tells_when_to_come_back() {
    let stop = HardStop::rate_limited(Some(Duration::from_secs(61)), "jira-quota-based");
    assert_eq!(
        (stop.category, stop.reason),
        (Temporary, Reason::JiraRateLimited)
    );
    assert!(stop.user_message.contains("jira-quota-based"));
    assert_eq!(stop.recovery_actions[0], "Retry the export in 2 minutes.");
    let unknown = CallError::throttled(None, String::new()).failure("DEMO");
    assert_eq!(unknown.reason, Reason::JiraRateLimited);
    assert!(!unknown.user_message.contains('('));
}

#[test]
fn an_uncertain_create_names_project_keys_and_ticket() {
    let sent = Map::new();
    let context = CreateContext {
        project: "DEMO",
        issue_type: "Task",
        title: "Printer on fire",
        sent: &sent,
    };
    let stop = HardStop::uncertain(&context, 42..=141);
    assert_eq!(
        (stop.category, stop.reason),
        (Temporary, Reason::JiraCreateUncertain)
    );
    for text in [&stop.user_message, &stop.recovery_actions[1]] {
        for part in ["DEMO-42", "DEMO-141", "Printer on fire"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}

#[test]
fn a_missing_issue_type_names_those_that_exist() {
    let stop = HardStop::issue_type_missing("DEMO", "Tsak", &["Task", "Bug"]);
    assert_eq!(
        (stop.category, stop.reason),
        (AdminRequired, Reason::JiraIssueTypeNotFound)
    );
    assert!(stop.user_message.contains("Task, Bug"));
}

#[test]
fn what_no_call_changes_of_a_ticket_is_not_advised() {
    let told = |fields: &[&str]| stop(&rejection(400, &[], fields));
    let wrong_type = told(&["issuetype"]);
    let all = wrong_type.recovery_actions.join(" ");
    assert!(
        all.contains("AddSessionTickets") && all.contains("RevertExport"),
        "{all}"
    );
    // A ticket of no session has its type from the integration.
    let single = wrong_type.advice_without_export();
    assert!(
        single.contains("default_issue_type") && !single.contains("Session"),
        "{single}"
    );
    let missing = told(&["customfield_10099"]);
    assert!(missing.recovery_actions[0].contains("`custom_fields`"));
    assert!(missing.advice_without_export().contains("`custom_fields`"));
    // docket has a field of its own for these, and nothing else is sent to them.
    let own = told(&["assignee"]);
    assert!(!own.advice_without_export().contains("`custom_fields`"));
}

#[test]
fn a_description_that_is_not_there_is_not_blamed() {
    let sent = json!({ "summary": "x" });
    let context = CreateContext {
        project: "DEMO",
        issue_type: "Task",
        title: "Printer on fire",
        sent: sent.as_object().unwrap(),
    };
    let refused = rejection(400, &["Etwas stimmt nicht."], &[]);
    let advice = refused.failure(&context).recovery_actions.join(" ");
    assert!(
        !advice.contains("description") && advice.contains("title"),
        "{advice}"
    );
}
