//! Large files up and down: how fast beside `cp` with a sync on the same disk, and with how much memory of the server's.

use std::{
    ffi::OsStr,
    fs, io,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use bytes::Bytes;
use docket::proto::v1::{
    DownloadAttachmentRequest, UploadAttachmentRequest, UploadHeader, download_attachment_response,
    upload_attachment_request::Content,
};
use futures::{future, stream};

use super::{
    Tickets, client,
    figures::{self, Figure, mib, ms},
    file,
    memory::memory,
    seconds,
    server::Server,
};

/// 50 MB.
const SIZE: usize = 50_000_000;
/// Bytes of a message, as a client that is in a hurry sends them.
const CHUNK: usize = 256 * 1024;
/// How often each is done, in turn.
const ROUNDS: u64 = 7;
/// How many transfers at once share the memory that is looked at.
const AT_ONCE: u64 = 8;
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(5);

/// Sends and fetches files, one at a time beside `cp`, then several at once.
pub(crate) async fn measure(server: &Server) -> Vec<Figure> {
    let mut tickets = client(server);
    let ticket = file(&mut tickets, "Large files".to_owned()).await;
    let folder = tempfile::tempdir_in(server.folder.path()).expect("a folder on the same disk");
    let (mut copies, mut ups, mut downs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let bytes = content(round);
        let took = copy(folder.path(), round, &bytes).expect("it copies");
        copies.push(seconds(took));
        let begin = Instant::now();
        let id = upload(tickets.clone(), &ticket, &bytes).await;
        ups.push(seconds(begin.elapsed()));
        let begin = Instant::now();
        assert_eq!(download(tickets.clone(), id).await, SIZE);
        downs.push(seconds(begin.elapsed()));
    }
    let (copy, up, down) = (
        figures::median(&copies),
        figures::median(&ups),
        figures::median(&downs),
    );
    let mut figures = vec![
        Figure::told("50 MB: cp, and sync", ms(copy)),
        Figure::told("50 MB up", ms(up)),
        Figure::told("50 MB down", ms(down)),
        Figure::below("50 MB up, of the copy", up / copy, 2.0, " times"),
        Figure::below("50 MB down, of the copy", down / copy, 2.0, " times"),
    ];
    figures.extend(at_once(server, &ticket).await);
    figures
}

/// What several at once add to the server's memory.
async fn at_once(server: &Server, ticket: &str) -> Vec<Figure> {
    let clients: Vec<Tickets> = (0..AT_ONCE).map(|_| client(server)).collect();
    let contents: Vec<Bytes> = (0..AT_ONCE).map(|n| content(1000 + n)).collect();
    let before = memory(server.process.id());
    let looks = server.watch_memory(LOOK);
    let sent = clients.iter().zip(&contents);
    let sent = sent.map(|(client, bytes)| upload(client.clone(), ticket, bytes));
    let ids = future::join_all(sent).await;
    let up = most(looks.end().await) - before;
    let before = memory(server.process.id());
    let looks = server.watch_memory(LOOK);
    let fetched = clients.into_iter().zip(ids);
    let fetched = fetched.map(|(client, id)| download(client, id));
    let sizes = future::join_all(fetched).await;
    assert!(sizes.iter().all(|&size| size == SIZE), "each is whole");
    let down = most(looks.end().await) - before;
    let each = |mib: f64| mib / AT_ONCE as f64;
    vec![
        Figure::told(
            format!("{AT_ONCE} times 50 MB at once: memory before"),
            mib(before),
        ),
        Figure::below(
            format!("{AT_ONCE} up at once: memory of one"),
            each(up),
            8.0,
            " MiB",
        ),
        Figure::below(
            format!("{AT_ONCE} down at once: memory of one"),
            each(down),
            8.0,
            " MiB",
        ),
    ]
}

fn most(looks: Vec<f64>) -> f64 {
    looks.into_iter().fold(0.0, f64::max)
}

/// Text that no other round has.
fn content(round: u64) -> Bytes {
    let line = |n: u64| format!("{round:04} {n:08} the gate opened and closed\n").into_bytes();
    (0..).flat_map(line).take(SIZE).collect()
}

/// How long `cp` of a file of these bytes takes, and `sync` of the copy and its folder. It stays, as what is uploaded does: room that was used
/// a moment ago is had for less.
fn copy(folder: &Path, round: u64, bytes: &[u8]) -> io::Result<Duration> {
    let (from, to) = (folder.join("from"), folder.join(format!("to{round}")));
    fs::write(&from, bytes)?;
    let begin = Instant::now();
    run("cp", [&from, &to])?;
    run("sync", [to.as_path(), folder])?;
    Ok(begin.elapsed())
}

fn run<const N: usize>(program: &str, paths: [impl AsRef<OsStr>; N]) -> io::Result<()> {
    let ended = Command::new(program).args(paths).status()?;
    match ended.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("{program}: {ended}"))),
    }
}

/// Sends the bytes and gives the attachment's id.
async fn upload(mut tickets: Tickets, ticket: &str, bytes: &Bytes) -> String {
    let header = UploadHeader {
        ticket_id: ticket.to_owned(),
        filename: "gate.log".to_owned(),
        ..UploadHeader::default()
    };
    let message = |content| UploadAttachmentRequest {
        content: Some(content),
    };
    let mut messages = vec![message(Content::Header(header))];
    let chunks = (0..bytes.len()).step_by(CHUNK);
    let chunks = chunks.map(|at| bytes.slice(at..bytes.len().min(at + CHUNK)));
    messages.extend(chunks.map(Content::Chunk).map(message));
    let sent = tickets.upload_attachment(stream::iter(messages)).await;
    let sent = sent.expect("it arrives").into_inner();
    sent.attachment.unwrap_or_default().id
}

/// Fetches it and gives its size.
async fn download(mut tickets: Tickets, id: String) -> usize {
    let request = DownloadAttachmentRequest { id, offset: None };
    let stream = tickets.download_attachment(request).await;
    let mut stream = stream.expect("it may be fetched").into_inner();
    let mut size = 0;
    while let Some(message) = stream.message().await.expect("a message") {
        if let Some(download_attachment_response::Content::Data(data)) = message.content {
            size += data.len();
        }
    }
    size
}
