//! What docket itself adds to the time that Jira takes, and what a plain loop of Python's `jira` package adds.

use std::time::Duration;

use docket::domain::export_log::LogKind;
use serde_json::{Value, json};

use super::{
    figures::{Figure, ms},
    python::Python,
    stage::{Database, Jira, Stage},
    times::whole,
};

/// How long each call to Jira takes at least.
const LATENCY: Duration = Duration::from_millis(50);

/// Exports a session from each database, and does the same by the loop.
pub(crate) async fn measure(databases: &[Database], tickets: usize) -> Vec<Figure> {
    let python = Python::prepare();
    let mut figures = Vec::new();
    let (mut walls, mut work) = (Vec::new(), json!(null));
    for database in databases {
        let stage = Stage::start(database, LATENCY).await;
        let session = stage.session(tickets).await;
        let events = stage.export(&session).await;
        let log = stage.log(&session).await;
        let calls: Vec<_> = log.iter().filter(|e| e.kind == LogKind::Request).collect();
        let latency: i64 = calls.iter().filter_map(|call| call.latency_micros).sum();
        let (wall, latency) = (whole(&events).as_secs_f64(), latency as f64 / 1e6);
        let bare = LATENCY.as_secs_f64() * calls.len() as f64;
        let name = database.name();
        let each = |seconds: f64| ms(seconds / tickets as f64);
        let told = format!("{name}: a ticket in all ({} calls)", calls.len());
        figures.push(Figure::told(told, each(wall)));
        let told = format!("{name}: a ticket's calls, as docket waited for them");
        figures.push(Figure::told(told, each(latency)));
        let told = format!("{name}: docket's own time a ticket");
        figures.push(Figure::told(told, each(wall - latency)));
        let told = format!("{name}: own time, of its calls' latency");
        let own = (wall - latency) / latency * 100.0;
        figures.push(Figure::below(told, own, 5.0, "%"));
        let told = format!("{name}: everything beyond 50 ms a call, of the 50 ms");
        let beyond = (wall - bare) / bare * 100.0;
        figures.push(Figure::told(told, format!("{beyond:.2}%")));
        walls.push((name, wall));
        work = to_do(&stage.jira.state().await);
    }
    for prefetch in [true, false] {
        let jira = Jira::start(LATENCY).await;
        let took = python.work(&jira, &work, prefetch);
        let calls = jira.calls().await;
        let how = if prefetch { "" } else { ", prefetch=False" };
        let told = format!("Python's jira{how}: a ticket in all ({calls} calls)");
        figures.push(Figure::told(told, ms(took / tickets as f64)));
        for (name, wall) in &walls {
            let told = format!("Python's jira{how}, of docket on {name}");
            figures.push(Figure::told(told, format!("{:.2} times", took / wall)));
        }
    }
    figures
}

/// The fields of every issue that Jira has, as one would send them, and the links between them, by the issues' places.
fn to_do(state: &Value) -> Value {
    let list = |name: &str| state[name].as_array().cloned().expect("a list");
    let issues = list("issues");
    let place = |key: &Value| issues.iter().position(|issue| issue["key"] == *key);
    let links: Vec<Value> = list("links")
        .iter()
        .map(|link| {
            let (inward, outward) = (place(&link["inward"]), place(&link["outward"]));
            json!({"type": link["type_name"], "inward": inward, "outward": outward})
        })
        .collect();
    let sent = issues.iter().map(|issue| {
        let fields = &issue["fields"];
        json!({
            "project": {"key": issue["project"]},
            "issuetype": {"name": fields["issuetype"]["name"]},
            "summary": fields["summary"],
            "description": fields["description"],
            "labels": fields["labels"],
            "priority": {"id": fields["priority"]["id"]},
        })
    });
    json!({"links": links, "issues": sent.collect::<Vec<_>>()})
}
