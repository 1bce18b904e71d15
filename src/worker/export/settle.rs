//! Settling a doubt: whether a create that had no clear answer made an issue.

use std::time::Duration;

use super::{
    passage::Passage,
    run::{Run, Stop},
};
use crate::connectors::{
    jira::{HardStop, IssueRef, Probe, Trouble},
    outcome::is_of_gateway,
};

/// Why it is not known whether an issue exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// Jira answered with a failure: it is done with the request, and may have done the work.
    Failed,
    /// No readable answer came, or that of a gateway which has stopped waiting: Jira may do the work yet.
    Silent,
    /// Jira asked to wait after all looks had shown nothing, and was given that time: it may have done the work meanwhile.
    Waited,
    /// An earlier worker meant to create the issue, and died or lost its lease.
    Interrupted,
}

/// Waits before each look after a failure that Jira answered with.
const AFTER_FAILURE: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(3),
];
/// Waits before each look when Jira may still be at work: 30 s in all.
const AFTER_SILENCE: [Duration; 6] = [
    Duration::ZERO,
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
];

/// How many keys a person is told to look at where docket could not.
const LOOKED_AT: i64 = 100;

impl Doubt {
    /// The doubt that a create with this trouble leaves.
    pub(super) fn of(trouble: &Trouble) -> Self {
        match trouble {
            Trouble::ServerError(status) if is_of_gateway(*status) => Self::Silent,
            Trouble::ServerError(_) | Trouble::Overloaded { .. } => Self::Failed,
            _ => Self::Silent,
        }
    }

    pub(super) fn waits(self) -> &'static [Duration] {
        match self {
            Self::Failed => &AFTER_FAILURE,
            Self::Silent | Self::Interrupted => &AFTER_SILENCE,
            Self::Waited => &AFTER_FAILURE[..1],
        }
    }
}

impl Run {
    /// Looks for the ticket's issue, again and again within a bounded time. `None`: there is none, as every look showed. When a look
    /// cannot be had, nothing is known, and the run stops rather than risk a second issue.
    pub(super) async fn settle(
        &self,
        passage: &Passage<'_>,
        doubt: Doubt,
    ) -> Result<Option<IssueRef>, Stop> {
        let after = passage.item.high_key.unwrap_or_default();
        let marker = self.marker(passage);
        let project = self.project.clone();
        let jira = passage.jira;
        let context = passage.context(&project);
        let unknown = |end: i64| Stop::from(HardStop::uncertain(&context, after + 1..=end));
        for wait in doubt.waits() {
            self.wait_undisturbed(*wait).await?;
            let looked = self
                .try_ask("look for an issue", || {
                    jira.find_created(&project, after, &marker)
                })
                .await;
            match looked {
                Ok(Ok(Probe::Found(issue))) => return Ok(Some(issue)),
                Ok(Ok(Probe::Absent { .. })) => (),
                Ok(Ok(Probe::Unfinished { searched_to })) => return Err(unknown(searched_to)),
                // Such as a token that was revoked meanwhile.
                Ok(Err(refused)) => {
                    let stop = refused.failure(&project);
                    return Err(stop
                        .in_doubt(&context, after + 1..=after + LOOKED_AT)
                        .into());
                }
                Err(Stop::Hard(_)) => return Err(unknown(after + LOOKED_AT)),
                Err(stop) => return Err(stop),
            }
        }
        Ok(None)
    }
}
