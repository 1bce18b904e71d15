//! `docket tickets export`: all tickets that a caller may see, or some of them, a page at a time.

use std::{
    fs::{self, File},
    io::{BufWriter, ErrorKind, Write},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Format, format, record, rows::Writer};
use crate::{
    cli::{
        CommandError,
        client::{Client, Remote, call},
        counting::{Counting, counted},
        values::one_of,
    },
    domain::ticket::{TicketPriority, TicketStatus},
    proto::v1::{self, ListTicketsRequest, TicketFilter},
};

/// How many tickets are asked for at once.
const PAGE: i32 = 100;

/// Which tickets, and where to.
#[derive(Debug, Args)]
pub(in crate::cli) struct ExportArgs {
    /// The file: .csv or .jsonl; it is there once it is whole. `-`: standard output.
    file: PathBuf,
    /// How the file is written, where its extension does not tell.
    #[arg(long)]
    format: Option<Format>,
    /// Only tickets of this status; more than one may be given, here and below.
    #[arg(long, value_parser = one_of::<TicketStatus>)]
    status: Vec<TicketStatus>,
    /// Only tickets of this priority.
    #[arg(long, value_parser = one_of::<TicketPriority>)]
    priority: Vec<TicketPriority>,
    /// Only tickets that have each of these tags.
    #[arg(long)]
    tag: Vec<String>,
    /// Only tickets of this team.
    #[arg(long)]
    team: Option<String>,
    /// With deleted tickets.
    #[arg(long)]
    deleted: bool,
    #[command(flatten)]
    remote: Remote,
}

/// Carries out the command.
pub(super) async fn run(args: ExportArgs) -> Result<(), CommandError> {
    let to_stdout = args.file == Path::new("-");
    let format = match (to_stdout, args.format) {
        (true, None) => return Err("--format tells how standard output is written".into()),
        (_, given) => format(&args.file, given)?,
    };
    let client = args.remote.connect().await?;
    let request = request(&args);
    let count = if to_stdout {
        write(&client, request, format, std::io::stdout().lock()).await?
    } else {
        to_file(&client, request, format, &args.file).await?
    };
    eprintln!("{}", counted(count, "ticket", "tickets"));
    Ok(())
}

/// In the order of the numbers: what is filed meanwhile comes last, and nothing comes twice.
fn request(args: &ExportArgs) -> ListTicketsRequest {
    let status = |status: &TicketStatus| {
        v1::TicketStatus::from_str_name(&format!("TICKET_STATUS_{status}")).map(i32::from)
    };
    let priority = |priority: &TicketPriority| {
        v1::TicketPriority::from_str_name(&format!("TICKET_PRIORITY_{priority}")).map(i32::from)
    };
    ListTicketsRequest {
        filter: Some(TicketFilter {
            statuses: args.status.iter().filter_map(status).collect(),
            priorities: args.priority.iter().filter_map(priority).collect(),
            tags: args.tag.clone(),
            team: args.team.clone(),
            ..TicketFilter::default()
        }),
        order_by: Some("number".to_owned()),
        page_size: PAGE,
        include_total: true,
        show_deleted: args.deleted,
        ..ListTicketsRequest::default()
    }
}

/// A file that is only half there is taken for nothing: a whole one takes the place of the one that was there, with its permissions. What
/// is no plain file is written to as it is.
async fn to_file(
    client: &Client,
    request: ListTicketsRequest,
    format: Format,
    path: &Path,
) -> Result<u64, CommandError> {
    let shown = path.display();
    let failed = |error: &dyn std::fmt::Display| format!("cannot write {shown}: {error}");
    let known = match fs::metadata(path) {
        Ok(known) if known.is_file() => Some(known),
        Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => None,
        // A pipe or a device; or a link to a file that is still to be made.
        _ => return to_place(client, request, format, path).await,
    };
    let target = match &known {
        // Behind links, which stay.
        Some(_) => fs::canonicalize(path).map_err(|error| failed(&error))?,
        None => path.to_owned(),
    };
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    let count = write(client, request, format, BufWriter::new(draft.as_file_mut())).await?;
    if let Some(known) = known {
        let kept = draft.as_file().set_permissions(known.permissions());
        kept.map_err(|error| failed(&error))?;
    }
    draft.as_file().sync_all().map_err(|error| failed(&error))?;
    let done = draft.persist(&target);
    done.map_err(|error| failed(&error.error))?;
    Ok(count)
}

async fn to_place(
    client: &Client,
    request: ListTicketsRequest,
    format: Format,
    path: &Path,
) -> Result<u64, CommandError> {
    let file =
        File::create(path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    write(client, request, format, BufWriter::new(file)).await
}

async fn write(
    client: &Client,
    mut request: ListTicketsRequest,
    format: Format,
    to: impl Write,
) -> Result<u64, CommandError> {
    let mut writer = Writer::new(format, to)?;
    let mut counting = None;
    let mut count = 0;
    loop {
        let page = call(
            "the tickets cannot be read",
            request.clone(),
            async |request| client.tickets().list_tickets(request).await,
        )
        .await?;
        let total = page.total_size.and_then(|total| u64::try_from(total).ok());
        let counting = counting.get_or_insert_with(|| Counting::new("tickets", total));
        for ticket in &page.tickets {
            writer.write(&record::written(ticket)?)?;
        }
        count += page.tickets.len() as u64;
        counting.at(count);
        if page.next_page_token.is_empty() {
            counting.end();
            writer.finish()?;
            return Ok(count);
        }
        request.page_token = page.next_page_token;
        // Counted once.
        request.include_total = false;
    }
}
