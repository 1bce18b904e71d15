//! What is Data Center's own: people by name, a context path, limits that a site sets for itself, one request a read.

use docket::{
    connectors::{
        outcome::{Attached, Outcome, Sought},
        parcel::Person,
    },
    domain::export::ErrorCategory,
};
use serde_json::json;

use super::{
    super::{
        dispatch, parcel, photo,
        stand_in::{Act, Reply},
    },
    CREATE, DataCenter,
};

#[tokio::test]
async fn where_no_look_can_tell_a_person_decides() {
    let jira = DataCenter::start().await;
    let parcel = parcel();
    let mut aim = jira.connector.aim(&parcel).await.unwrap();
    for number in 1..=520 {
        let other = json!({ "id": number.to_string(), "key": format!("OPS-{number}"), "fields": {}, "properties": [] });
        jira.issues.lock().unwrap().push(other);
    }
    let endless = jira.connector.look(&parcel, &aim).await;
    assert!(
        matches!(&endless, Sought::CannotAsk(text) if text.contains("OPS-1 to OPS-500")),
        "{endless:?}"
    );
    let refuse = || Act::Answer(Reply::json(400, &json!({ "errorMessages": ["no"] })));
    jira.issues.lock().unwrap().truncate(3);
    jira.stand_in.order("/search", refuse());
    let now = jira.connector.look(&parcel, &aim).await;
    assert!(matches!(now, Sought::NotYetKnown(_)), "{now:?}");
    aim["project"] = "OLD".into();
    jira.stand_in.order("/search", refuse());
    let before = jira.connector.look(&parcel, &aim).await;
    assert!(
        matches!(&before, Sought::CannotAsk(text) if text.contains("project OLD")),
        "{before:?}"
    );
}

#[tokio::test]
async fn people_are_found_and_named_by_their_names_and_texts_are_markup() {
    let jira = DataCenter::start().await;
    let mut parcel = parcel();
    let email = Some("ada@example.com".to_owned());
    parcel.assignee = Some(Person {
        email,
        ..parcel.creator.clone()
    });
    parcel
        .custom_fields
        .insert("environment".to_owned(), json!("<p>on <b>gate</b> 4</p>"));
    let aim = jira.connector.aim(&parcel).await.unwrap();
    let outcome = dispatch(&jira.connector, &parcel, &aim).await;
    let Outcome::Created(external) = outcome else {
        panic!("no issue: {outcome:?}");
    };
    let issue = jira.issues.lock().unwrap()[0].clone();
    assert_eq!(issue["fields"]["assignee"], json!({ "name": "ada" }));
    assert_eq!(issue["fields"]["environment"], "on *gate* 4");
    assert!(
        !external.raw.contains_key("not_sent")
            || !external.raw["not_sent"].to_string().contains("assignee")
    );
}

#[tokio::test]
async fn a_description_beyond_the_sites_own_limit_is_cut() {
    let jira = DataCenter::start().await;
    let mut parcel = parcel();
    parcel.description = "<p>many words in a row</p>".repeat(200);
    let aim = jira.connector.aim(&parcel).await.unwrap();
    let refusal = json!({ "errorMessages": [], "errors": { "description": "Der eingegebene Text ist zu lang." } });
    let refusal = Act::Answer(Reply::json(400, &refusal));
    jira.stand_in.order(CREATE, refusal);
    let outcome = dispatch(&jira.connector, &parcel, &aim).await;
    let Outcome::Created(external) = outcome else {
        panic!("no issue: {outcome:?}");
    };
    assert_eq!(external.raw["description_cut"], true);
    let files = jira.connector.made_files(&parcel, &external);
    assert_eq!(files[0].filename, "description.html");
}

#[tokio::test]
async fn a_project_that_is_hidden_waits_for_an_administrator() {
    let jira = DataCenter::start().await;
    let parcel = parcel();
    let aim = jira.connector.aim(&parcel).await.unwrap();
    let missing =
        json!({ "errorMessages": ["No project could be found with key 'OPS'."], "errors": {} });
    jira.stand_in
        .order("/project/OPS", Act::Answer(Reply::json(404, &missing)));
    let unknown =
        json!({ "errorMessages": ["The value 'OPS' does not exist for the field 'project'."] });
    jira.stand_in
        .order("/search", Act::Answer(Reply::json(400, &unknown)));
    let hidden = [
        dispatch(&jira.connector, &parcel, &aim).await,
        jira.connector.aim(&parcel).await.unwrap_err(),
    ];
    for outcome in hidden {
        let Outcome::RetryLater(failure) = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(failure.category, ErrorCategory::AdminRequired);
        assert!(failure.message.contains("OPS"), "{}", failure.message);
    }
}

#[tokio::test]
async fn a_site_below_a_path_is_called_and_shown_there() {
    let jira = DataCenter::below("/jira").await;
    assert!(jira.connector.check().await.ok);
    let parcel = parcel();
    let aim = jira.connector.aim(&parcel).await.unwrap();
    let Outcome::Created(external) = dispatch(&jira.connector, &parcel, &aim).await else {
        panic!("no issue");
    };
    let url = &jira.stand_in.url;
    assert_eq!(external.url, format!("{url}/jira/browse/OPS-1"));
    assert_eq!(
        external.self_url,
        format!("{url}/jira/rest/api/2/issue/10101")
    );
    let standing = jira.connector.standing(&external).await.unwrap();
    assert_eq!(standing.unwrap().status, "In Progress");
    for asked in jira.stand_in.asked() {
        assert!(asked.path.starts_with("/jira/rest/"), "{}", asked.path);
    }
}

#[tokio::test]
async fn an_issue_of_another_site_is_left_alone() {
    let jira = DataCenter::start().await;
    let parcel = parcel();
    let aim = jira.connector.aim(&parcel).await.unwrap();
    let Outcome::Created(mut external) = dispatch(&jira.connector, &parcel, &aim).await else {
        panic!("no issue");
    };
    external.self_url = "https://old.example/rest/api/2/issue/10101".to_owned();
    let before = jira.stand_in.asked().len();
    let attached = jira.connector.attach(&external, photo()).await;
    assert!(matches!(attached, Attached::Rejected(_)), "{attached:?}");
    let known = jira.connector.files_on(&external).await;
    assert!(known.is_err(), "{known:?}");
    assert_eq!(jira.connector.standing(&external).await.unwrap(), None);
    assert_eq!(jira.stand_in.asked().len(), before);
}

#[tokio::test]
async fn a_look_takes_few_requests_and_passes_over_what_is_hidden() {
    let jira = DataCenter::start().await;
    let parcel = parcel();
    let aim = jira.connector.aim(&parcel).await.unwrap();
    for number in 1..=3 {
        let other = json!({ "id": number.to_string(), "key": format!("OPS-{number}"), "fields": {}, "properties": [] });
        jira.issues.lock().unwrap().push(other);
    }
    let before = jira.stand_in.asked().len();
    let hidden = Reply::json(
        403,
        &json!({ "errorMessages": ["You do not have the permission to see the specified issue."] }),
    );
    jira.stand_in.order("/issue/OPS-2", Act::Answer(hidden));
    assert_eq!(jira.connector.look(&parcel, &aim).await, Sought::Absent);
    let took = jira.stand_in.asked().len() - before;
    assert!(took <= 25, "{took} requests");
}
