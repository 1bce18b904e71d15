//! Many watchers on one server: every event to each, once; what a watcher costs in memory, and a writer in time.

use std::time::{Duration, Instant};

use docket::proto::v1::{WatchTicketsRequest, WatchTicketsResponse};
use tokio::{task::JoinSet, time};
use tonic::Streaming;

use super::{
    Tickets, client,
    figures::{self, Figure, ms},
    memory::memory,
    seconds,
    server::Server,
};

/// How many watchers share a connection.
const A_CONNECTION: usize = 200;
/// Between two tickets of the writer.
const PACE: Duration = Duration::from_millis(50);

/// Files so many tickets, first alone, then followed by so many watchers.
pub(crate) async fn follow(server: &Server, watchers: usize, events: usize) -> Vec<Figure> {
    let mut writer = client(server);
    let alone = write(&mut writer, events).await;
    let id = server.process.id();
    let before = memory(id);
    let streams = watch(server, watchers).await;
    let idle = memory(id);
    let mut following = JoinSet::new();
    for stream in streams {
        following.spawn(sequences(stream, events));
    }
    let begin = Instant::now();
    let watched = write(&mut writer, events).await;
    let written = begin.elapsed();
    let told = following.join_all().await;
    let behind = begin.elapsed().saturating_sub(written);
    let after = memory(id);
    for seen in &told {
        assert!(
            seen.is_sorted_by(|one, other| one < other),
            "once, in order"
        );
        assert_eq!(seen, &told[0], "all are told the same");
    }
    let each = |mib: f64| (mib - before) * 1024.0 / watchers as f64;
    let what = format!("{watchers} watchers");
    let slower = (watched / alone - 1.0) * 100.0;
    vec![
        Figure::told(
            format!("{what}, {events} events: told each, once, in order"),
            "all",
        ),
        Figure::told(
            format!("{what}: the last one told after the last write"),
            ms(seconds(behind)),
        ),
        Figure::below(
            format!("{what}: memory of one before any event"),
            each(idle),
            40.0,
            " KiB",
        ),
        Figure::below(
            format!("{what}: memory of one after the events"),
            each(after),
            40.0,
            " KiB",
        ),
        Figure::told("a ticket filed without watchers", ms(alone)),
        Figure::told(format!("{what}: a ticket filed"), ms(watched)),
        Figure::below(format!("{what}: slower by"), slower, 20.0, "%"),
    ]
}

/// Their streams, each after its first message, which tells its position.
async fn watch(server: &Server, watchers: usize) -> Vec<Streaming<WatchTicketsResponse>> {
    let clients: Vec<Tickets> = (0..watchers.div_ceil(A_CONNECTION))
        .map(|_| client(server))
        .collect();
    let mut streams = Vec::with_capacity(watchers);
    for index in 0..watchers {
        let mut client = clients[index / A_CONNECTION].clone();
        let stream = client.watch_tickets(WatchTicketsRequest::default()).await;
        let mut stream = stream.expect("it may watch").into_inner();
        stream.message().await.expect("a position");
        streams.push(stream);
    }
    streams
}

/// The next so many events.
async fn sequences(mut stream: Streaming<WatchTicketsResponse>, events: usize) -> Vec<i64> {
    let mut seen = Vec::with_capacity(events);
    while seen.len() < events {
        let message = stream.message().await.expect("no end").expect("no end");
        if message.history_entry.is_some() {
            seen.push(message.sequence);
        }
    }
    seen
}

/// The median time of a write, at a steady pace, in seconds.
async fn write(tickets: &mut Tickets, count: usize) -> f64 {
    let mut times = Vec::with_capacity(count);
    let mut pace = time::interval(PACE);
    for index in 0..count {
        pace.tick().await;
        let begin = Instant::now();
        super::file(tickets, format!("Watched {index}")).await;
        times.push(seconds(begin.elapsed()));
    }
    figures::median(&times)
}
