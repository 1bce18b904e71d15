//! Files that an issue has twice, looked for once everything else is done.

use super::{
    change::Change,
    run::{Run, Stop},
};
use crate::{
    app::spare_files::{doubled, fix, is_sent_again},
    connectors::jira::{Account, Jira},
    db::{export, export_attachment, export_fix, export_item, ticket},
    domain::{export::EventDetail, ids::TicketId},
};

impl Run {
    /// Tells of each file that an issue has twice. Where Jira refuses to show them, whoever compares the export looks again.
    pub(super) async fn tell_of_spare_files(&self, jira: &Jira) -> Result<(), Stop> {
        let mut doubted = export_attachment::doubted(self.app.db.read(), self.claimed.id).await?;
        doubted.retain(is_sent_again);
        doubted.dedup_by_key(|row| row.ticket_id);
        if doubted.is_empty() {
            return Ok(());
        }
        let account = self.ask("read the account", || jira.myself()).await?;
        for row in doubted {
            self.look_for_spare_files(jira, &account, row.ticket_id)
                .await?;
        }
        Ok(())
    }

    async fn look_for_spare_files(
        &self,
        jira: &Jira,
        account: &Account,
        ticket: TicketId,
    ) -> Result<(), Stop> {
        let (conn, run) = (self.app.db.read(), self.claimed.id);
        let items = export_item::of_tickets(conn, run, [ticket]).await?;
        let Some((item, key)) = items
            .first()
            .and_then(|it| Some((it, it.jira_key.as_deref()?)))
        else {
            return Ok(());
        };
        let asked = self.try_ask("read an issue's files", || jira.issue_files(key));
        let listed = match asked.await? {
            Ok(listed) => listed,
            Err(refused) => {
                tracing::warn!(%refused, key, "an issue's files could not be looked at");
                return Ok(());
            }
        };
        let rows = export_attachment::of_ticket(conn, run, ticket).await?;
        let known = export_fix::of_export(conn, run).await?;
        let told = |row: &export_attachment::Model| {
            let same = |fix: &export_fix::Model| {
                fix.ticket_id == row.ticket_id && fix.field == row.filename
            };
            known
                .iter()
                .any(|it| same(it) && crate::app::spare_files::is_about(it))
        };
        for row in doubled(&rows, &listed, account) {
            if !told(row) {
                self.tell_of_spare_file(item, row).await?;
            }
        }
        Ok(())
    }

    async fn tell_of_spare_file(
        &self,
        item: &export_item::Model,
        row: &export_attachment::Model,
    ) -> Result<(), Stop> {
        let rows = ticket::find_many(self.app.db.read(), [row.ticket_id]).await?;
        let title = rows.into_iter().next().map(|ticket| ticket.title.0);
        let fix = fix(item, row, self.app.clock.now());
        let url = item.jira_url.clone().unwrap_or_default();
        let detail = EventDetail::FieldFallback {
            ticket_id: fix.ticket_id,
            field: fix.field.clone(),
            fix: Box::new(fix.told(url, title.unwrap_or_default())),
        };
        let change = Change {
            fixes: vec![fix],
            ..Change::default()
        };
        let alter = |next: &mut export::Model| next.manual_fixes += 1;
        self.record(alter, change, vec![detail]).await
    }
}
