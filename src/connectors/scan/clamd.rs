//! clamd, ClamAV's daemon: the bytes go to it over its socket (INSTREAM), so that it needs to see no folder of ours.

use std::{fmt, io, path::PathBuf, str::FromStr};

use bytes::Bytes;
use clamav_client::tokio::{Socket, Tcp, scan_stream};
use futures::Stream;

use super::{Verdict, finding};

/// Where a clamd listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clamd {
    /// On a socket of this machine.
    Unix(PathBuf),
    /// On a host and port.
    Tcp(String),
}

impl FromStr for Clamd {
    type Err = String;

    /// Reads `/run/clamav/clamd.ctl` or `host:3310`.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with('/') {
            return Ok(Self::Unix(text.into()));
        }
        let is_address = text.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && !host.contains(['/', ' ']) && port.parse::<u16>().is_ok()
        });
        match is_address {
            true => Ok(Self::Tcp(text.to_owned())),
            false => Err(
                "must be the path of a socket, or a host and port such as localhost:3310".into(),
            ),
        }
    }
}

impl fmt::Display for Clamd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => path.display().fmt(f),
            Self::Tcp(address) => f.write_str(address),
        }
    }
}

impl Clamd {
    pub(super) async fn scan(
        &self,
        bytes: impl Stream<Item = io::Result<Bytes>> + Send,
    ) -> Result<Verdict, String> {
        let answer = match self {
            Self::Unix(socket_path) => scan_stream(bytes, Socket { socket_path }, None).await,
            Self::Tcp(host_address) => {
                scan_stream(
                    bytes,
                    Tcp {
                        host_address: host_address.as_str(),
                    },
                    None,
                )
                .await
            }
        };
        let answer = answer.map_err(|error| format!("clamd at {self}: {error}"))?;
        verdict(&String::from_utf8_lossy(&answer))
    }
}

/// What an answer says: `stream: OK`, `stream: Eicar-Signature FOUND`, or what went wrong, with `ERROR` at its end.
fn verdict(answer: &str) -> Result<Verdict, String> {
    let answer = answer.trim_end_matches('\0').trim();
    let said = answer.strip_prefix("stream: ").unwrap_or(answer);
    match said.strip_suffix(" FOUND") {
        Some(name) => Ok(Verdict::Infected(finding(name))),
        None if said == "OK" => Ok(Verdict::Clean),
        None => Err(format!("clamd says {:?}", finding(answer))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_verdict_only_where_it_says_so() {
        assert_eq!(verdict("stream: OK\0"), Ok(Verdict::Clean));
        let found = Verdict::Infected("Eicar-Signature".to_owned());
        assert_eq!(verdict("stream: Eicar-Signature FOUND\0"), Ok(found));
        for other in [
            "",
            "INSTREAM size limit exceeded. ERROR\0",
            "stream: OK and more",
            "stream: not OK",
        ] {
            assert!(verdict(other).is_err(), "{other:?}");
        }
    }
}
