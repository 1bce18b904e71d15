//! The binary: exit codes, one clear line for each thing that is wrong, tokens that the server accepts, and signals.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStderr, Command, Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tonic::Code;

use super::{Edge, probe};

fn docket(folder: &TempDir, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command.args(args).env_clear().current_dir(folder.path());
    command
}

fn lines(output: &Output) -> Vec<&str> {
    std::str::from_utf8(&output.stderr)
        .unwrap()
        .lines()
        .collect()
}

#[test]
fn faulty_settings_are_told_one_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = docket(&folder, &["serve"]);
    let output = command
        .env("SERVICE_PORT", "x")
        .env("LOG_FORMAT", "y")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let lines = lines(&output);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].starts_with("docket: SERVICE_PORT: "), "{lines:?}");
    assert!(lines[1].starts_with("docket: LOG_FORMAT: "), "{lines:?}");
}

#[test]
fn a_port_in_use_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = docket(&folder, &["serve"])
        .env("SERVICE_PORT", &port)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let lines = lines(&output);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains(&port) && lines[0].contains("in use"),
        "{lines:?}"
    );
}

#[test]
fn wrong_usage_exits_with_two() {
    let folder = tempfile::tempdir().unwrap();
    let output = docket(&folder, &["token", "--role", "ROOT"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("TEAM_LEAD"));
}

#[tokio::test]
async fn a_printed_token_is_accepted() {
    let edge = Edge::start().await;
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "token", "--role", "MANAGER", "--sub", "grace", "--team", "core",
    ];
    let output = docket(&folder, &args)
        .env("DATA_DIR", &edge.config.data_dir)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let token = String::from_utf8(output.stdout).unwrap();
    let status = probe::call(edge.channel().await, "/test.Probe/Actor", token.trim())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(
        status
            .message()
            .contains(r#"UserId("grace"), role: Manager"#),
        "{status:?}"
    );
}

/// Starts a server: its log from behind the first line, and where it listens.
fn serve(command: &mut Command) -> (Child, BufReader<ChildStderr>, SocketAddr) {
    command
        .env("SERVICE_PORT", "0")
        .env("LOG_FORMAT", "json")
        .stderr(Stdio::piped());
    let mut server = command.spawn().unwrap();
    let mut log = BufReader::new(server.stderr.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    let entry: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(entry["message"], "docket is listening");
    let address = entry["address"].as_str().unwrap().parse().unwrap();
    (server, log, address)
}

#[test]
fn more_clients_may_come_at_once_than_are_served_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = docket(&folder, &["serve"]);
    let (mut server, _log, address) = serve(command.env("MAX_CONNECTIONS", "1"));
    let patience = Duration::from_secs(10);
    let clients: Vec<_> = (0..600)
        .map(|_| TcpStream::connect_timeout(&address, patience))
        .collect();
    server.kill().unwrap();
    server.wait().unwrap();
    let turned_away = clients.iter().filter(|client| client.is_err()).count();
    assert_eq!(turned_away, 0);
}

#[test]
fn a_signal_to_stop_ends_the_server_with_success() {
    let folder = tempfile::tempdir().unwrap();
    for signal in ["-TERM", "-INT"] {
        let (mut server, mut log, _) = serve(&mut docket(&folder, &["serve"]));
        let killed = Command::new("kill")
            .args([signal, &server.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert!(server.wait().unwrap().success());
        let mut rest = String::new();
        log.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("docket has stopped"), "{rest}");
    }
}
