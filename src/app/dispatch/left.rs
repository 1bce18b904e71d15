//! Files that the ticket has no more and its copy may have: looked for, so that a person is told to delete what is there and nothing else.

use std::time::Duration;

use super::{
    attempt::{Attempt, Halt},
    files::Outgoing,
    load::Scene,
    transmit::SLOWEST,
};
use crate::{
    app::issue_files::INFECTED,
    connectors::outcome::{External, Failure},
    db::{
        dispatch::DispatchState,
        dispatch_files::{SentFile, Still},
    },
    domain::time::Time,
};

impl Attempt {
    /// Sorts out what is not among the ticket's files any more and may have been sent. What the copy has, or may have, is told; the rest is
    /// nobody's concern. For how long the platform asks to be asked nothing more.
    pub(super) async fn sort_out(
        &mut self,
        scene: &Scene,
        external: &External,
        files: &[Outgoing],
    ) -> Result<Option<Duration>, Halt> {
        let known = self.known().iter();
        let open: Vec<SentFile> = known.filter(|it| is_open(it)).cloned().collect();
        let there = listed(scene, external, &open).await;
        let mut held = there.as_ref().err().and_then(|look| look.retry_after);
        for sent in &open {
            let is_ours = files.iter().any(|file| file.is(sent));
            let now = match (is_ours, &sent.external_id, &there) {
                (true, _, _) if !sent.left => continue,
                (true, _, _) => Some(sent.clone().back()),
                (_, Some(id), Ok(there)) if !there.contains(id) => None,
                (_, Some(id), _) => Some(sent.clone().leave(Some(id.clone()))),
                (_, None, _) if held.is_some() => sent.clone().unsettled(),
                (_, None, _) => match self.where_left(scene, external, sent).await? {
                    Ok(now) => now,
                    Err(look) => {
                        held = look.retry_after;
                        sent.clone().unsettled()
                    }
                },
            };
            self.put(sent, now);
        }
        Ok(held)
    }

    /// Gives up a file that was deleted while it was to be sent: told if it may have been sent before.
    pub(super) async fn give_up(
        &mut self,
        file: &Outgoing,
        sent: Option<Time>,
    ) -> Result<(), Halt> {
        if let Some(before) = self.before(file).cloned() {
            let now = sent.map(|sent| SentFile {
                sent_time: Some(sent),
                ..before.clone().leave(None)
            });
            self.put(&before, now);
        }
        self.save(DispatchState::Sent).await
    }

    /// What is told of a file that the ticket has no more. `None`: nothing, for the copy has it not, as far as looks can tell.
    async fn where_left(
        &self,
        scene: &Scene,
        external: &External,
        sent: &SentFile,
    ) -> Result<Result<Option<SentFile>, Failure>, Halt> {
        if sent.sent_time.is_none() {
            return Ok(Ok(None));
        }
        let size = u64::try_from(sent.size_bytes).unwrap_or_default();
        let waits = self.waits_since(sent.sent_time, Duration::from_secs(size / SLOWEST));
        let like = (sent.filename.as_str(), sent.size_bytes);
        let found = self.find_file(scene, external, like, waits).await?;
        Ok(found.map(|id| id.map(|id| sent.clone().leave(Some(id)))))
    }

    /// Puts what is told now in the place of what was known.
    fn put(&mut self, sent: &SentFile, now: Option<SentFile>) {
        let Some(files) = &mut self.row.files else {
            return;
        };
        let Some(at) = files.0.iter().position(|known| known == sent) else {
            return;
        };
        match now {
            Some(now) => files.0[at] = now,
            None => drop(files.0.remove(at)),
        }
        if files.0.is_empty() {
            self.row.files = None;
        }
    }
}

/// The ids of what the copy has, where one of these is known to be, or to have been, among them.
async fn listed(
    scene: &Scene,
    external: &External,
    open: &[SentFile],
) -> Result<Vec<String>, Failure> {
    if open.iter().all(|sent| sent.external_id.is_none()) {
        return Ok(Vec::new());
    }
    let files = scene.connector.files_on(external).await?;
    Ok(files.into_iter().map(|file| file.id).collect())
}

/// Whether it is to be sent, or may have come to something that nobody knows of.
fn is_open(sent: &SentFile) -> bool {
    sent.left || sent.still.is_some() || (!sent.success && sent.sent_time.is_some())
}

impl SentFile {
    /// The same, once the ticket has it no more: told, and not among those that are there; with the platform's id of it, where it is known to be there.
    pub(super) fn leave(self, id: Option<String>) -> Self {
        Self {
            error_message: Some(self.words(id.as_deref())),
            external_id: id,
            success: false,
            left: true,
            still: None,
            ..self
        }
    }

    /// The same, where nobody could look for it. `None`: it was not sent.
    fn unsettled(self) -> Option<Self> {
        self.sent_time.is_some().then(|| self.leave(None))
    }

    /// The same, once the ticket has it again, such as a picture of a description that is as it was. It is looked for like any other: it
    /// may have been deleted there since.
    fn back(self) -> Self {
        Self {
            external_id: None,
            still: Some(Still::Sent),
            left: false,
            ..self
        }
    }

    /// What a person is to do about it.
    fn words(&self, id: Option<&str>) -> String {
        let said = self.error_message.as_deref().unwrap_or_default();
        let what = match self.is_made() {
            _ if said.starts_with(INFECTED) => INFECTED,
            true => "the description has changed",
            false => "it was deleted here",
        };
        match id {
            Some(id) => format!("{what} after it was sent; delete it there, too: its id is {id}"),
            None => {
                format!("{what} after it may have been sent; if it is there, delete it there, too")
            }
        }
    }
}
