//! Asking a running export to pause, to go on or to stop, and waiting for what comes of it.

use std::time::Duration;

use docket::{
    domain::actor::Role,
    proto::v1::{
        CancelExportRequest, Export, ExportEvent, PauseExportRequest, ResumeExportRequest,
        ResumeReason, SetIntegrationEnabledRequest, WatchExportRequest, export_event::Detail,
    },
    sandbox::{Action, Fault, Operation},
};
use tonic::Status;
use tonic_types::StatusExt as _;

use super::bench::{Bench, kinds};
use crate::support::server::Caller;

/// What is asked of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Pause,
    Resume,
    Cancel,
}

impl Bench {
    pub(super) async fn ask(&self, ask: Ask) -> Result<Export, Status> {
        self.ask_as(Role::SeniorEngineer, &self.session, ask).await
    }

    pub(super) async fn ask_as(
        &self,
        caller: impl Into<Caller>,
        session: &str,
        ask: Ask,
    ) -> Result<Export, Status> {
        let mut exports = self.server.exports(caller);
        let session_id = session.to_owned();
        let export = match ask {
            Ask::Pause => {
                let asked = exports
                    .pause_export(PauseExportRequest { session_id })
                    .await?;
                asked.into_inner().export
            }
            Ask::Resume => {
                let asked = exports.resume_export(ResumeExportRequest { session_id });
                asked.await?.into_inner().export
            }
            Ask::Cancel => {
                let asked = exports.cancel_export(CancelExportRequest { session_id });
                asked.await?.into_inner().export
            }
        };
        Ok(export.unwrap())
    }

    /// Every event from the first to the first of this kind behind `after`.
    pub(super) async fn events_until(&self, kind: &str, after: usize) -> Vec<ExportEvent> {
        let request = WatchExportRequest {
            session_id: self.session.clone(),
            after_sequence: None,
        };
        let mut exports = self.exports();
        let mut stream = exports.watch_export(request).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(message) = stream.message().await.unwrap() {
            events.push(message.event.unwrap());
            if events.len() > after && kinds(&events).last() == Some(&kind) {
                return events;
            }
        }
        panic!("no {kind} among {:?}", kinds(&events));
    }

    /// Switches the integration on or off.
    pub(super) async fn switch(&self, enabled: bool) {
        let request = SetIntegrationEnabledRequest {
            id: self.integration.clone(),
            enabled,
        };
        let mut integrations = self.server.integrations(Role::Admin);
        integrations.set_integration_enabled(request).await.unwrap();
    }

    /// Starts, and holds the second create in Jira while `meanwhile` is done.
    pub(super) async fn during_the_second_create(&self, meanwhile: impl AsyncFnOnce()) {
        let slow = Fault::on(Operation::CreateIssue, Action::Delay { ms: 600 });
        self.jira.order(slow.nth(2));
        self.start().await.unwrap();
        self.until(|| self.creates() == 2).await;
        meanwhile().await;
    }

    pub(super) async fn until(&self, condition: impl Fn() -> bool) {
        for _ in 0..3000 {
            if condition() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("not in time");
    }
}

/// The reason in an error's details.
pub(super) fn reason(refused: &Status) -> String {
    refused.get_details_error_info().unwrap().reason
}

/// Why the export went on, each time that it did.
pub(super) fn resumed(events: &[ExportEvent]) -> Vec<ResumeReason> {
    let reason = |event: &ExportEvent| match event.detail.as_ref()? {
        Detail::Resumed(resumed) => Some(resumed.reason()),
        _ => None,
    };
    events.iter().filter_map(reason).collect()
}
