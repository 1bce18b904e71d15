//! What all connections share: the site's state, the standing orders, the record, the account.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use http::{HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    answer::Refusal,
    call::Call,
    exchange::Log,
    faults::Orders,
    late::Late,
    limits::{Limits, Meter},
    operation::Operation,
    options::{Clock, Options},
    state::{State, Visibility},
};

/// Room for what surrounds a file in a multipart body.
const FORM_ALLOWANCE: u64 = 1 << 20;

/// Shared by all connections of one sandbox.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    orders: Mutex<Orders>,
    log: Mutex<Log>,
    meter: Mutex<Meter>,
    late: Mutex<Vec<Late>>,
    email: String,
    token: SecretString,
    limits: Option<Limits>,
    clock: Clock,
    search_lag: u32,
    latency_ms: AtomicU64,
    pub(super) tasks: TaskTracker,
    pub(super) stop: CancellationToken,
}

impl Shared {
    pub(super) fn new(options: Options, base: &str) -> Self {
        Self {
            state: Mutex::new(State::new(&options, base)),
            orders: Mutex::default(),
            log: Mutex::new(Log::new(options.remembered_exchanges)),
            meter: Mutex::default(),
            late: Mutex::default(),
            email: options.email,
            token: options.token,
            limits: options.limits,
            clock: options.clock,
            search_lag: options.search_lag,
            latency_ms: AtomicU64::new(0),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub(super) fn orders(&self) -> MutexGuard<'_, Orders> {
        lock(&self.orders)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        lock(&self.log)
    }

    pub(super) fn late(&self) -> MutexGuard<'_, Vec<Late>> {
        lock(&self.late)
    }

    pub(super) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_ms.load(Ordering::Relaxed))
    }

    pub(super) fn set_latency(&self, latency: Duration) {
        let ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        self.latency_ms.store(ms, Ordering::Relaxed);
    }

    /// How well new issues can be seen when no fault says otherwise.
    pub(super) fn visibility(&self) -> Visibility {
        Visibility {
            hidden_reads: 0,
            hidden_searches: self.search_lag,
        }
    }

    /// The largest body that is read at all.
    pub(super) fn body_limit(&self) -> usize {
        let files = self.state().site.upload_limit.saturating_mul(2);
        usize::try_from(files.saturating_add(FORM_ALLOWANCE)).unwrap_or(usize::MAX)
    }

    /// Lets a call in, or refuses it before any work: by its credentials, then by its rate.
    pub(super) fn admit(&self, call: &Call) -> Result<(), Refusal> {
        let given = call.headers.get(AUTHORIZATION);
        let open = given.is_none() && call.operation == Some(Operation::ServerInfo);
        if !open && !given.is_some_and(|header| self.knows(header)) {
            let text = "Client must be authenticated to access this resource.";
            let challenge = HeaderValue::from_static("Basic realm=\"Jira\"");
            return Err(Refusal::message(401, text).header("www-authenticate", challenge));
        }
        match &self.limits {
            None => Ok(()),
            Some(limits) => {
                lock(&self.meter).admit(limits, self.clock.now(), &call.method, call.issue())
            }
        }
    }

    fn knows(&self, header: &HeaderValue) -> bool {
        let account = || {
            let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
            let decoded = STANDARD.decode(encoded.trim()).ok()?;
            let text = String::from_utf8(decoded).ok()?;
            let (email, token) = text.split_once(':')?;
            let same =
                email.eq_ignore_ascii_case(&self.email) && token == self.token.expose_secret();
            (scheme.eq_ignore_ascii_case("basic") && same).then_some(())
        };
        account().is_some()
    }
}

/// A panic in a test's closure must not take the sandbox with it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
