//! Whether recorded keys still lead to docket's issues: looked at before anything is sent to an issue that this worker has not made.

use std::collections::BTreeMap;

use super::{
    run::{Run, Stop},
    settle::Doubt,
    traffic::lock,
};
use crate::{
    app::kept_issues::recorded,
    connectors::jira::{Estranged, Jira},
    db::export_item,
    domain::ids::TicketId,
};

/// How many issues one read takes.
const READ_AT_ONCE: usize = 100;

impl Run {
    /// Notes that the ticket's key leads to its issue.
    pub(super) fn is_sure_of(&self, ticket: TicketId) {
        lock(&self.sure).insert(ticket);
    }

    /// Those of these tickets whose keys do not lead to their issues any more, and why. An issue that is missing is looked for again
    /// within a bounded time: reads may lag.
    pub(super) async fn estranged(
        &self,
        jira: &Jira,
        items: &[export_item::Model],
    ) -> Result<BTreeMap<TicketId, Estranged>, Stop> {
        let unsure: Vec<_> = {
            let sure = lock(&self.sure);
            let unsure = items.iter().filter(|item| !sure.contains(&item.ticket_id));
            unsure.filter_map(recorded).collect()
        };
        let mut strange = BTreeMap::new();
        for some in unsure.chunks(READ_AT_ONCE) {
            let mut found = BTreeMap::new();
            for wait in Doubt::Failed.waits() {
                self.wait_undisturbed(*wait).await?;
                found = self.ask("look at issues", || jira.estranged(some)).await?;
                if !found.values().any(|why| matches!(why, Estranged::Gone(_))) {
                    break;
                }
            }
            for issue in some.iter().filter(|it| !found.contains_key(&it.ticket)) {
                self.is_sure_of(issue.ticket);
            }
            strange.extend(found);
        }
        Ok(strange)
    }
}
