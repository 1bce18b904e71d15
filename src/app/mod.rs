//! The stories docket tells, each from top to bottom: permission, load, decide, write, and only then the outside world.

use std::{future::Future, sync::Arc, time::Duration};

use chrono::TimeDelta;
use moka::sync::Cache;

use crate::{
    blobs::Blobs,
    connectors::{http::Http, scan::Scanner},
    db::Db,
    domain::{actor::Actor, attachment::Rules, sla::SlaPolicy},
};

pub mod adf_conversion;
pub mod assignments;
pub mod attachments;
pub mod bench_data;
pub mod clock;
pub mod comments;
pub mod dispatch;
pub mod drift;
mod drift_files;
mod drift_links;
mod drift_pair;
pub mod export_control;
mod export_feed;
pub(crate) mod export_outcome;
pub mod export_plan;
pub mod export_results;
pub mod export_retry;
pub mod export_revert;
mod export_target;
pub mod exports;
mod feed;
mod file_check;
mod filing;
pub mod fix_apply;
pub(crate) mod fix_files;
mod fix_issue;
mod fix_lease;
mod fix_log;
mod fix_record;
mod fix_values;
mod html;
pub mod inbound;
pub mod integration_edit;
pub mod integration_fields;
pub mod integrations;
pub(crate) mod issue_draft;
pub(crate) mod issue_files;
mod jira_calls;
pub(crate) mod journal;
pub(crate) mod kept_issues;
pub(crate) mod lease;
pub mod losses;
mod moot_fixes;
pub mod pages;
mod plan_answer;
mod plan_site;
mod plan_ticket;
mod polls;
pub mod project_check;
mod project_needs;
mod renamed;
pub mod requests;
mod results_answer;
pub mod rotation;
mod scans;
pub mod seal;
mod search_fill;
pub mod session_edit;
mod session_graph;
pub mod session_order;
pub mod session_tickets;
pub mod sessions;
mod sla;
pub mod sla_explain;
mod sla_sweep;
pub(crate) mod snapshot;
pub(crate) mod spare_files;
pub(crate) mod spare_issues;
pub(crate) mod step;
mod struct_size;
mod sweep;
pub mod ticket_batch;
pub mod ticket_change;
mod ticket_edit;
mod ticket_history;
mod ticket_text;
pub mod ticket_update;
pub mod ticket_view;
pub mod tickets;
pub mod uploads;
mod users;
pub mod vault;
pub mod wake;
pub mod watch;
pub mod watch_tickets;
pub mod workflow;

use clock::Clock;
use dispatch::{DispatchSettings, Dispatches};
use export_feed::ExportFeeds;
use feed::Feed;
use polls::Polls;
use seal::Sealer;
use vault::Vault;
use wake::Wake;

/// How many callers are remembered as recorded.
const KNOWN_CALLERS: u64 = 10_000;
/// For how long: another replica may have been told something else of them.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// Everything a story needs. One a process; every service and every worker shares it.
pub struct App {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sealer: Sealer,
    pub(crate) vault: Vault,
    pub(crate) http: Http,
    pub(crate) sla: Arc<SlaPolicy>,
    pub(crate) reopen_window: TimeDelta,
    pub(crate) blobs: Blobs,
    pub(crate) uploads: Rules,
    pub(crate) scanner: Option<Scanner>,
    pub(crate) wake: Wake,
    dispatches: Dispatches,
    export_feeds: ExportFeeds,
    feed: Feed,
    polls: Polls,
    known: Cache<String, Actor>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}

/// What an [`App`] is made of.
pub struct Parts {
    /// Where everything is kept.
    pub db: Db,
    /// Tells the time and waits.
    pub clock: Arc<dyn Clock>,
    /// Seals page tokens.
    pub sealer: Sealer,
    /// Seals credentials.
    pub vault: Vault,
    /// The one client for outside systems.
    pub http: Http,
    /// What each priority promises.
    pub sla: Arc<SlaPolicy>,
    /// For how long a closed ticket can be reopened.
    pub reopen_window: TimeDelta,
    /// Where the bytes of attachments lie.
    pub blobs: Blobs,
    /// What may be attached.
    pub uploads: Rules,
    /// What scans files that come in; none: they are not scanned.
    pub scanner: Option<Scanner>,
    /// How tickets are handed to outside systems.
    pub dispatch: DispatchSettings,
}

impl App {
    /// An app from its parts.
    pub fn new(parts: Parts) -> Self {
        let Parts {
            db,
            clock,
            sealer,
            vault,
            http,
            sla,
            reopen_window,
            blobs,
            uploads,
            scanner,
            dispatch,
        } = parts;
        let known = Cache::builder()
            .max_capacity(KNOWN_CALLERS)
            .time_to_live(KNOWN_FOR)
            .build();
        Self {
            db,
            clock,
            sealer,
            vault,
            http,
            sla,
            reopen_window,
            blobs,
            uploads,
            scanner,
            wake: Wake::default(),
            dispatches: Dispatches::new(dispatch),
            export_feeds: ExportFeeds::default(),
            feed: Feed::default(),
            polls: Polls::default(),
            known,
        }
    }

    /// Waits for what is being written, then closes the database.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Passes on wake-ups, to and from other replicas too, and what happens to tickets, until `stop` resolves.
    pub async fn listen(&self, stop: impl Future<Output = ()> + Send) {
        let relays = async {
            tokio::join!(
                wake::relay(&self.db, &self.wake, &*self.clock),
                feed::run(self),
                feed::tell(self),
            )
        };
        tokio::select! {
            () = stop => (),
            _ = relays => (),
        }
    }
}
