//! The binary as people run it: what it prints, where to, and how it exits.

mod adf;
mod bench_data;
mod demo;
mod dispatch;
mod export;
mod export_log;
mod files;
mod import;
mod migrate;
mod refusals;
mod server;
mod tickets;

use std::{
    path::Path,
    process::{Child, Command, Output},
};

/// A command of the binary in a folder, with nothing of this process's environment.
fn docket(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.args(args).env_clear().current_dir(folder);
    command
}

/// What a command has said, and its exit code.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Said {
    /// Runs the command to its end.
    fn by(command: &mut Command) -> Self {
        Self::of(command.output().unwrap())
    }

    /// Waits for the end of a command that runs.
    fn by_child(child: Child) -> Self {
        Self::of(child.wait_with_output().unwrap())
    }

    fn of(output: Output) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = output;
        Self {
            code: status.code(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    /// The lines of a command that has failed with nothing on standard output.
    fn failed(&self) -> Vec<&str> {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        let lines: Vec<&str> = self.err.lines().collect();
        let marked = |line: &&str| line.starts_with("docket: ");
        assert!(!lines.is_empty() && lines.iter().all(marked), "{self:?}");
        lines
    }

    /// The output of a command that has succeeded.
    fn succeeded(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        &self.out
    }
}
