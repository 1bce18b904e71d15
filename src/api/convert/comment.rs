//! Comments: read from requests, and shown the same way in every answer.

use super::{
    enums::{self, Wire as _},
    ids,
    time::timestamp,
};
use crate::{
    app::{
        comments::{CommentChange, NewComment},
        requests::Create,
    },
    db::comment::Model,
    domain::ticket::{CommentVisibility, comment_body},
    error::{Error, Result, Violations},
    proto::v1,
};

/// What CreateComment asks for.
pub(in crate::api) fn create(request: v1::CreateCommentRequest) -> Result<Create<NewComment>> {
    let mut violations = Violations::new();
    let body = violations.check("body", comment_body(&request.body));
    let visibility = enums::or(request.visibility, CommentVisibility::Public);
    let visibility = violations.check("visibility", visibility);
    let request_id = ids::request(&mut violations, request.request_id.as_deref());
    let new = body.zip(visibility).zip(request_id);
    let ((body, visibility), request_id) = violations.settle(new)?;
    Ok(Create {
        new: NewComment { body, visibility },
        request_id,
        validate_only: request.validate_only,
    })
}

/// What UpdateComment asks for.
pub(in crate::api) fn update(request: &v1::UpdateCommentRequest) -> Result<CommentChange> {
    let body = comment_body(&request.body).map_err(|broken| Error::invalid("body", broken.rule))?;
    Ok(CommentChange {
        body,
        validate_only: request.validate_only,
    })
}

/// The comment as callers see it.
pub(in crate::api) fn comment(row: Model) -> v1::Comment {
    v1::Comment {
        id: row.id.to_string(),
        ticket_id: row.ticket_id.to_string(),
        author_id: row.author_id.0,
        body: row.body,
        visibility: row.visibility.number(),
        system: row.system,
        create_time: Some(timestamp(row.create_time)),
        edit_time: row.edit_time.map(timestamp),
        delete_time: row.delete_time.map(timestamp),
    }
}

/// The comment that a call with `validate_only` would have added: it has no id yet.
pub(in crate::api) fn planned(row: Model) -> v1::Comment {
    v1::Comment {
        id: String::new(),
        ..comment(row)
    }
}
