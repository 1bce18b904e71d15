//! The links between a run's issues, made once all of them exist.

use super::{
    run::{Change, Run, Stop},
    step::step,
};
use crate::{
    connectors::jira::{CallError, Jira, LinkType},
    db::{export_fix, export_item, export_link, ticket},
    domain::{
        export::{EventDetail, LinkState, ManualFixType},
        ids::FixId,
    },
};

/// How many links are read at once.
const BATCH: u64 = 100;

impl Run {
    /// Makes every dependency a link. Repeating a link is harmless, so one that may exist is simply sent again.
    pub(super) async fn link_dependencies(&mut self, jira: &Jira) -> Result<(), Stop> {
        self.row.current_ticket = None;
        let mut kind = None;
        loop {
            let links = export_link::pending(self.app.db.read(), self.row.id, BATCH).await?;
            if links.is_empty() {
                return Ok(());
            }
            if kind.is_none() {
                let kinds = self
                    .ask("read the link types", || jira.link_types())
                    .await?;
                kind = LinkType::blocking(&kinds).cloned();
            }
            for link in links {
                self.boundary().await?;
                self.link(jira, kind.as_ref(), link).await?;
            }
        }
    }

    async fn link(
        &mut self,
        jira: &Jira,
        kind: Option<&LinkType>,
        mut link: export_link::Model,
    ) -> Result<(), Stop> {
        let ends = [link.from_ticket_id, link.to_ticket_id];
        let items = export_item::of_tickets(self.app.db.read(), self.row.id, ends).await?;
        let key = |id| {
            items
                .iter()
                .find(|item| item.ticket_id == id)
                .and_then(|item| item.jira_key.clone())
        };
        let (Some(blocker), Some(blocked)) = (key(ends[0]), key(ends[1])) else {
            return Err(
                crate::error::Error::internal("a link between tickets without issues").into(),
            );
        };
        let made = self.make_link(jira, kind, &blocker, &blocked).await?;
        step("export.link_sent");
        if let Err(reason) = made {
            return self
                .leave_unlinked(link, &items, (&blocker, &blocked), reason)
                .await;
        }
        link.state = LinkState::Done;
        let mut next = self.row.clone();
        next.dependencies_created += 1;
        let detail = EventDetail::DependencyCreated {
            from_key: blocker,
            to_key: blocked,
        };
        let change = Change {
            link: Some(link),
            ..Change::default()
        };
        self.record(next, change, vec![detail]).await
    }

    /// Sends the link. What Jira refuses is told, and not a stop; a token that it no longer takes is.
    async fn make_link(
        &mut self,
        jira: &Jira,
        kind: Option<&LinkType>,
        blocker: &str,
        blocked: &str,
    ) -> Result<Result<(), String>, Stop> {
        let Some(kind) = kind else {
            return Ok(Err(
                "this Jira site has no type of link between issues".to_owned()
            ));
        };
        let made = self
            .try_ask("link issues", || jira.link(&kind.name, blocker, blocked))
            .await?;
        match made {
            Err(CallError::Rejected(refused)) if refused.status == 401 => {
                let refused = CallError::Rejected(refused);
                Err(refused.failure(&self.row.jira_project_key).into())
            }
            made => Ok(made.map_err(|refused| refused.to_string())),
        }
    }

    /// A link that Jira refuses is a manual fix of the ticket that waits, not a stop.
    async fn leave_unlinked(
        &mut self,
        mut link: export_link::Model,
        items: &[export_item::Model],
        (blocker, blocked): (&str, &str),
        reason: String,
    ) -> Result<(), Stop> {
        let now = self.app.clock.now();
        let waiting = link.to_ticket_id;
        let titles = ticket::find_many(self.app.db.read(), [waiting]).await?;
        let fix = export_fix::Model {
            id: FixId::at(now),
            export_id: self.row.id,
            ticket_id: waiting,
            jira_key: Some(blocked.to_owned()),
            fix_type: ManualFixType::LinkFailed,
            field: "depends_on".to_owned(),
            wanted: format!("{blocker} blocks {blocked}"),
            sent: None,
            reason: reason.clone(),
            recommended_action: format!("Link the two issues in Jira: {blocker} blocks {blocked}."),
            applied: false,
            create_time: now,
        };
        link.state = LinkState::Failed;
        link.error = Some(reason);
        let url = items
            .iter()
            .find(|item| item.ticket_id == waiting)
            .and_then(|item| item.jira_url.clone());
        let title = titles.into_iter().next().map(|ticket| ticket.title.0);
        let told = fix.told(url.unwrap_or_default(), title.unwrap_or_default());
        let detail = EventDetail::FieldFallback {
            ticket_id: waiting,
            field: fix.field.clone(),
            fix: Box::new(told),
        };
        let mut next = self.row.clone();
        next.manual_fixes += 1;
        let change = Change {
            link: Some(link),
            fixes: vec![fix],
            ..Change::default()
        };
        self.record(next, change, vec![detail]).await
    }
}
