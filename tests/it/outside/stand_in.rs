//! An HTTP server that stands in for a platform, with faults to order. It speaks plain HTTP/1.1, one request a connection, so that a test
//! decides over every byte and over how a connection ends.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
    time::sleep,
};

/// A request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A value of the query, or of a form in the body.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let body = String::from_utf8_lossy(&self.body).into_owned();
        let pairs = [self.query.as_str(), body.as_str()];
        let mut pairs = pairs
            .iter()
            .flat_map(|text| url::form_urlencoded::parse(text.as_bytes()));
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// It is answered like this, and nothing is done.
    Answer(Reply),
    /// As [`Act::Answer`], but not before it is told to.
    AnswerWhen(Reply, Arc<Notify>),
    /// It is done, and answered like this.
    DoAndAnswer(Reply),
    /// It is not done, and never answered.
    Hang,
    /// It is not done, and the connection ends.
    Drop,
    /// It is done, and the connection ends.
    DoAndDrop,
    /// It is done, and the answer stops in the middle.
    DoAndBreak,
}

type Work = dyn Fn(&Asked) -> Reply + Send + Sync;

/// The server. It ends with the value.
pub(crate) struct StandIn {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    orders: Arc<Mutex<VecDeque<(String, Act)>>>,
    latency: Arc<Mutex<Duration>>,
    running: JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.running.abort();
    }
}

impl StandIn {
    /// Does `work` with every request, unless something else was ordered.
    pub(crate) async fn start(work: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", work).await
    }

    pub(crate) async fn start_at(
        address: &str,
        work: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let orders = Arc::<Mutex<VecDeque<(String, Act)>>>::default();
        let latency = Arc::<Mutex<Duration>>::default();
        let work: Arc<Work> = Arc::new(work);
        let running = {
            let (asked, orders) = (Arc::clone(&asked), Arc::clone(&orders));
            let latency = Arc::clone(&latency);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let (asked, orders) = (Arc::clone(&asked), Arc::clone(&orders));
                    let work = Arc::clone(&work);
                    let latency = *latency.lock().unwrap();
                    tokio::spawn(async move {
                        // A client that goes away is no fault of the test's.
                        let _ = serve(stream, &asked, &orders, latency, &*work).await;
                    });
                }
            })
        };
        Self {
            url,
            asked,
            orders,
            latency,
            running,
        }
    }

    /// Has the next request whose method and path contain this text go wrong.
    pub(crate) fn order(&self, on: &str, act: Act) {
        self.orders.lock().unwrap().push_back((on.to_owned(), act));
    }

    /// How long it takes for a request before it does the work, and once more before it answers.
    pub(crate) fn set_latency(&self, latency: Duration) {
        *self.latency.lock().unwrap() = latency;
    }

    /// Forgets all requests so far.
    pub(crate) fn forget(&self) {
        self.asked.lock().unwrap().clear();
    }

    /// All requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Those whose method and path contain this text.
    pub(crate) fn asked_for(&self, on: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| format!("{} {}", asked.method, asked.path).contains(on));
        asked
    }
}

async fn serve(
    mut stream: TcpStream,
    asked: &Mutex<Vec<Asked>>,
    orders: &Mutex<VecDeque<(String, Act)>>,
    latency: Duration,
    work: &Work,
) -> std::io::Result<()> {
    let request = read(&mut stream).await?;
    asked.lock().unwrap().push(request.clone());
    let act = {
        let mut orders = orders.lock().unwrap();
        let what = format!("{} {}", request.method, request.path);
        let at = orders.iter().position(|(on, _)| what.contains(on));
        at.and_then(|at| orders.remove(at)).map(|(_, act)| act)
    };
    match act {
        None => {
            // A platform goes on with what it has begun, whether its client is there or not.
            sleep(latency).await;
            let reply = work(&request);
            sleep(latency).await;
            write(&mut stream, &reply, false).await
        }
        Some(Act::Answer(reply)) => write(&mut stream, &reply, false).await,
        Some(Act::AnswerWhen(reply, told)) => {
            told.notified().await;
            write(&mut stream, &reply, false).await
        }
        Some(Act::DoAndAnswer(reply)) => {
            work(&request);
            write(&mut stream, &reply, false).await
        }
        Some(Act::Hang) => {
            // Until the client gives up.
            let _ = stream.read(&mut [0; 1]).await;
            Ok(())
        }
        Some(Act::Drop) => Ok(()),
        Some(Act::DoAndDrop) => {
            work(&request);
            Ok(())
        }
        Some(Act::DoAndBreak) => {
            let reply = work(&request);
            write(&mut stream, &reply, true).await
        }
    }
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end;
        }
        let mut piece = [0; 4096];
        match stream.read(&mut piece).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&piece[..count]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut body = bytes.split_off(end + 4);
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let method = first.next().unwrap_or_default().to_owned();
    let target = first.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, value)| value.parse().unwrap_or(0));
    while body.len() < length {
        let mut piece = [0; 65536];
        match stream.read(&mut piece).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => body.extend_from_slice(&piece[..count]),
        }
    }
    Ok(Asked {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body,
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|part| part == what)
}

/// Writes the answer; `broken`: all but its last byte.
async fn write(stream: &mut TcpStream, reply: &Reply, broken: bool) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Whatever\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!(
        "content-length: {}\r\nconnection: close\r\n\r\n",
        reply.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    let end = reply.body.len() - usize::from(broken && !reply.body.is_empty());
    stream.write_all(&reply.body[..end]).await?;
    stream.shutdown().await
}
