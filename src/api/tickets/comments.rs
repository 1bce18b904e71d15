//! Comments on tickets.

use crate::{
    api::convert::{self, ids, page},
    app::App,
    domain::actor::Actor,
    error::Result,
    proto::v1::*,
};

pub(super) async fn create(
    app: &App,
    actor: &Actor,
    request: CreateCommentRequest,
) -> Result<CreateCommentResponse> {
    let id = ids::id("ticket_id", &request.ticket_id);
    let show = match request.validate_only {
        true => convert::comment::planned,
        false => convert::comment::comment,
    };
    let parse = || convert::comment::create(request);
    let comment = Some(show(app.create_comment(actor, id, parse).await?));
    Ok(CreateCommentResponse { comment })
}

pub(super) async fn update(
    app: &App,
    actor: &Actor,
    request: UpdateCommentRequest,
) -> Result<UpdateCommentResponse> {
    let id = ids::id("id", &request.id);
    let parse = || convert::comment::update(&request);
    let comment = app.update_comment(actor, id, parse).await?;
    let comment = Some(convert::comment::comment(comment));
    Ok(UpdateCommentResponse { comment })
}

pub(super) async fn delete(
    app: &App,
    actor: &Actor,
    request: DeleteCommentRequest,
) -> Result<DeleteCommentResponse> {
    let id = ids::id("id", &request.id);
    let comment = app.delete_comment(actor, id).await?;
    let comment = Some(convert::comment::comment(comment));
    Ok(DeleteCommentResponse { comment })
}

pub(super) async fn list(
    app: &App,
    actor: &Actor,
    request: ListCommentsRequest,
) -> Result<ListCommentsResponse> {
    let id = ids::id("ticket_id", &request.ticket_id);
    let parse = || page::only(request.page_size, request.page_token);
    let page = app.list_comments(actor, id, parse).await?;
    Ok(ListCommentsResponse {
        comments: page
            .items
            .into_iter()
            .map(convert::comment::comment)
            .collect(),
        next_page_token: page.next_page_token,
    })
}
