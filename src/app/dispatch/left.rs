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
    connectors::outcome::External,
    db::{
        dispatch::DispatchState,
        dispatch_files::{SentFile, Still},
    },
    domain::time::Time,
};

impl Attempt {
    /// Sorts out what was sent, or was to be sent again, and is not among the ticket's files any more. What the copy has, or may have, is
    /// told; the rest is nobody's concern.
    pub(super) async fn sort_out(
        &mut self,
        scene: &Scene,
        external: &External,
        files: &[Outgoing],
    ) -> Result<(), Halt> {
        let open = |sent: &&SentFile| sent.left || sent.still.is_some();
        let open: Vec<SentFile> = self.known().iter().filter(open).cloned().collect();
        for sent in &open {
            let now = match (files.iter().any(|file| file.is(sent)), sent.left) {
                (true, false) => continue,
                (true, true) => Some(sent.clone().back()),
                (false, _) => self.where_left(scene, external, sent).await?,
            };
            self.put(sent, now);
        }
        Ok(())
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

    /// What is told of a file that the ticket has no more. `None`: nothing, for the copy has it not.
    async fn where_left(
        &self,
        scene: &Scene,
        external: &External,
        sent: &SentFile,
    ) -> Result<Option<SentFile>, Halt> {
        if sent.external_id.is_some() {
            return Ok(Some(sent.clone()));
        }
        let Some(time) = sent.sent_time else {
            return Ok(None);
        };
        let size = u64::try_from(sent.size_bytes).unwrap_or_default();
        let waits = self.waits_since(Some(time), Duration::from_secs(size / SLOWEST));
        let found = self.find_file(scene, external, (&sent.filename, sent.size_bytes), waits);
        let id = match found.await? {
            Ok(None) => return Ok(None),
            Ok(found) => found,
            Err(_) => None,
        };
        Ok(Some(sent.clone().leave(id)))
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

impl SentFile {
    /// The same, once the ticket has it no more; with the platform's id of it, where it is known to be there.
    fn leave(self, id: Option<String>) -> Self {
        Self {
            error_message: Some(self.words(id.as_deref())),
            external_id: id,
            left: true,
            still: None,
            ..self
        }
    }

    /// The same, once the ticket has it (again), such as a picture of a description that is as it was.
    fn back(self) -> Self {
        let found = self.left && self.external_id.is_some();
        Self {
            success: found,
            error_message: self.error_message.filter(|_| !found),
            still: (!found).then_some(Still::Sent),
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
