//! Python's `jira` package, in an environment of its own under `target`.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use docket::sandbox::Options;
use serde_json::Value;

use super::stage::Jira;

/// The version that is compared with.
const PACKAGE: &str = "jira==3.10.5";
/// What it does.
const LOOP: &str = include_str!("loop.py");

pub(crate) struct Python(PathBuf);

impl Python {
    /// Installs the package, unless it is there.
    pub(crate) fn prepare() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("export-python");
        let python = folder.join("bin/python");
        let is_there = Command::new(&python)
            .args(["-c", "import jira"])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !is_there {
            run(Command::new("python3").args(["-m", "venv"]).arg(&folder));
            run(Command::new(&python).args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                PACKAGE,
            ]));
        }
        Self(python)
    }

    /// Creates the issues and links; gives the seconds that it took, without the start.
    pub(crate) fn work(&self, jira: &Jira, work: &Value, prefetch: bool) -> f64 {
        let mut process = Command::new(&self.0)
            .args(["-c", LOOP, &jira.url, Options::EMAIL, Options::TOKEN])
            .arg(prefetch.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut stdin = process.stdin.take().expect("a pipe");
        stdin.write_all(work.to_string().as_bytes()).expect("read");
        drop(stdin);
        let output = process.wait_with_output().expect("an end");
        assert!(output.status.success(), "the loop failed");
        let took = String::from_utf8(output.stdout).expect("text");
        took.trim().parse().expect("seconds")
    }
}

fn run(command: &mut Command) {
    let status = command.status().expect("Python 3 is there");
    assert!(status.success(), "{command:?} failed");
}
