//! `docket sandbox`: a Jira that runs here, for trying docket out against something that cannot be harmed.

use clap::Args;
use secrecy::ExposeSecret as _;

use super::{CommandError, signals::StopSignals};
use crate::sandbox::{Options, Project, Sandbox, Site};

/// How it is run.
#[derive(Debug, Args)]
pub(super) struct SandboxArgs {
    /// The port on 127.0.0.1; 0 takes a free one.
    #[arg(long, default_value_t = 8089)]
    port: u16,
    /// The key of a project to have; may be given several times.
    #[arg(long = "project", value_name = "KEY", default_value = "DEMO", value_parser = project_key)]
    projects: Vec<String>,
}

/// The endpoints under `/_sandbox/`, and what each is for.
const CONTROLS: [(&str, &str); 8] = [
    (
        "GET    /_sandbox/state",
        "issues, links, attachments and ordered faults",
    ),
    (
        "GET    /_sandbox/requests",
        "the calls so far; ?operation=create_issue and ?after=NUMBER narrow them down",
    ),
    (
        "GET    /_sandbox/faults",
        "the faults that are still ordered",
    ),
    (
        "POST   /_sandbox/faults",
        r#"order some: {"on":{"operation":"create_issue"},"skip":4,"times":1,"action":{"kind":"status","status":503}}"#,
    ),
    ("DELETE /_sandbox/faults", "take all orders back"),
    (
        "POST   /_sandbox/foreign",
        r#"let somebody else create issues: {"project":"DEMO","count":2}"#,
    ),
    (
        "POST   /_sandbox/latency",
        r#"slow every call down: {"ms":250}"#,
    ),
    (
        "POST   /_sandbox/reindex",
        "let search catch up with all issues",
    ),
];

fn project_key(text: &str) -> Result<String, String> {
    let mut letters = text.chars();
    let fits = letters
        .next()
        .is_some_and(|first| first.is_ascii_uppercase())
        && (1..=9).contains(&letters.as_str().len())
        && letters.all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    fits.then(|| text.to_owned())
        .ok_or_else(|| "must be 2 to 10 of A–Z, 0–9 and _, and begin with a letter".to_owned())
}

/// Runs until a signal to stop.
pub(super) async fn run(args: SandboxArgs) -> Result<(), CommandError> {
    let mut signals = StopSignals::catch()?;
    let mut site = Site::new("docket sandbox");
    for key in &args.projects {
        if !site.projects.iter().any(|project| project.key == *key) {
            site = site.with_project(Project::new(key, &format!("{key} project")));
        }
    }
    let options = Options {
        port: args.port,
        site,
        ..Options::default()
    };
    let told = introduction(&options);
    let sandbox = Sandbox::start(options).await.map_err(|error| {
        format!(
            "cannot listen on 127.0.0.1:{}: {error}; --port chooses another port",
            args.port
        )
    })?;
    println!("A Jira runs at {}\n{told}", sandbox.url());
    signals.next().await;
    sandbox.stop().await;
    Ok(())
}

fn introduction(options: &Options) -> String {
    let projects: Vec<&str> = options
        .site
        .projects
        .iter()
        .map(|project| project.key.as_str())
        .collect();
    let mut text = format!(
        "  account   {}\n  token     {}\n  projects  {}\n\n\
         It keeps everything in memory until Ctrl-C. A docket that shall reach it needs OUTBOUND_ALLOW=127.0.0.0/8.\n\n\
         Control it without signing in:\n",
        options.email,
        options.token.expose_secret(),
        projects.join(", "),
    );
    for (endpoint, purpose) in CONTROLS {
        text += &format!("  {endpoint:25} {purpose}\n");
    }
    text
}
