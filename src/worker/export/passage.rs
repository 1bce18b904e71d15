//! A ticket on its way to its issue: what is sent, and how far that has come.

use crate::{
    connectors::jira::{IssuePlan, Jira, Unsent, adf::InlineAttachment},
    db::{export_fix, export_item, ticket},
    domain::export::{EventDetail, ManualFixType},
};

/// A ticket with its item, on its way.
pub(super) struct Passage<'a> {
    pub(super) jira: &'a Jira,
    pub(super) ticket: &'a ticket::Model,
    pub(super) item: export_item::Model,
    /// Whether the ticket before this one has written down that it is sent.
    pub(super) intended: bool,
    pub(super) plan: IssuePlan,
    /// Images in the description, to be attached.
    pub(super) images: Vec<InlineAttachment>,
    /// The whole description, where it had to be cut.
    pub(super) full_text: Option<InlineAttachment>,
    /// Why nothing may be sent to the issue any more.
    pub(super) estranged: Option<String>,
}

impl Passage<'_> {
    /// As the ticket before this one has written it down.
    pub(super) fn intended(self, item: export_item::Model) -> Self {
        Self {
            item,
            intended: true,
            ..self
        }
    }

    /// Whether nothing is sent for the ticket once it has its issue.
    pub(super) fn sends_no_more(&self) -> bool {
        let files = self.ticket.attachment_count > 0 || !self.images.is_empty();
        !files && self.full_text.is_none() && !self.is_cut() && self.plan.sprint.is_none()
    }

    /// What the issue has to do without, as it was written down before the create.
    pub(super) fn noted(&self) -> Vec<Unsent> {
        serde_json::from_value(self.item.fallbacks.clone()).unwrap_or_default()
    }

    /// The event that tells of a manual fix.
    pub(super) fn told(&self, fix: &export_fix::Model) -> EventDetail {
        let (url, title) = (self.item.jira_url.clone(), self.ticket.title.0.clone());
        EventDetail::FieldFallback {
            ticket_id: fix.ticket_id,
            field: fix.field.clone(),
            fix: Box::new(fix.told(url.unwrap_or_default(), title)),
        }
    }

    /// Whether Jira has less than the whole description, by this worker's doing or an earlier one's.
    pub(super) fn is_cut(&self) -> bool {
        let cut = |unsent: &Unsent| unsent.fix_type == ManualFixType::DescriptionTruncated;
        self.plan.unsent.iter().any(cut) || self.noted().iter().any(cut)
    }
}
