//! Settings: defaults, old names, and all faults at once.

use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

use docket::{
    config::{Config, ConfigError, CorsOrigins, LogFormat},
    domain::{
        sla::{SlaPolicy, SlaTarget},
        ticket::TicketPriority,
    },
    error::Result,
};
use rstest::rstest;
use secrecy::ExposeSecret as _;

use super::settings;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn given(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    super::settings(folder.path(), settings)
}

#[test]
fn without_settings_docket_serves_this_machine_from_its_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let config = settings(folder.path(), &[]).unwrap();
    let data = folder.path().join("data");
    assert_eq!(config.listen.to_string(), "127.0.0.1:50051");
    let database = format!("sqlite:{}/docket.db?mode=rwc", data.display());
    assert_eq!(config.database_url.expose_secret(), database);
    assert_eq!(config.uploads.dir, data.join("uploads"));
    assert_eq!(config.tokens.audience, "docket");
    assert_eq!(config.tokens.issuer, "docket");
    assert_eq!(config.log.format, LogFormat::Pretty);
    assert_eq!(config.cors_origins, CorsOrigins::Any);
    assert_eq!(config.request_timeout, Duration::from_secs(60));
    assert_eq!(config.export_lease, Duration::from_secs(10));
    assert_eq!(config.sla, SlaPolicy::default());
    assert_eq!(config.sla_sweep, Duration::from_secs(30));
    assert!(config.outbound_allow.is_empty());
}

#[test]
fn generated_secrets_are_kept_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let first = settings(folder.path(), &[]).unwrap();
    let second = settings(folder.path(), &[]).unwrap();
    assert_eq!(first.tokens.secret.expose(), second.tokens.secret.expose());
    assert_eq!(
        first.credentials_keys.newest.expose(),
        second.credentials_keys.newest.expose()
    );
    assert_eq!(
        first.credentials_keys.newest.id(),
        second.credentials_keys.newest.id()
    );
    assert_ne!(
        first.tokens.secret.expose(),
        first.credentials_keys.newest.expose()
    );
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let data = folder.path().join("data");
    assert_eq!(mode(data.clone()), 0o700);
    let mut names: Vec<_> = fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["credentials-key", "jwt-secret"]);
    for name in names {
        assert_eq!(mode(data.join(name)), 0o600);
    }
    let other = given(&[]).unwrap();
    assert_ne!(first.tokens.secret.expose(), other.tokens.secret.expose());
}

#[test]
fn processes_that_start_at_once_share_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let secrets: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let start = || {
            settings(folder.path(), &[])
                .unwrap()
                .tokens
                .secret
                .expose()
                .to_vec()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(secrets.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_secret_file_that_others_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    settings(folder.path(), &[]).unwrap();
    let file = folder.path().join("data/jwt-secret");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let error = settings(folder.path(), &[]).unwrap_err();
    assert_eq!(error.0.len(), 1);
    assert_eq!(error.0[0].setting, "JWT_SECRET_KEY");
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[test]
fn the_names_of_the_old_system_work() {
    let config = given(&[
        (
            "DATABASE_URL",
            "postgresql+asyncpg://docket:hunter2@db/docket",
        ),
        ("JWT_SECRET_KEY", SECRET),
        ("JWT_ALGORITHM", "HS256"),
        ("SERVICE_HOST", "0.0.0.0"),
        ("SERVICE_PORT", "8080"),
        ("LOG_LEVEL", "WARNING"),
        ("UPLOAD_DIR", "/srv/uploads"),
        ("MAX_FILE_SIZE_MB", "5"),
        ("ALLOWED_FILE_EXTENSIONS", r#"[".PDF", "png"]"#),
        ("SLA_P1_RESPONSE_HOURS", "2"),
        ("SLA_P4_RESOLUTION_HOURS", "200"),
    ])
    .unwrap();
    assert_eq!(
        config.database_url.expose_secret(),
        "postgresql://docket:hunter2@db/docket"
    );
    assert_eq!(config.tokens.secret.expose(), SECRET.as_bytes());
    assert_eq!(config.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(config.log.filter, "warn");
    assert_eq!(config.uploads.dir.to_str(), Some("/srv/uploads"));
    assert_eq!(config.uploads.rules.max_bytes, 5 * 1024 * 1024);
    assert_eq!(config.uploads.rules.allowed_extensions, ["pdf", "png"]);
    let target = |response_hours, resolution_hours| SlaTarget {
        response_hours,
        resolution_hours,
    };
    assert_eq!(config.sla.target(TicketPriority::P1), target(2, 4));
    assert_eq!(config.sla.target(TicketPriority::P2), target(4, 12));
    assert_eq!(config.sla.target(TicketPriority::P4), target(24, 200));
    let shown = format!("{config:?}");
    assert!(
        !shown.contains("hunter2") && !shown.contains(SECRET),
        "{shown}"
    );
}

#[test]
fn all_faults_are_told_at_once_and_no_secret_with_them() {
    let error = given(&[
        ("DATABASE_URL", "mysql://root:hunter2@db"),
        ("JWT_SECRET_KEY", "hunter2"),
        ("JWT_ALGORITHM", "RS256"),
        ("CREDENTIALS_KEY", "aHVudGVyMg=="),
        ("SERVICE_HOST", "example.com"),
        ("SERVICE_PORT", "70000"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("MAX_FILE_SIZE_MB", "0"),
        ("ALLOWED_FILE_EXTENSIONS", "pdf, ../x"),
        ("SLA_P2_RESPONSE_HOURS", "13"),
        ("SLA_P3_RESOLUTION_HOURS", "soon"),
        ("SLA_WARNING_PERCENT", "100"),
        ("SLA_SWEEP_SECONDS", "0"),
        ("SLA_BUSINESS_HOURS", "9-17"),
        ("SLA_BUSINESS_DAYS", "MON-FRIDAY"),
        ("SLA_TIME_ZONE", "Europe/Atlantis"),
        ("SLA_HOLIDAYS", "2026-02-30"),
        ("OUTBOUND_ALLOW", "10.0.0.0/33"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example/path"),
        ("MAX_CONNECTIONS", "-1"),
        ("REQUEST_TIMEOUT_SECONDS", "0"),
        ("EXPORT_LEASE_SECONDS", "1"),
        ("SHUTDOWN_GRACE_SECONDS", "1.5"),
    ])
    .unwrap_err();
    let mut settings: Vec<_> = error.0.iter().map(|fault| fault.setting).collect();
    settings.sort_unstable();
    assert_eq!(
        settings,
        [
            "ALLOWED_FILE_EXTENSIONS",
            "CORS_ALLOWED_ORIGINS",
            "CREDENTIALS_KEY",
            "DATABASE_URL",
            "EXPORT_LEASE_SECONDS",
            "JWT_ALGORITHM",
            "JWT_SECRET_KEY",
            "LOG_FORMAT",
            "LOG_LEVEL",
            "MAX_CONNECTIONS",
            "MAX_FILE_SIZE_MB",
            "OUTBOUND_ALLOW",
            "REQUEST_TIMEOUT_SECONDS",
            "SERVICE_HOST",
            "SERVICE_PORT",
            "SHUTDOWN_GRACE_SECONDS",
            "SLA_BUSINESS_DAYS",
            "SLA_BUSINESS_HOURS",
            "SLA_HOLIDAYS",
            "SLA_P2_RESPONSE_HOURS",
            "SLA_P3_RESOLUTION_HOURS",
            "SLA_SWEEP_SECONDS",
            "SLA_TIME_ZONE",
            "SLA_WARNING_PERCENT",
        ]
    );
    let text = error.to_string();
    assert_eq!(text.lines().count(), settings.len());
    assert!(
        !text.contains("hunter2") && !text.contains("aHVudGVyMg"),
        "{text}"
    );
}

#[test]
fn every_item_of_a_list_that_is_none_is_told() {
    let error = given(&[
        ("OUTBOUND_ALLOW", "10.0.0.0/33, 10.1.0.0/16, nowhere"),
        ("CORS_ALLOWED_ORIGINS", "https://a.example, b, c"),
        ("ALLOWED_FILE_EXTENSIONS", "pdf, ../x, a b"),
    ])
    .unwrap_err();
    let problems: Vec<_> = error.0.iter().map(|fault| &fault.problem).collect();
    assert_eq!(problems.len(), 3, "{error}");
    assert!(problems.iter().all(|text| text.contains("; ")), "{error}");
    assert!(error.to_string().contains("nowhere"), "{error}");
}

#[rstest]
#[case("0.0.0.0", None, false)]
#[case("::", None, false)]
#[case("192.0.2.1", None, false)]
#[case("0.0.0.0", Some(SECRET), true)]
#[case("127.0.0.1", None, true)]
#[case("::1", None, true)]
#[case("localhost", None, true)]
fn a_generated_secret_serves_loopback_only(
    #[case] host: &str,
    #[case] secret: Option<&str>,
    #[case] fine: bool,
) {
    let secret = secret.unwrap_or_default();
    let config = given(&[("SERVICE_HOST", host), ("JWT_SECRET_KEY", secret)]);
    match config {
        Ok(_) => assert!(fine, "{host} was accepted"),
        Err(error) => {
            assert!(!fine, "{error}");
            assert_eq!(error.0.len(), 1);
            assert!(error.to_string().contains("JWT_SECRET_KEY"), "{error}");
        }
    }
}

#[test]
fn a_data_folder_that_cannot_be_written_to_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let inside = file.join("data").display().to_string();
    let error = settings(folder.path(), &[("DATA_DIR", &inside)]).unwrap_err();
    assert_eq!(error.0.len(), 1);
    assert_eq!(error.0[0].setting, "DATA_DIR");
}

#[rstest]
#[case("info", "info")]
#[case("Info", "info")]
#[case("WARNING", "warn")]
#[case("CRITICAL", "error")]
#[case("info,docket=debug", "info,docket=debug")]
fn log_levels(#[case] text: &str, #[case] filter: &str) {
    assert_eq!(given(&[("LOG_LEVEL", text)]).unwrap().log.filter, filter);
}

#[test]
fn attachments_lie_in_a_bucket_where_one_is_named() {
    let config = given(&[
        ("UPLOAD_URL", "s3://files/desk"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "hunter2"),
        ("AWS_ENDPOINT_URL", "https://minio.example.com"),
    ])
    .unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let bucket = config.uploads.bucket.unwrap();
    assert_eq!(bucket.url.as_str(), "s3://files/desk");
    let value = |name: &str| bucket.options[name].expose_secret().to_owned();
    assert_eq!(value("AWS_SECRET_ACCESS_KEY"), "hunter2");
    assert_eq!(value("AWS_ENDPOINT_URL"), "https://minio.example.com");
}

#[rstest]
#[case(&[("UPLOAD_URL", "files")], "UPLOAD_URL")]
#[case(&[("UPLOAD_URL", "s3://")], "UPLOAD_URL")]
#[case(&[("UPLOAD_URL", "ftp://files")], "UPLOAD_URL")]
#[case(&[("UPLOAD_URL", "s3://key:hunter2@files")], "UPLOAD_URL")]
#[case(&[("UPLOAD_URL", "s3://files?secret=hunter2")], "UPLOAD_URL")]
#[case(&[("UPLOAD_URL", "s3://files"), ("UPLOAD_DIR", "/srv/files")], "UPLOAD_URL")]
#[case(&[("SCAN_CLAMD", "clamd")], "SCAN_CLAMD")]
#[case(&[("SCAN_CLAMD", "host:70000")], "SCAN_CLAMD")]
#[case(&[("SCAN_CLAMD", "host:3310"), ("SCAN_COMMAND", "clamscan -")], "SCAN_CLAMD")]
#[case(&[("SCAN_COMMAND", "scan"), ("SCAN_TIMEOUT_SECONDS", "0")], "SCAN_TIMEOUT_SECONDS")]
fn a_place_or_a_scanner_that_cannot_be_is_one_fault(
    #[case] set: &[(&str, &str)],
    #[case] setting: &str,
) {
    let error = given(set).unwrap_err();
    assert_eq!(error.0.len(), 1, "{error}");
    assert_eq!(error.0[0].setting, setting);
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
