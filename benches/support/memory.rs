//! The memory that a server's process holds, in MiB.

use std::{fs, time::Duration};

use tokio::{sync::oneshot, task::JoinHandle, time};

use super::server::Server;

/// What looks at it, again and again.
pub(crate) struct Watch {
    stop: oneshot::Sender<()>,
    looks: JoinHandle<Vec<f64>>,
}

impl Watch {
    /// All that was seen.
    pub(crate) async fn end(self) -> Vec<f64> {
        self.stop.send(()).expect("it looks");
        self.looks.await.expect("it ends well")
    }
}

impl Server {
    /// Looks every so often from now on.
    pub(crate) fn watch_memory(&self, every: Duration) -> Watch {
        let id = self.process.id();
        let (stop, mut stopped) = oneshot::channel();
        let looks = tokio::spawn(async move {
            let mut seen = Vec::new();
            loop {
                seen.push(memory(id));
                if time::timeout(every, &mut stopped).await.is_ok() {
                    return seen;
                }
            }
        });
        Watch { stop, looks }
    }
}

/// What the process holds now.
pub(crate) fn memory(id: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.and_then(|kib| kib.parse::<f64>().ok()).expect("KiB") / 1024.0
}
