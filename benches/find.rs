//! How finding, following and attaching scale: lists, pages and searches with few tickets and with many, watchers, and large files.
//!
//! ```text
//! cargo bench --bench find                     # watchers and files, on a database of its own
//! cargo bench --bench find -- --small sqlite:/tmp/small/docket.db --large sqlite:/tmp/large/docket.db
//! cargo bench --bench find -- --small postgres://…/small --large postgres://…/large lists search
//! ```
//!
//! `docket bench-data` has filled the databases that are compared. It fails where a figure is not what is wanted.

#![allow(missing_docs)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a load test fails by panicking"
)]

#[path = "support/bearer.rs"]
mod bearer;
#[path = "support/figures.rs"]
mod figures;
#[path = "find/files.rs"]
mod files;
#[path = "find/lists.rs"]
mod lists;
#[path = "support/memory.rs"]
mod memory;
#[path = "find/searches.rs"]
mod searches;
#[path = "support/server.rs"]
mod server;
#[path = "find/watchers.rs"]
mod watchers;

use std::{
    fs,
    process::ExitCode,
    time::{Duration, Instant},
};

use bearer::{SignedIn, sign_in};
use clap::{Parser, ValueEnum};
use docket::proto::v1::{
    CreateTicketRequest, ListTicketsRequest, Ticket, ticket_service_client::TicketServiceClient,
};
use server::Server;

/// How often each page is asked for.
const TIMES: usize = 41;

type Tickets = TicketServiceClient<SignedIn>;

#[derive(Parser)]
struct Args {
    /// What to measure; all that the databases given allow where nothing is named.
    what: Vec<What>,
    /// The URL of a database with few tickets.
    #[arg(long, value_name = "URL")]
    small: Option<String>,
    /// The URL of one with many.
    #[arg(long, value_name = "URL")]
    large: Option<String>,
    /// How many watchers follow.
    #[arg(long, default_value_t = 1000)]
    watchers: usize,
    /// How many tickets are filed meanwhile.
    #[arg(long, default_value_t = 300)]
    events: usize,
    /// What cargo passes to every benchmark.
    #[arg(long)]
    bench: bool,
}

/// A measurement.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Lists with each filter and in each order, few tickets beside many, and deep pages.
    Lists,
    /// Searches for rare and common words among many.
    Search,
    /// Many watchers.
    Watchers,
    /// Large files up and down.
    Files,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let wanted = |what: What| args.what.is_empty() || args.what.contains(&what);
    let mut figures = Vec::new();
    let load = || fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("load before: {}", load().trim());
    if let Some(large) = args.large.as_deref().map(serve) {
        if let Some(small) = args.small.as_deref().map(serve)
            && wanted(What::Lists)
        {
            figures.extend(lists::compare(&small, &large).await);
        }
        if wanted(What::Search) {
            figures.extend(searches::compare(&large).await);
        }
    }
    if wanted(What::Watchers) {
        let server = args.small.as_deref().map_or_else(own, serve);
        figures.extend(watchers::follow(&server, args.watchers, args.events).await);
    }
    if wanted(What::Files) {
        figures.extend(files::measure(&own()).await);
    }
    println!("load after: {}", load().trim());
    ExitCode::from(u8::from(!figures::print(&figures)))
}

fn serve(database: &str) -> Server {
    Server::start(&[("DATABASE_URL".to_owned(), database.to_owned())])
}

fn own() -> Server {
    Server::start(&[])
}

/// A client with a connection of its own.
fn client(server: &Server) -> Tickets {
    TicketServiceClient::new(sign_in(&server.url, &server.token("bench", "ADMIN")))
}

/// Files a ticket and gives its id.
async fn file(tickets: &mut Tickets, title: String) -> String {
    let ticket = Ticket {
        title,
        ..Ticket::default()
    };
    let request = CreateTicketRequest {
        ticket: Some(ticket),
        ..CreateTicketRequest::default()
    };
    let created = tickets.create_ticket(request).await.expect("a ticket");
    created.into_inner().ticket.unwrap_or_default().id
}

/// The middle one of the times that the page takes, in seconds.
async fn median(tickets: &mut Tickets, request: &ListTicketsRequest) -> f64 {
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let (begin, request) = (Instant::now(), request.clone());
        tickets.list_tickets(request).await.expect("a page");
        times.push(begin.elapsed().as_secs_f64());
    }
    figures::median(&times)
}

/// Seconds of a span.
fn seconds(span: Duration) -> f64 {
    span.as_secs_f64()
}
