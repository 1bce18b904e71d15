//! What keeps a command from starting: a clear line for each thing that is wrong, and exit code 1.

use std::{fs, net::TcpListener};

use super::{Said, docket};

#[test]
fn a_data_folder_that_cannot_be_written_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    // A file in the way holds back even root.
    fs::write(folder.path().join("taken"), "").unwrap();
    for command in [
        &["serve"][..],
        &["migrate", "up"],
        &["token", "--role", "ADMIN"],
    ] {
        let mut command = docket(folder.path(), command);
        let said = Said::by(command.env("DATA_DIR", "taken/data"));
        let lines = said.failed();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(
            lines[0].starts_with("docket: DATA_DIR: taken/data cannot be written"),
            "{lines:?}"
        );
    }
}

#[test]
fn all_faulty_settings_are_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = docket(folder.path(), &["migrate", "up"]);
    let said = Said::by(
        command
            .env("DATABASE_URL", "mysql://root@localhost/x")
            .env("JWT_SECRET_KEY", "short")
            .env("MAX_FILE_SIZE_MB", "much"),
    );
    let lines = said.failed();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, setting) in lines
        .iter()
        .zip(["DATABASE_URL", "JWT_SECRET_KEY", "MAX_FILE_SIZE_MB"])
    {
        assert!(
            line.starts_with(&format!("docket: {setting}: ")),
            "{lines:?}"
        );
    }
}

#[test]
fn a_database_that_is_not_there_is_one_line_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let session = "0199c0de-0000-7000-8000-000000000000";
    let elsewhere = folder.path().join("elsewhere.db");
    let url = format!("sqlite:{}?mode=rwc", elsewhere.display());
    for args in [
        &["dispatch", "replay", "--since", "2026-01-01T00:00:00Z"][..],
        &["keys", "rotate"],
        &["export", "log", session],
        &["migrate", "status"],
        &["migrate", "down", "--all"],
    ] {
        for (url, path) in [
            ("", "docket-data/docket.db"),
            (url.as_str(), "elsewhere.db"),
        ] {
            let mut command = docket(folder.path(), args);
            let said = Said::by(command.env("DATABASE_URL", url));
            let lines = said.failed();
            assert_eq!(lines.len(), 1, "{lines:?}");
            let path = folder.path().join(path);
            let place = format!("docket: there is no database at {};", path.display());
            assert!(lines[0].starts_with(&place), "{lines:?}");
            assert!(lines[0].contains("DATA_DIR"), "{lines:?}");
            let made: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
            assert!(made.is_empty(), "{made:?}");
        }
    }
}

#[test]
fn a_database_without_tables_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("docket-data")).unwrap();
    fs::write(folder.path().join("docket-data/docket.db"), "").unwrap();
    let args = ["dispatch", "replay", "--since", "2026-01-01T00:00:00Z"];
    let said = Said::by(&mut docket(folder.path(), &args));
    let lines = said.failed();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("`docket migrate up`"), "{lines:?}");
}

#[test]
fn keys_that_docket_does_not_keep_are_not_rotated_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    Said::by(&mut docket(folder.path(), &["migrate", "up"])).succeeded();
    let data = folder.path().join("docket-data");
    let (first, second) = ("A".repeat(43) + "=", "B".repeat(42) + "A=");
    let rotate = |newest: &str, older: &str| {
        let mut command = docket(folder.path(), &["keys", "rotate"]);
        let command = command.env("CREDENTIALS_KEY", newest);
        Said::by(command.env("CREDENTIALS_OLD_KEYS", older))
    };
    let said = rotate(&first, "");
    let lines = said.failed();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("nothing is changed") && lines[0].contains("CREDENTIALS_OLD_KEYS"),
        "{lines:?}"
    );
    rotate(&second, &first).succeeded();
    // Nor is one made where the server has none.
    fs::remove_file(data.join("credentials-key")).unwrap();
    let said = rotate("", "");
    assert!(
        said.failed()[0].starts_with("docket: CREDENTIALS_KEY: not set"),
        "{said:?}"
    );
    assert!(!data.join("credentials-key").exists());
}

#[test]
fn a_sandbox_s_port_in_use_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = Said::by(&mut docket(folder.path(), &["sandbox", "--port", &port]));
    let lines = said.failed();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains(&port) && lines[0].contains("--port"),
        "{lines:?}"
    );
}

#[test]
fn a_server_that_is_not_there_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let session = "0199c0de-0000-7000-8000-000000000000";
    let args = ["export", session, "--server", &url, "--token", "x.y.z"];
    let said = Said::by(&mut docket(folder.path(), &args));
    let lines = said.failed();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains(&url) && lines[0].contains("refused"),
        "{lines:?}"
    );
}

#[test]
fn a_token_of_one_s_own_goes_to_no_other_machine() {
    let folder = tempfile::tempdir().unwrap();
    let session = "0199c0de-0000-7000-8000-000000000000";
    Said::by(&mut docket(folder.path(), &["token", "--role", "ADMIN"])).succeeded();
    let args = ["export", session, "--server", "http://192.0.2.1:50051"];
    let said = Said::by(&mut docket(folder.path(), &args));
    let lines = said.failed();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("DOCKET_TOKEN"), "{lines:?}");
}

#[test]
fn without_a_token_and_a_secret_nothing_is_made_up() {
    let folder = tempfile::tempdir().unwrap();
    let session = "0199c0de-0000-7000-8000-000000000000";
    let said = Said::by(&mut docket(folder.path(), &["export", session]));
    assert!(said.failed()[0].contains("DOCKET_TOKEN"), "{said:?}");
    assert!(!folder.path().join("docket-data").exists());
}

#[test]
fn a_bucket_that_does_not_answer_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens on a port that was free a moment ago.
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut command = docket(folder.path(), &["serve"]);
    let said = Said::by(
        command
            .env("DATA_DIR", folder.path())
            .env("SERVICE_PORT", "0")
            .env("LOG_LEVEL", "error")
            .env("UPLOAD_URL", "s3://files/desk")
            .env("AWS_ENDPOINT_URL", format!("http://{free}"))
            .env("AWS_ALLOW_HTTP", "true")
            .env("AWS_ACCESS_KEY_ID", "AKIA")
            .env("AWS_SECRET_ACCESS_KEY", "hunter2"),
    );
    let lines = said.failed();
    assert_eq!(lines.len(), 1, "{said:?}");
    assert!(
        lines[0].starts_with("docket: UPLOAD_URL s3://files/desk: "),
        "{said:?}"
    );
    assert!(!said.err.contains("hunter2"), "{said:?}");
}
