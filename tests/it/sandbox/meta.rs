//! What a client learns before it exports.

use docket::sandbox::{Project, SPRINT, STORY_POINTS, Site};
use serde_json::{Value, json};

use super::Jira;

fn names(list: &Value, name: &str) -> Vec<String> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| entry[name].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn create_metadata_comes_in_pages() {
    let jira = Jira::start().await;
    let path = "/rest/api/3/issue/createmeta/DEMO/issuetypes";
    let types = jira
        .get(&format!("{path}?startAt=1&maxResults=2"))
        .await
        .body;
    assert_eq!(names(&types["issueTypes"], "name"), ["Bug", "Story"]);
    assert_eq!(types["total"], 5);

    let mut fields = Vec::new();
    loop {
        let page = jira
            .get(&format!(
                "{path}/10001?startAt={}&maxResults=4",
                fields.len()
            ))
            .await
            .body;
        fields.extend(page["fields"].as_array().unwrap().clone());
        if fields.len() as u64 >= page["total"].as_u64().unwrap() {
            break;
        }
    }
    let find = |id: &str| fields.iter().find(|field| field["fieldId"] == id).unwrap();
    assert_eq!(find("summary")["required"], true);
    assert_eq!(
        names(&find("priority")["allowedValues"], "name"),
        ["Highest", "High", "Medium", "Low", "Lowest"]
    );
    assert_eq!(
        find(SPRINT)["schema"]["custom"],
        "com.pyxis.greenhopper.jira:gh-sprint"
    );
    assert_eq!(
        jira.get("/rest/api/3/issue/createmeta/demo/issuetypes")
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn a_field_off_the_screen_is_not_in_the_metadata() {
    let project = Project::new("DEMO", "Demo")
        .without_field(None, "labels")
        .with_priorities(&[])
        .with_board(None);
    let jira = Jira::with_site(Site::new("Test").with_project(project)).await;
    let page = jira
        .get("/rest/api/3/issue/createmeta/DEMO/issuetypes/10002")
        .await
        .body;
    let ids = names(&page["fields"], "fieldId");
    for id in ["labels", "priority", SPRINT] {
        assert!(!ids.iter().any(|known| known == id), "{id} in {ids:?}");
    }
    jira.created(json!({})).await;
}

#[tokio::test]
async fn the_site_and_its_projects_can_be_read() {
    let jira = Jira::with_site(Site::demo().with_project(Project::new("OPS", "Operations"))).await;
    assert_eq!(
        jira.get("/rest/api/3/project/OPS").await.body["id"],
        "10001"
    );
    assert_eq!(jira.get("/rest/api/3/project/ops").await.status, 404);
    let found = jira
        .get("/rest/api/3/project/search?query=oper&maxResults=10")
        .await
        .body;
    assert_eq!(names(&found["values"], "key"), ["OPS"]);
    assert_eq!(
        jira.get("/rest/api/3/configuration").await.body["attachmentsEnabled"],
        true
    );
    assert_eq!(
        jira.get("/rest/api/3/serverInfo").await.body["deploymentType"],
        "Cloud"
    );
    assert_eq!(
        jira.get("/rest/api/3/priority")
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        5
    );
    assert!(
        names(&jira.get("/rest/api/3/field").await.body, "id").contains(&STORY_POINTS.to_owned())
    );
    assert_eq!(
        jira.get("/rest/api/3/myself").await.body["emailAddress"],
        "demo@example.com"
    );
}

#[tokio::test]
async fn permissions_are_told() {
    let jira = Jira::with_site(Site::demo().without_permission("LINK_ISSUES")).await;
    let path = "/rest/api/3/mypermissions";
    let told = jira
        .get(&format!(
            "{path}?permissions=LINK_ISSUES,CREATE_ISSUES&projectKey=DEMO"
        ))
        .await
        .body;
    assert_eq!(told["permissions"]["LINK_ISSUES"]["havePermission"], false);
    assert_eq!(told["permissions"]["CREATE_ISSUES"]["havePermission"], true);
    assert_eq!(jira.get(path).await.status, 400);
    assert_eq!(
        jira.get(&format!("{path}?permissions=FLY")).await.status,
        400
    );
    assert_eq!(
        jira.get(&format!("{path}?permissions=LINK_ISSUES&projectKey=NO"))
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn people_are_found_by_name_and_by_address_even_when_it_is_hidden() {
    let ada = "712020:00000000-0000-4000-8000-000000000001";
    let jira = Jira::with_site(
        Site::new("Test").with_project(Project::new("DEMO", "Demo").without_assignee(ada)),
    )
    .await;
    let find = async |path: &str| jira.get(path).await.body;
    let assignable = "/rest/api/3/user/assignable/search";
    assert_eq!(
        find(&format!("{assignable}?project=DEMO&query=ada")).await,
        json!([])
    );
    assert_eq!(
        names(
            &find("/rest/api/3/user/search?query=byron").await,
            "displayName"
        ),
        ["Ada Byron"]
    );
    let hidden = find(&format!(
        "{assignable}?project=DEMO&query=katherine%40example.com"
    ))
    .await;
    assert_eq!(names(&hidden, "displayName"), ["Katherine Johnson"]);
    assert_eq!(hidden[0].get("emailAddress"), None);
    assert_eq!(
        find(&format!("{assignable}?project=DEMO"))
            .await
            .as_array()
            .unwrap()
            .len(),
        11
    );
    assert_eq!(jira.get(assignable).await.status, 400);
    assert_eq!(
        find(&format!("/rest/api/3/user?accountId={ada}")).await["active"],
        true
    );
}

#[tokio::test]
async fn boards_lead_to_sprints_and_estimates() {
    let jira = Jira::start().await;
    let boards = jira
        .get("/rest/agile/1.0/board?projectKeyOrId=DEMO")
        .await
        .body;
    let board = format!("/rest/agile/1.0/board/{}", boards["values"][0]["id"]);
    assert_eq!(jira.get(&board).await.body["name"], "DEMO board");
    let setup = jira.get(&format!("{board}/configuration")).await.body;
    assert_eq!(setup["estimation"]["field"]["fieldId"], STORY_POINTS);
    let sprints = jira
        .get(&format!("{board}/sprint?state=active,future"))
        .await
        .body;
    assert_eq!(
        names(&sprints["values"], "name"),
        ["DEMO Sprint 2", "DEMO Sprint 3"]
    );
    let sprint = format!("/rest/agile/1.0/sprint/{}", sprints["values"][1]["id"]);
    assert_eq!(jira.get(&sprint).await.body["state"], "future");

    let key = jira.created(json!({})).await;
    let path = format!("{sprint}/issue");
    assert_eq!(
        jira.post(&path, &json!({"issues": [key]})).await.status,
        204
    );
    assert_eq!(
        jira.sandbox.issue(&key).unwrap().fields[SPRINT][0]["name"],
        "DEMO Sprint 3"
    );
    assert_eq!(
        jira.post(&path, &json!({"issues": vec!["DEMO-1"; 51]}))
            .await
            .status,
        400
    );
    assert_eq!(
        jira.post(&path, &json!({"issues": ["DEMO-9"]}))
            .await
            .status,
        400
    );
    assert_eq!(
        jira.post("/rest/agile/1.0/sprint/11/issue", &json!({"issues": [key]}))
            .await
            .status,
        400
    );
    assert_eq!(
        jira.post("/rest/agile/1.0/sprint/99/issue", &json!({"issues": [key]}))
            .await
            .status,
        404
    );
}
