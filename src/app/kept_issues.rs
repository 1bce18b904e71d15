//! Issues that a revert has kept, because people had touched them: the session's next export takes them over, so that a ticket never
//! gets a second one.

use std::collections::HashMap;

use super::App;
use crate::{
    connectors::jira::{CallError, Estranged, Jira, Recorded},
    db::{export, export_item},
    domain::{
        export::{ExportStatus, ItemState, RevertState, SpareIssue, SpareIssues},
        ids::{SessionId, TicketId},
    },
    error::Result,
};

/// What the revert of a session's latest export has kept.
#[derive(Default)]
pub(super) struct KeptIssues {
    /// The project's key when they were recorded.
    project: String,
    /// The items that tell of them, by ticket.
    pub(super) items: HashMap<TicketId, export_item::Model>,
}

impl App {
    /// The items of the session's latest export, where that was reverted, whose issues were kept.
    pub(super) async fn kept_issues(&self, session: SessionId) -> Result<KeptIssues> {
        let conn = self.db.read();
        let latest = export::of_session(conn, session).await?;
        let Some(reverted) = latest.filter(|export| export.status == ExportStatus::Reverted) else {
            return Ok(KeptIssues::default());
        };
        let items = export_item::of_export(conn, reverted.id).await?;
        let items = items.into_iter().filter_map(kept);
        Ok(KeptIssues {
            project: reverted.jira_project_key,
            items: items.map(|item| (item.ticket_id, item)).collect(),
        })
    }

    /// The keys of the issues that these tickets, at most 100, have from before an export to the project of this key, which the session
    /// names `stored`.
    pub(super) async fn still_ours(
        &self,
        jira: &Jira,
        (project, stored): (&str, &str),
        kept: &KeptIssues,
        tickets: &[TicketId],
    ) -> Result<HashMap<TicketId, String>, CallError> {
        let items = tickets.iter().filter_map(|id| kept.items.get(id));
        let mut items: Vec<_> = items.cloned().collect();
        let mut ours = HashMap::new();
        while !items.is_empty() {
            let recorded: Vec<_> = items.iter().filter_map(recorded).collect();
            let strange = self.ask_jira(|| jira.estranged(&recorded)).await?;
            let away = match stored == kept.project {
                true => Default::default(),
                false => {
                    let asked = || jira.elsewhere(project, &kept.project, &recorded);
                    self.ask_jira(asked).await?
                }
            };
            for item in &items {
                let there = stays(jira, item, strange.get(&item.ticket_id));
                if there && !away.contains(&item.ticket_id) {
                    ours.extend(item.jira_key.clone().map(|key| (item.ticket_id, key)));
                }
            }
            items.retain_mut(|item| {
                !ours.contains_key(&item.ticket_id)
                    && next_spare(item, |key| jira.browse_url(key).to_string())
            });
        }
        Ok(ours)
    }
}

/// The issue that an item tells of.
pub(crate) fn recorded(item: &export_item::Model) -> Option<Recorded<'_>> {
    Some(Recorded {
        key: item.jira_key.as_deref()?,
        id: item.jira_id.as_deref()?,
        ticket: item.ticket_id,
    })
}

/// Whether an issue that was kept is still the ticket's. One whose mark somebody has taken off is there all the same: a second one would
/// be one too many.
pub(crate) fn stays(jira: &Jira, item: &export_item::Model, why: Option<&Estranged>) -> bool {
    match why {
        None => true,
        // On another site an issue without a mark is anybody's.
        Some(Estranged::Unmarked(key)) => {
            item.jira_url.as_deref() == Some(jira.browse_url(key).as_str())
        }
        Some(Estranged::Gone(_) | Estranged::Another(_)) => false,
    }
}

/// Puts the ticket's next second issue into the place of its own. `false`: it has none.
pub(crate) fn next_spare(item: &mut export_item::Model, url: impl Fn(&str) -> String) -> bool {
    let Some(mut spares) = item.spare_issues.take().filter(|all| !all.0.is_empty()) else {
        return false;
    };
    let next = spares.0.remove(0);
    item.spare_issues = Some(spares);
    item.jira_url = Some(url(&next.key));
    item.jira_key = Some(next.key);
    item.jira_id = Some(next.id);
    true
}

/// What a revert has kept of a ticket: its own issue, else a second one, with the others beside it.
fn kept(mut item: export_item::Model) -> Option<export_item::Model> {
    let spares = item.spare_issues.take().unwrap_or_default().0.into_iter();
    let spares = spares.filter(|spare| spare.revert == Some(RevertState::Kept));
    let spares = spares.map(|spare| SpareIssue {
        revert: None,
        note: None,
        ..spare
    });
    item.spare_issues = Some(SpareIssues(spares.collect())).filter(|spares| !spares.0.is_empty());
    let whole = item.jira_key.is_some() && item.jira_id.is_some();
    if whole && item.revert == Some(RevertState::Kept) {
        return Some(item);
    }
    let (own, url) = (
        item.jira_key.clone().unwrap_or_default(),
        item.jira_url.clone().unwrap_or_default(),
    );
    let site = url.strip_suffix(&own).unwrap_or_default();
    next_spare(&mut item, |key| format!("{site}{key}")).then_some(item)
}

/// The item of a new run whose ticket has its issue already.
pub(super) fn taken_over(
    item: export_item::Model,
    kept: Option<&export_item::Model>,
) -> export_item::Model {
    let Some(kept) = kept else {
        return item;
    };
    export_item::Model {
        state: ItemState::Created,
        jira_key: kept.jira_key.clone(),
        jira_id: kept.jira_id.clone(),
        jira_url: kept.jira_url.clone(),
        exported: kept.exported.clone(),
        fallbacks: kept.fallbacks.clone(),
        spare_issues: kept.spare_issues.clone(),
        adopted: true,
        ..item
    }
}
