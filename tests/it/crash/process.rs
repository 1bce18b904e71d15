//! `docket serve` as a process of its own, which a test can kill, stop and wake.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout},
};
use tonic::transport::{Channel, Endpoint};

/// How long anything may take that is to happen by itself, on a machine that is busy with other tests.
const SOON: Duration = Duration::from_secs(30);
/// How often a condition is looked at that nothing tells of.
const LOOK: Duration = Duration::from_millis(5);

/// The lines that a process has logged.
#[derive(Clone, Debug, Default)]
pub(super) struct Log(Arc<Mutex<Vec<String>>>);

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub(super) struct Docket {
    child: Child,
    address: SocketAddr,
    log: Log,
}

impl Docket {
    /// Starts a process with these settings and no others, on a port that the system chooses, and waits until it listens.
    pub(super) async fn start(settings: &[(&str, &str)]) -> Self {
        let mut command = binary();
        command
            .arg("serve")
            .envs(settings.iter().copied())
            .env("SERVICE_PORT", "0")
            .env("LOG_FORMAT", "json")
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let log = Log::default();
        let listening = log.follow(child.stderr.take().expect("a pipe"));
        let mut process = Self {
            child,
            address: ([127, 0, 0, 1], 0).into(),
            log,
        };
        let address = timeout(SOON, listening).await.expect("it listens in time");
        process.address = address.expect("it listens before it ends");
        process
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection, made when it is first used.
    pub(super) fn channel(&self) -> Channel {
        channel(self.address)
    }

    /// Waits until the process has ended.
    pub(super) async fn ended(&mut self) -> ExitStatus {
        let give_up = Instant::now() + SOON;
        loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                return status;
            }
            assert!(Instant::now() < give_up, "it goes on");
            sleep(LOOK).await;
        }
    }

    /// Ends the process as a power cut would.
    pub(super) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Sends a signal such as `STOP`.
    pub(super) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("kill is there").success(), "{name} is not sent");
    }

    /// Waits until the process has logged a line that holds this text.
    pub(super) async fn logged(&self, text: &str) {
        let what = format!("a line with {text:?}");
        until(&what, || self.log.has(text)).await;
    }
}

impl Drop for Docket {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the log of {}:\n{}", self.address, self.log.end());
        }
    }
}

impl Log {
    /// Reads the log to its end, in a thread of its own; the address is told once the process listens.
    fn follow(&self, pipe: ChildStderr) -> oneshot::Receiver<SocketAddr> {
        let (told, listening) = oneshot::channel();
        let mut told = Some(told);
        let log = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if let Some(address) = listens_at(&line)
                    && let Some(told) = told.take()
                {
                    let _ = told.send(address);
                }
                log.0.lock().unwrap().push(line);
            }
        });
        listening
    }

    fn has(&self, text: &str) -> bool {
        self.0
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains(text))
    }

    fn end(&self) -> String {
        let lines = self.0.lock().unwrap();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

/// The binary under test, which inherits nothing from the test's environment.
pub(super) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.env_clear();
    command
}

/// A connection to a process, made when it is first used.
pub(super) fn channel(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("a URL");
    endpoint.connect_lazy()
}

/// Waits until the condition holds, and fails instead of hanging when it never does.
pub(super) async fn until(what: &str, condition: impl Fn() -> bool) {
    let give_up = Instant::now() + SOON;
    while !condition() {
        assert!(Instant::now() < give_up, "not in time: {what}");
        sleep(LOOK).await;
    }
}

fn listens_at(line: &str) -> Option<SocketAddr> {
    let entry: serde_json::Value = serde_json::from_str(line).ok()?;
    let listens = entry["message"] == "docket is listening";
    listens.then(|| entry["address"].as_str()?.parse().ok())?
}
