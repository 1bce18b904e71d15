//! A program that scans what comes on its standard input, and exits as ClamAV's do: 0 for nothing found, 1 for something.

use std::{io, process::Stdio, str::FromStr};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    process::{Child, Command},
};

use super::{Verdict, finding};

/// What of the environment the program sees: docket's own holds secrets.
const ENVIRONMENT: [&str; 5] = ["PATH", "HOME", "LANG", "TMPDIR", "TZ"];
/// How much of what the program says is looked at, in bytes.
const SAID: u64 = 4096;

/// A program with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanCommand {
    program: String,
    arguments: Vec<String>,
}

impl FromStr for ScanCommand {
    type Err = String;

    /// Reads `clamscan --no-summary -`: words with blanks between them, and no shell.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace().map(str::to_owned);
        let program = words.next().ok_or("must name a program")?;
        Ok(Self {
            program,
            arguments: words.collect(),
        })
    }
}

impl ScanCommand {
    pub(super) async fn scan(
        &self,
        bytes: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<Verdict, String> {
        let failed = |what: &str, error: io::Error| format!("{}: {what}: {error}", self.program);
        let known = ENVIRONMENT.iter();
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(known.filter_map(|name| Some((*name, std::env::var_os(name)?))))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| failed("cannot be started", error))?;
        let mut group = Group::of(&child);
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(format!("{}: has no standard streams", self.program));
        };
        let mut said = Vec::new();
        let mut first = output.take(SAID);
        let (fed, heard) = tokio::join!(feed(input, bytes), async {
            first.read_to_end(&mut said).await?;
            // A program that cannot say all that it wants would wait for ever.
            tokio::io::copy(first.get_mut(), &mut tokio::io::sink()).await
        });
        let took_all = fed.map_err(|error| failed("the file cannot be read", error))?;
        heard.map_err(|error| failed("cannot be heard", error))?;
        let status = child.wait().await;
        group.0 = None;
        match status.map_err(|error| failed("is lost", error))?.code() {
            // One that scans something else, as clamscan without a `-`, would call everything clean.
            Some(0) if !took_all => Err(format!("{}: did not read the file", self.program)),
            Some(0) => Ok(Verdict::Clean),
            Some(1) => Ok(Verdict::Infected(finding(&String::from_utf8_lossy(&said)))),
            Some(code) => Err(format!("{}: ended with {code}", self.program)),
            None => Err(format!("{}: was killed", self.program)),
        }
    }
}

/// The program with all that it has started, which ends where nobody waits for the program any more.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // What is gone already is no fault.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// Gives the program all bytes, as far as it wants them: one that has seen enough closes its end. Whether it took all.
async fn feed(
    mut input: impl AsyncWrite + Unpin,
    bytes: impl Stream<Item = io::Result<Bytes>>,
) -> io::Result<bool> {
    let mut bytes = std::pin::pin!(bytes);
    while let Some(piece) = bytes.next().await {
        let piece = piece?;
        if input.write_all(&piece).await.is_err() {
            return Ok(false);
        }
    }
    // Where it is closed already, the exit code tells all the same.
    let _ = input.shutdown().await;
    Ok(true)
}
