//! A Jira that runs here: for `docket demo`, for tests, for anyone without a Jira account.
//!
//! It keeps issues in memory and answers the part of Jira Cloud's REST API (platform v3, agile 1.0) that an export uses,
//! with Jira's checks, refusals and gaps in the numbers. [`Fault`]s can be ordered for any call, in the process by
//! [`Sandbox::order`] and from outside by `POST /_sandbox/faults`.

mod adf;
mod adf_marks;
mod agile;
mod answer;
mod attachments;
mod browse;
mod call;
mod control;
mod exchange;
mod faults;
mod fields;
mod issues;
mod late;
mod limits;
mod links;
mod meta;
mod operation;
mod options;
mod page;
mod people;
mod project;
mod properties;
mod render;
mod respond;
mod routes;
mod search;
mod server;
mod shared;
mod site;
mod state;
mod touch;
mod validate;
mod values;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;

use self::{server::Server, shared::Shared};

pub use self::{
    adf::{Fault as AdfFault, TEXT_LIMIT, check as check_adf, plain_text},
    control::Snapshot,
    exchange::Exchange,
    faults::{Action, Calls, Fault},
    fields::{Field, FieldKind, SPRINT, STORY_POINTS},
    limits::Limits,
    operation::Operation,
    options::{Clock, Numbering, Options},
    project::{Board, IssueType, Priority, Project, ScreenRule, Sprint, SprintState},
    site::{LinkType, PERMISSIONS, Site, User},
    state::{Attachment, Issue, Link},
    touch::{Person, Touch},
};

/// A running sandbox. It stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    _stop: DropGuard,
}

impl Sandbox {
    /// Starts a sandbox on 127.0.0.1.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(options: Options) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::new(options, &format!("http://{address}")));
        let server = Server {
            shared: Arc::clone(&shared),
            router: routes::router(Arc::clone(&shared)),
        };
        shared.tasks.spawn(server.run(listener));
        Ok(Self {
            address,
            _stop: shared.stop.clone().drop_guard(),
            shared,
        })
    }

    /// The address of the site, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes every connection and waits until all work has ended.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    /// Orders a fault.
    pub fn order(&self, fault: Fault) {
        self.shared.orders().add(fault);
    }

    /// The orders that still stand.
    pub fn orders(&self) -> Vec<Fault> {
        self.shared.orders().standing()
    }

    /// Takes all orders back.
    pub fn clear_orders(&self) {
        self.shared.orders().clear();
    }

    /// All issues, the oldest first.
    pub fn issues(&self) -> Vec<Issue> {
        self.shared.state().issues().cloned().collect()
    }

    /// The issue of this id or key, whether or not reads miss it.
    pub fn issue(&self, id_or_key: &str) -> Option<Issue> {
        self.shared.state().issue(id_or_key).cloned()
    }

    /// All links.
    pub fn links(&self) -> Vec<Link> {
        self.shared.state().links.clone()
    }

    /// All attachments, with their bytes.
    pub fn attachments(&self) -> Vec<Attachment> {
        self.shared.state().attachments.clone()
    }

    /// The calls of Jira's API and their answers, the oldest first; those of the control are not among them.
    pub fn requests(&self) -> Vec<Exchange> {
        self.shared.log().all()
    }

    /// The calls of one operation.
    pub fn requests_of(&self, operation: Operation) -> Vec<Exchange> {
        let mut found = self.requests();
        found.retain(|exchange| exchange.operation == Some(operation));
        found
    }

    /// Lets somebody else create an issue, and gives its key; `None` for an unknown project.
    pub fn foreign_issue(&self, project: &str, summary: &str) -> Option<String> {
        self.shared.state().insert_foreign(project, summary)
    }

    /// Gives a project another key, as an administrator does; `false` for an unknown project.
    pub fn rename_project(&self, old: &str, new: &str) -> bool {
        self.shared.state().rename_project(old, new).is_some()
    }

    /// Lets somebody do something to an issue by hand; `false` where there is no such issue.
    pub fn touch(&self, key: &str, person: Person, touch: &Touch) -> bool {
        touch::touch(&mut self.shared.state(), key, person, touch).is_some()
    }

    /// Changes the site while it runs: takes a person away, a permission, a field.
    pub fn change_site(&self, change: impl FnOnce(&mut Site)) {
        change(&mut self.shared.state().site);
    }

    /// Makes every call take at least this long.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.set_latency(latency);
    }

    /// Lets search catch up with all issues.
    pub fn reindex(&self) {
        self.shared
            .state()
            .issues_mut()
            .for_each(|issue| issue.hidden_searches = 0);
    }
}
