//! Comments on tickets: writing, editing, deleting and reading them.

use std::sync::Arc;

use super::{
    App, html,
    pages::{Listing, Page, PageRequest},
    requests::{Create, Request, remember},
    ticket_change::broken_id,
    ticket_edit::Edit,
    ticket_text::clean_html,
    ticket_view::visible,
};
use crate::{
    db::comment,
    domain::{
        actor::Actor,
        ids::{CommentId, TicketId},
        permission::{Action, Relation, TicketAction},
        ticket::{CommentVisibility, shows},
        time::Time,
    },
    error::{Error, Result},
};

/// A comment as it is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewComment {
    /// HTML within its limit, not sanitised yet.
    pub body: String,
    /// Who is to see it.
    pub visibility: CommentVisibility,
}

/// What a comment is to say instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentChange {
    /// HTML within its limit, not sanitised yet.
    pub body: String,
    /// Only check, and write nothing.
    pub validate_only: bool,
}

impl App {
    /// Adds a comment to a ticket that the caller may view.
    pub async fn create_comment(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<Create<NewComment>> + Send,
    ) -> Result<comment::Model> {
        let view = TicketAction::ViewTicket;
        let (ticket, create) = self.permitted(actor, id, view, parse).await?;
        if create.new.visibility == CommentVisibility::Internal {
            actor.require(Action::SeeInternalComments)?;
        }
        let seen = (ticket.id, &create.new);
        let request = Request::new(&actor.user_id, "CreateComment", create.request_id, &seen);
        self.once(request.as_ref(), async {
            let row = written(actor, ticket.id, &create.new, self.clock.now())?;
            match create.validate_only {
                true => Ok(row),
                false => self.write_comment(actor, row, request.clone()).await,
            }
        })
        .await
    }

    async fn write_comment(
        &self,
        actor: &Actor,
        row: comment::Model,
        request: Option<Request>,
    ) -> Result<comment::Model> {
        self.record_caller(actor).await?;
        let sla = Arc::clone(&self.sla);
        let story = Arc::new((actor.clone(), row, request));
        self.db
            .write(move |tx| {
                let (story, sla) = (Arc::clone(&story), Arc::clone(&sla));
                Box::pin(async move {
                    let (actor, row, request) = &*story;
                    let (id, now) = (row.ticket_id, row.create_time);
                    let mut edit =
                        Edit::begin(tx, actor, id, TicketAction::ViewTicket, now).await?;
                    let mut row = row.clone();
                    row.create_time = edit.now;
                    if row.visibility == CommentVisibility::Public {
                        edit.clock_answered(&sla);
                    }
                    edit.add_comment(row.clone());
                    edit.write(tx).await?;
                    remember(tx, request.as_ref(), &row, now).await?;
                    Ok(row)
                })
            })
            .await
    }

    /// Replaces a comment's body; its author may, and ADMIN.
    pub async fn update_comment(
        &self,
        actor: &Actor,
        id: Result<CommentId>,
        parse: impl FnOnce() -> Result<CommentChange> + Send,
    ) -> Result<comment::Model> {
        let (row, change) = self.own_comment(actor, id, parse).await?;
        let body = clean_body(&change.body)?;
        let change_body = move |edit: &mut Edit, row: comment::Model| {
            if row.body == body {
                return row;
            }
            let after = comment::Model {
                body: body.clone(),
                edit_time: Some(edit.now),
                ..row.clone()
            };
            edit.change_comment(&row, after.clone());
            after
        };
        self.change_comment(actor, row, change.validate_only, change_body)
            .await
    }

    /// Deletes a comment: nothing of its text stays in it. Its author may, and ADMIN.
    pub async fn delete_comment(
        &self,
        actor: &Actor,
        id: Result<CommentId>,
    ) -> Result<comment::Model> {
        let (row, ()) = self.own_comment(actor, id, || Ok(())).await?;
        let empty = |edit: &mut Edit, row: comment::Model| {
            let after = comment::Model {
                body: String::new(),
                delete_time: Some(edit.now),
                ..row
            };
            edit.delete_comment(after.clone());
            after
        };
        self.change_comment(actor, row, false, empty).await
    }

    /// A ticket's comments that the caller may read, oldest first.
    pub async fn list_comments(
        &self,
        actor: &Actor,
        id: Result<TicketId>,
        parse: impl FnOnce() -> Result<PageRequest> + Send,
    ) -> Result<Page<comment::Model>> {
        let view = TicketAction::ViewTicket;
        let (ticket, request) = self.permitted(actor, id, view, parse).await?;
        let internal = actor.may(Action::SeeInternalComments);
        let listing = Listing::new(&self.sealer, "comments", &(ticket.id, internal));
        let after: Option<comment::Position> = listing.position(&request)?;
        let limit = request.size.get() + 1;
        let rows = comment::page(self.db.read(), ticket.id, internal, after, limit).await?;
        let weight = |row: &comment::Model| row.body.len() + 512;
        listing.page_by_weight(&request, rows, weight, |row| (row.create_time, row.id))
    }

    /// A comment that the caller may change, and then what `parse` makes of the request.
    async fn own_comment<T>(
        &self,
        actor: &Actor,
        id: Result<CommentId>,
        parse: impl FnOnce() -> Result<T> + Send,
    ) -> Result<(comment::Model, T)> {
        let id = match id {
            Ok(id) => id,
            Err(broken) => return Err(broken_id(broken, parse)),
        };
        let row = self.readable_comment(actor, id).await?;
        require_own(actor, &row)?;
        Ok((row, parse()?))
    }

    async fn readable_comment(&self, actor: &Actor, id: CommentId) -> Result<comment::Model> {
        let internal = actor.may(Action::SeeInternalComments);
        let found = comment::find(self.db.read(), &visible(actor), id, internal).await?;
        found.ok_or_else(|| Error::not_found("comment", id))
    }

    /// Changes a comment as `decide` says, as it is in the writing transaction.
    async fn change_comment(
        &self,
        actor: &Actor,
        row: comment::Model,
        validate_only: bool,
        decide: impl Fn(&mut Edit, comment::Model) -> comment::Model + Send + Sync + 'static,
    ) -> Result<comment::Model> {
        self.record_caller(actor).await?;
        let now = self.clock.now();
        let story = Arc::new((actor.clone(), row, decide));
        self.db
            .write(move |tx| {
                let story = Arc::clone(&story);
                Box::pin(async move {
                    let (actor, row, decide) = &*story;
                    let (id, ticket_id) = (row.id, row.ticket_id);
                    let view = TicketAction::ViewTicket;
                    let mut edit = Edit::begin(tx, actor, ticket_id, view, now).await?;
                    let internal = actor.may(Action::SeeInternalComments);
                    let found = comment::find(tx, &visible(actor), id, internal).await?;
                    let row = found.ok_or_else(|| Error::not_found("comment", id))?;
                    require_own(actor, &row)?;
                    let row = decide(&mut edit, row);
                    if !validate_only {
                        edit.write(tx).await?;
                    }
                    Ok(row)
                })
            })
            .await
    }
}

fn written(
    actor: &Actor,
    ticket_id: TicketId,
    new: &NewComment,
    now: Time,
) -> Result<comment::Model> {
    Ok(comment::Model {
        id: CommentId::at(now),
        ticket_id,
        author_id: actor.user_id.clone(),
        body: clean_body(&new.body)?,
        visibility: new.visibility,
        system: false,
        create_time: now,
        edit_time: None,
        delete_time: None,
    })
}

/// The body as it is kept.
fn clean_body(body: &str) -> Result<String> {
    let clean = clean_html("body", body)?;
    match shows(&html::words(&clean)) {
        true => Ok(clean),
        false => Err(Error::invalid("body", "must have visible text")),
    }
}

/// PERMISSION_DENIED unless the caller wrote the comment or is ADMIN; nobody changes what docket wrote.
fn require_own(actor: &Actor, row: &comment::Model) -> Result<()> {
    if row.system {
        let denied = Error::denied("a system comment can be neither edited nor deleted");
        return Err(denied
            .with("role", actor.role)
            .with("action", TicketAction::ChangeContribution));
    }
    let relation = Relation::to_contribution(actor, &row.author_id);
    actor.require_on(TicketAction::ChangeContribution, relation)
}
