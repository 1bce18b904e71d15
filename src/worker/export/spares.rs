//! Second issues: what Jira has made of creates that were sent again in doubt, looked for once everything else is done.

use super::{
    change::Change,
    run::{Run, Stop},
    ticket::count,
};
use crate::{
    app::spare_issues::{FIELD, doubt, fix, new_spares, since},
    connectors::jira::Jira,
    db::{export, export_fix, export_item, ticket},
    domain::export::{EventDetail, SpareIssue},
};

impl Run {
    /// Tells of each second issue. Where Jira refuses to show them, whoever compares or reverts the export looks again.
    pub(super) async fn tell_of_spares(&self, jira: &Jira) -> Result<(), Stop> {
        let items = export_item::doubted(self.app.db.read(), self.claimed.id).await?;
        let Some(after) = since(&items) else {
            return Ok(());
        };
        let (project, task) = (&self.project, self.claimed.id);
        let looked = self
            .try_ask("look for second issues", || {
                jira.made_by(project, after, task)
            })
            .await?;
        match looked {
            Ok((seen, whole)) => {
                for item in items {
                    let spares = new_spares(&item, &seen);
                    if !spares.is_empty() {
                        self.tell_of(jira, item, spares).await?;
                    } else if !whole && item.spares().is_empty() {
                        self.tell_of_doubt(&item).await?;
                    }
                }
            }
            Err(refused) => tracing::warn!(%refused, "second issues could not be looked for"),
        }
        Ok(())
    }

    /// Tells, once, that nobody knows whether the ticket has a second issue.
    async fn tell_of_doubt(&self, item: &export_item::Model) -> Result<(), Stop> {
        let conn = self.app.db.read();
        let known = export_fix::of_ticket(conn, self.claimed.id, item.ticket_id).await?;
        if known.iter().any(|fix| fix.field == FIELD) {
            return Ok(());
        }
        let rows = ticket::find_many(conn, [item.ticket_id]).await?;
        let title = rows.into_iter().next().map(|ticket| ticket.title.0);
        let fix = doubt(item, self.app.clock.now());
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

    async fn tell_of(
        &self,
        jira: &Jira,
        mut item: export_item::Model,
        spares: Vec<SpareIssue>,
    ) -> Result<(), Stop> {
        let now = self.app.clock.now();
        let rows = ticket::find_many(self.app.db.read(), [item.ticket_id]).await?;
        let title = rows.into_iter().next().map(|ticket| ticket.title.0);
        let title = title.unwrap_or_default();
        let fixes: Vec<_> = spares.iter().map(|spare| fix(&item, spare, now)).collect();
        let keys: Vec<String> = spares.iter().map(|spare| spare.key.clone()).collect();
        tracing::error!(?keys, ticket = %item.ticket_id, "a ticket has a second issue");
        let details = fixes.iter().zip(&keys).map(|(fix, key)| {
            let url = jira.browse_url(key).to_string();
            EventDetail::FieldFallback {
                ticket_id: fix.ticket_id,
                field: fix.field.clone(),
                fix: Box::new(fix.told(url, title.clone())),
            }
        });
        let details = details.collect();
        item.spare_issues.get_or_insert_default().0.extend(spares);
        let more = count(&fixes);
        let alter = |next: &mut export::Model| {
            next.manual_fixes += more;
            next.orphaned_keys.0.extend(keys);
        };
        let change = Change {
            item: Some(item),
            fixes,
            ..Change::default()
        };
        self.record(alter, change, details).await
    }
}
