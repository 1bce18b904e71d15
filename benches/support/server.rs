//! The server under load: a process of its own.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// A running `docket serve` on a folder of its own; it ends with this value.
pub(crate) struct Server {
    pub(crate) process: Child,
    /// Its database and files, where the settings name no others.
    pub(crate) folder: TempDir,
    settings: Vec<(String, String)>,
    pub(crate) url: String,
}

impl Server {
    /// Starts it with these settings beside this process's own, and waits until it listens.
    pub(crate) fn start(settings: &[(String, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut process = docket(&folder, settings)
            .arg("serve")
            .env("SERVICE_PORT", "0")
            .env("LOG_FORMAT", "json")
            .env("LOG_LEVEL", "warn,docket::cli=info")
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut log = BufReader::new(process.stderr.take().expect("a pipe"));
        let mut line = String::new();
        log.read_line(&mut line).expect("a line");
        let entry: serde_json::Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
        let address = entry["address"]
            .as_str()
            .unwrap_or_else(|| panic!("{line}"));
        let url = format!("http://{address}");
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::stderr()));
        Self {
            process,
            folder,
            settings: settings.to_vec(),
            url,
        }
    }

    /// A token that it accepts.
    pub(crate) fn token(&self, sub: &str, role: &str) -> String {
        let output = docket(&self.folder, &self.settings)
            .args(["token", "--sub", sub, "--role", role, "--team", "core"])
            .output()
            .expect("a token");
        String::from_utf8(output.stdout)
            .expect("text")
            .trim()
            .to_owned()
    }
}

/// The program, with a folder and these settings of its own.
fn docket(folder: &TempDir, settings: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command
        .env("DATA_DIR", folder.path())
        .envs(settings.iter().cloned());
    command
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
