//! The Jira connector against a Jira that runs here, with faults to order.

mod check;
mod create;
mod http;
mod probe;
mod project;
mod secrets;

use std::time::Duration;

use docket::{
    connectors::{
        JiraCredentials,
        http::{Http, HttpSettings},
        jira::{Jira, Marker, NewIssue},
    },
    domain::{
        ids::{ExportId, TicketId},
        integration::{JiraConfig, JiraDeployment},
    },
    sandbox::{Options, Sandbox},
};
use serde_json::json;
use uuid::Uuid;

/// A sandbox and a connection to it.
struct Bench {
    sandbox: Sandbox,
    jira: Jira,
}

/// Limits under which the sandbox's loopback address may be called.
fn settings() -> HttpSettings {
    HttpSettings {
        allowed: vec!["127.0.0.0/8".parse().unwrap()],
        ..HttpSettings::default()
    }
}

/// Limits for a call that is meant to time out.
fn hasty() -> HttpSettings {
    HttpSettings {
        total_timeout: Duration::from_millis(300),
        ..settings()
    }
}

fn config(site_url: &str, project_key: &str) -> JiraConfig {
    JiraConfig {
        site_url: JiraConfig::site_url(site_url).unwrap(),
        project_key: project_key.into(),
        issue_type: JiraConfig::DEFAULT_ISSUE_TYPE.into(),
        deployment: JiraDeployment::Cloud,
        export_delay: Duration::ZERO,
        concurrency: 1,
    }
}

fn jira(site_url: &str, settings: &HttpSettings, token: &str) -> Jira {
    let http = Http::new(settings).unwrap();
    let credentials = JiraCredentials::new(Options::EMAIL, token.into()).unwrap();
    Jira::new(&http, &config(site_url, "DEMO"), &credentials)
}

impl Bench {
    async fn new() -> Self {
        Self::with(Options::default(), &settings()).await
    }

    async fn with(options: Options, settings: &HttpSettings) -> Self {
        let sandbox = Sandbox::start(options).await.unwrap();
        let jira = jira(&sandbox.url(), settings, Options::TOKEN);
        Self { sandbox, jira }
    }
}

fn marker(ticket: u128) -> Marker {
    Marker {
        ticket: TicketId(Uuid::from_u128(ticket)),
        task: ExportId(Uuid::from_u128(1000)),
        attempt: 0,
    }
}

/// An issue with the fewest fields.
fn issue(ticket: u128) -> NewIssue {
    let fields = json!({
        "project": { "key": "DEMO" },
        "issuetype": { "id": "10001" },
        "summary": format!("Ticket {ticket}"),
    });
    NewIssue {
        fields: fields.as_object().unwrap().clone(),
        marker: marker(ticket),
    }
}
