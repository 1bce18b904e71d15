//! A client that follows an export through the ends of the processes it is connected to.

use std::{net::SocketAddr, sync::Arc, sync::Mutex, time::Duration};

use docket::proto::v1::{
    ExportEvent, ExportStatus, ResumeReason, WatchExportRequest, export_event::Detail,
    export_service_client::ExportServiceClient,
};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tonic::{Status, service::interceptor::InterceptedService};

use super::{process::channel, random::kills};
use crate::support::server::Bearer;

/// How long an export may take with everything that is done to it: so much, and as much again for each kill as one may cost.
const PATIENCE: Duration = Duration::from_secs(400);
const A_KILL: Duration = Duration::from_secs(40);
/// The wait before a lost server is called again.
const AGAIN: Duration = Duration::from_millis(20);

/// Where the server is: after a restart, elsewhere.
pub(super) type Whereabouts = Arc<Mutex<SocketAddr>>;

/// What a watcher has been told so far, each stored event as often as it came.
pub(super) type Told = Arc<Mutex<Vec<ExportEvent>>>;

/// A watcher at work.
#[derive(Debug)]
pub(super) struct Watcher {
    pub(super) told: Told,
    following: JoinHandle<()>,
}

impl Watcher {
    /// Follows the session's export from its first event to its end.
    pub(super) fn start(server: Whereabouts, bearer: Bearer, session: &str) -> Self {
        let told = Told::default();
        let follow = follow(server, bearer, session.to_owned(), Arc::clone(&told));
        Self {
            told,
            following: tokio::spawn(follow),
        }
    }

    /// All events, once the export has ended.
    pub(super) async fn events(self) -> Vec<ExportEvent> {
        let ended = timeout(PATIENCE + A_KILL * kills(), self.following).await;
        let told = self.told.lock().unwrap().clone();
        match ended {
            Ok(ended) => ended.expect("the watcher does not panic"),
            Err(_) => panic!("the export does not end; last told: {:?}", told.last()),
        }
        told
    }
}

async fn follow(server: Whereabouts, bearer: Bearer, session: String, told: Told) {
    while !ended(&told) {
        let address = *server.lock().unwrap();
        if let Err(status) = listen(address, bearer.clone(), &session, &told).await {
            tracing::debug!(%status, "the watcher has lost its server");
        }
        sleep(AGAIN).await;
    }
}

/// Notes what one server tells, from where the last one ended.
async fn listen(
    address: SocketAddr,
    bearer: Bearer,
    session: &str,
    told: &Told,
) -> Result<(), Status> {
    let mut client = ExportServiceClient::new(InterceptedService::new(channel(address), bearer));
    let last = told.lock().unwrap().last().map(|event| event.sequence);
    let request = WatchExportRequest {
        session_id: session.to_owned(),
        after_sequence: last,
    };
    let mut stream = client.watch_export(request).await?.into_inner();
    while let Some(message) = stream.message().await? {
        let event = message.event.expect("an event");
        if !matches!(event.detail, Some(Detail::Heartbeat(_))) {
            told.lock().unwrap().push(event);
        }
    }
    Ok(())
}

fn ended(told: &Told) -> bool {
    let told = told.lock().unwrap();
    let status = told.last().and_then(|event| event.export.as_ref());
    status.is_some_and(|export| {
        let status = export.status();
        status == ExportStatus::Completed || status == ExportStatus::Failed
    })
}

/// Each event came once and in its order, from the start to the completion; gives how often the run was taken over.
pub(super) fn check(events: &[ExportEvent], tickets: usize, links: usize) -> usize {
    let sequences: Vec<i64> = events.iter().map(|event| event.sequence).collect();
    let wanted: Vec<i64> = (1..).take(events.len()).collect();
    assert_eq!(sequences, wanted, "each event once, in order");
    let details = || {
        events
            .iter()
            .map(|event| event.detail.as_ref().expect("a detail"))
    };
    assert!(matches!(details().next(), Some(Detail::Started(_))));
    let last = events.last();
    assert!(
        matches!(details().next_back(), Some(Detail::Completed(_))),
        "it ends with {last:?}"
    );
    let mut orders: Vec<i32> = details()
        .filter_map(|detail| match detail {
            Detail::TicketExported(exported) => Some(exported.order),
            _ => None,
        })
        .collect();
    // Dependencies may put a ticket behind one of a higher `order`.
    orders.sort_unstable();
    let wanted: Vec<i32> = (1..).take(tickets).collect();
    assert_eq!(orders, wanted, "each ticket is told of once");
    let made = details().filter(|detail| matches!(detail, Detail::DependencyCreated(_)));
    assert_eq!(made.count(), links, "each link is told of once");
    let resumed: Vec<ResumeReason> = details()
        .filter_map(|detail| match detail {
            Detail::Resumed(resumed) => Some(resumed.reason()),
            _ => None,
        })
        .collect();
    assert!(
        resumed
            .iter()
            .all(|reason| *reason == ResumeReason::TakenOver)
    );
    resumed.len()
}

/// Whether the ticket at this place was found in Jira rather than answered.
pub(super) fn adopted(events: &[ExportEvent], order: i32) -> bool {
    let found = events.iter().find_map(|event| match &event.detail {
        Some(Detail::TicketExported(exported)) if exported.order == order => Some(exported.adopted),
        _ => None,
    });
    found.expect("the ticket is told of")
}
