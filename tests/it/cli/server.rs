//! A server as another process, and a Jira for it.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use docket::sandbox::{Options, Sandbox};
use serde_json::Value;

use super::{Said, docket};

/// A running `docket serve`; it is killed when it is dropped, as a crash would.
pub(super) struct Server {
    process: Child,
    pub(super) url: String,
}

impl Server {
    /// Starts one on this data folder and port (0: any free one), and waits until it listens.
    pub(super) fn start(data: &Path, port: u16) -> Self {
        let mut command = docket(data, &["serve"]);
        command
            .env("DATA_DIR", data)
            .env("SERVICE_PORT", port.to_string())
            .env("LOG_FORMAT", "json")
            .env("OUTBOUND_ALLOW", "127.0.0.0/8")
            .stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        log.read_line(&mut line).unwrap();
        let entry: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        assert_eq!(entry["message"], "docket is listening", "{line}");
        let url = format!("http://{}", entry["address"].as_str().unwrap());
        // A pipe that nobody empties would bring the server to a stand.
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Self { process, url }
    }

    pub(super) fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A server with its data folder.
pub(super) struct Office {
    pub(super) folder: tempfile::TempDir,
    pub(super) server: Server,
}

impl Office {
    pub(super) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), 0);
        Self { folder, server }
    }

    /// A command that calls this server, with the data folder's secret to sign with.
    pub(super) fn run(&self, args: &[&str]) -> Said {
        Said::by(&mut self.command(args))
    }

    pub(super) fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = docket(self.folder.path(), args);
        command
            .env("DATA_DIR", self.folder.path())
            .env("DOCKET_SERVER", &self.server.url);
        command
    }

    /// A token for this role.
    pub(super) fn token(&self, role: &str) -> String {
        let said = self.run(&["token", "--role", role, "--sub", "grace"]);
        said.succeeded().trim().to_owned()
    }
}

/// A sandbox with the project `DEMO`.
pub(super) async fn jira() -> Sandbox {
    Sandbox::start(Options::default()).await.unwrap()
}

/// A file that comes with the project.
pub(super) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name)
}
