//! Asking Jira for things that do no harm when they are asked for twice: how long to wait, how often to try again.

use std::time::Duration;

use chrono::TimeDelta;

use super::{
    change::Change,
    run::{Run, Stop},
    traffic::lock,
};
use crate::{
    connectors::jira::{CallError, HardStop, Jira, Trouble},
    domain::{export::EventDetail, time::Time},
};

/// The waits between tries after an outage; after the last one the run stops.
const OUTAGE: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
];
/// For how long in all Jira may ask to come back later, without anything going well in between, before the run stops.
const THROTTLED: Duration = Duration::from_secs(6 * 3600);
/// The first wait when Jira asks to come back later and does not say when; it doubles each time.
const THROTTLE: Duration = Duration::from_secs(1);
/// The longest such wait.
const THROTTLE_MAX: Duration = Duration::from_secs(60);
/// The wait before a request, and the least time between two creates, while Jira says that little of its limit is left.
pub(super) const NEAR_LIMIT: Duration = Duration::from_secs(1);
/// The longest wait for which a worker holds the run; a longer one is a pause.
const HELD: Duration = Duration::from_secs(60);

/// How often each kind of trouble was met since something went well.
#[derive(Debug, Default)]
pub(super) struct Patience {
    outages: usize,
    throttles: u32,
    throttled: Duration,
}

impl Run {
    /// The answer to a call that may be repeated, however often it has to be. The error of a refusal is left to the caller.
    pub(super) async fn try_ask<T, F>(
        &self,
        what: &str,
        call: impl Fn() -> F,
    ) -> Result<Result<T, CallError>, Stop>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut patience = Patience::default();
        loop {
            match self.asked(what, &call, &mut patience).await? {
                Err(CallError::Trouble(trouble)) => self.outage(&mut patience, &trouble).await?,
                answer => return Ok(answer),
            }
        }
    }

    /// As `try_ask`, for what an issue can do without: a failure of Jira's own that lasts is left to the caller, too, where Jira
    /// answers otherwise. Once that was seen, the same call is not waited for again.
    pub(super) async fn try_spare<T, F>(
        &self,
        jira: &Jira,
        what: &'static str,
        call: impl Fn() -> F,
    ) -> Result<Result<T, CallError>, Stop>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let mut patience = Patience::default();
        loop {
            let trouble = match self.asked(what, &call, &mut patience).await? {
                Err(CallError::Trouble(trouble)) => trouble,
                answer => {
                    lock(&self.failing).remove(what);
                    return Ok(answer);
                }
            };
            let lasts = patience.outages == OUTAGE.len() || lock(&self.failing).contains(what);
            if lasts && matches!(trouble, Trouble::ServerError(_)) && jira.myself().await.is_ok() {
                lock(&self.failing).insert(what);
                return Ok(Err(trouble.into()));
            }
            self.outage(&mut patience, &trouble).await?;
        }
    }

    /// One answer, asked for as often as Jira asks to come back later.
    async fn asked<T, F>(
        &self,
        what: &str,
        call: &impl Fn() -> F,
        patience: &mut Patience,
    ) -> Result<Result<T, CallError>, Stop>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        loop {
            self.keep_within_limits().await?;
            match call().await {
                Err(CallError::RetryLater { after, reason, .. }) => {
                    self.throttled(patience, after, &reason).await?;
                }
                Err(CallError::Trouble(trouble)) => {
                    tracing::warn!(%trouble, "could not {what}");
                    return Ok(Err(trouble.into()));
                }
                answer => return Ok(answer),
            }
        }
    }

    /// As `try_ask`; a refusal stops the run.
    pub(super) async fn ask<T, F>(&self, what: &str, call: impl Fn() -> F) -> Result<T, Stop>
    where
        F: Future<Output = Result<T, CallError>>,
    {
        let project = self.claimed.jira_project_key.clone();
        self.try_ask(what, call)
            .await?
            .map_err(|refused| refused.failure(&project).into())
    }

    /// Waits as an outage asks for, or stops the run when there were too many.
    pub(super) async fn outage(
        &self,
        patience: &mut Patience,
        trouble: &Trouble,
    ) -> Result<(), Stop> {
        if matches!(trouble, Trouble::AddressRefused(_)) {
            return Err(trouble.failure().into());
        }
        let Some(&wait) = OUTAGE.get(patience.outages) else {
            return Err(trouble.failure().into());
        };
        patience.outages += 1;
        self.wait(wait).await
    }

    /// Waits as Jira asks for and tells so: a long time as a pause that outlives this worker. Stops the run when Jira asked for many
    /// short waits and nothing came of them.
    pub(super) async fn throttled(
        &self,
        patience: &mut Patience,
        after: Option<Duration>,
        reason: &str,
    ) -> Result<(), Stop> {
        if patience.throttled >= THROTTLED {
            return Err(HardStop::rate_limited(after, reason).into());
        }
        // "0 seconds", or a time in the past, must not become a storm of requests.
        let own = THROTTLE
            .saturating_mul(1 << patience.throttles.min(6))
            .min(THROTTLE_MAX);
        let retry_after = after.unwrap_or_default().max(own);
        patience.throttles += 1;
        patience.throttled += retry_after;
        let reason = if reason.is_empty() {
            "retry-after"
        } else {
            reason
        };
        // Whoever else is on the way waits, too.
        let wait = TimeDelta::from_std(retry_after).unwrap_or(TimeDelta::MAX);
        let now = self.app.clock.now();
        self.traffic
            .hold_back(now.checked_add_signed(wait).unwrap_or(Time::MAX_UTC));
        if retry_after > HELD {
            // Nobody begins to wait for it.
            self.traffic.halting.cancel();
            return Err(Stop::Throttled {
                reason: reason.to_owned(),
                retry_after,
            });
        }
        let detail = EventDetail::Throttled {
            reason: reason.to_owned(),
            retry_after,
        };
        self.record_change(Change::default(), vec![detail]).await?;
        self.wait_out_the_throttle().await.map(drop)
    }

    /// Asked before everything but a create, which keeps a pace of its own. Whoever has just waited as long as Jira asked for need not slow
    /// down for the answer that asked for it.
    pub(super) async fn keep_within_limits(&self) -> Result<(), Stop> {
        match self.wait_out_the_throttle().await? {
            true => Ok(()),
            false => self.slow_down().await,
        }
    }

    /// Waits a little where Jira's latest answer said that little of its limit is left.
    async fn slow_down(&self) -> Result<(), Stop> {
        match self.jira.as_ref().is_some_and(Jira::near_limit) {
            true => self.wait_undisturbed(NEAR_LIMIT).await,
            false => Ok(()),
        }
    }

    /// Waits until the time that Jira set, also when that was before a restart. Whether there was anything to wait for.
    pub(super) async fn wait_out_the_throttle(&self) -> Result<bool, Stop> {
        let mut waited = false;
        loop {
            let now = self.app.clock.now();
            let Some(until) = self.traffic.held_back(now) else {
                return Ok(waited);
            };
            waited = true;
            self.wait((until - now).to_std().unwrap_or_default())
                .await?;
        }
    }
}
