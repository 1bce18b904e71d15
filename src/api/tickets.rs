//! Tickets and all that belongs to them: `docket.v1.TicketService`.

mod attachments;
mod batch;
mod comments;
mod content;
mod dispatch;
mod history;
mod workflow;

use std::sync::Arc;

use futures::{StreamExt as _, stream::BoxStream};
use tonic::{Request, Response, Status, Streaming};

use super::{convert, not_served, served};
use crate::{
    app::App,
    auth::actor,
    proto::v1::{ticket_service_server::TicketService, *},
};

/// Serves `docket.v1.TicketService`.
#[derive(Clone, Debug)]
pub struct TicketApi {
    /// The use cases.
    pub app: Arc<App>,
}

#[tonic::async_trait]
impl TicketService for TicketApi {
    async fn create_ticket(
        &self,
        request: Request<CreateTicketRequest>,
    ) -> Result<Response<CreateTicketResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let show = match request.validate_only {
            true => convert::ticket::planned,
            false => convert::ticket::ticket,
        };
        let parse = || convert::ticket::create(request);
        let ticket = Some(show(self.app.create_ticket(&actor, parse).await?));
        Ok(Response::new(CreateTicketResponse { ticket }))
    }

    async fn get_ticket(
        &self,
        request: Request<GetTicketRequest>,
    ) -> Result<Response<GetTicketResponse>, Status> {
        let actor = actor(&request)?;
        let name = convert::ticket::name(request.get_ref())?;
        let ticket = self.app.get_ticket(&actor, name).await?;
        let ticket = Some(convert::ticket::ticket(ticket));
        Ok(Response::new(GetTicketResponse { ticket }))
    }

    async fn list_tickets(
        &self,
        request: Request<ListTicketsRequest>,
    ) -> Result<Response<ListTicketsResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let show_deleted = request.show_deleted;
        let parse = || convert::ticket_list::query(request);
        let (page, total) = self.app.list_tickets(&actor, show_deleted, parse).await?;
        Ok(Response::new(ListTicketsResponse {
            tickets: page
                .items
                .into_iter()
                .map(convert::ticket::ticket)
                .collect(),
            next_page_token: page.next_page_token,
            total_size: total.map(|total| i64::try_from(total).unwrap_or(i64::MAX)),
        }))
    }

    served! {
        batch_get_tickets(BatchGetTicketsRequest) -> BatchGetTicketsResponse by content::batch_get;
        update_ticket(UpdateTicketRequest) -> UpdateTicketResponse by content::update;
        delete_ticket(DeleteTicketRequest) -> DeleteTicketResponse by content::delete;
        undelete_ticket(UndeleteTicketRequest) -> UndeleteTicketResponse by content::undelete;
        explain_sla(ExplainSlaRequest) -> ExplainSlaResponse by content::explain_sla;
        assign_ticket(AssignTicketRequest) -> AssignTicketResponse by workflow::assign;
        transition_ticket(TransitionTicketRequest) -> TransitionTicketResponse by workflow::transition;
        resolve_ticket(ResolveTicketRequest) -> ResolveTicketResponse by workflow::resolve;
        close_ticket(CloseTicketRequest) -> CloseTicketResponse by workflow::close;
        reopen_ticket(ReopenTicketRequest) -> ReopenTicketResponse by workflow::reopen;
        escalate_ticket(EscalateTicketRequest) -> EscalateTicketResponse by workflow::escalate;
        list_allowed_transitions(ListAllowedTransitionsRequest) -> ListAllowedTransitionsResponse by workflow::allowed_transitions;
        list_ticket_history(ListTicketHistoryRequest) -> ListTicketHistoryResponse by history::list;
        list_ticket_assignments(ListTicketAssignmentsRequest) -> ListTicketAssignmentsResponse by history::assignments;
        batch_update_tickets(BatchUpdateTicketsRequest) -> BatchUpdateTicketsResponse by batch::update;
        create_comment(CreateCommentRequest) -> CreateCommentResponse by comments::create;
        update_comment(UpdateCommentRequest) -> UpdateCommentResponse by comments::update;
        delete_comment(DeleteCommentRequest) -> DeleteCommentResponse by comments::delete;
        list_comments(ListCommentsRequest) -> ListCommentsResponse by comments::list;
        start_upload(StartUploadRequest) -> StartUploadResponse by attachments::start;
        upload_chunk(UploadChunkRequest) -> UploadChunkResponse by attachments::add;
        finish_upload(FinishUploadRequest) -> FinishUploadResponse by attachments::finish;
        list_attachments(ListAttachmentsRequest) -> ListAttachmentsResponse by attachments::list;
        delete_attachment(DeleteAttachmentRequest) -> DeleteAttachmentResponse by attachments::delete;
        dispatch_ticket(DispatchTicketRequest) -> DispatchTicketResponse by dispatch::dispatch;
        list_dispatch_attempts(ListDispatchAttemptsRequest) -> ListDispatchAttemptsResponse by dispatch::attempts;
    }

    async fn upload_attachment(
        &self,
        request: Request<Streaming<UploadAttachmentRequest>>,
    ) -> Result<Response<UploadAttachmentResponse>, Status> {
        let (actor, messages) = (actor(&request)?, request.into_inner());
        let answer = attachments::upload(&self.app, &actor, messages).await?;
        Ok(Response::new(answer))
    }

    type DownloadAttachmentStream = BoxStream<'static, Result<DownloadAttachmentResponse, Status>>;

    async fn download_attachment(
        &self,
        request: Request<DownloadAttachmentRequest>,
    ) -> Result<Response<Self::DownloadAttachmentStream>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let answer = attachments::download(&self.app, &actor, request).await?;
        Ok(Response::new(answer))
    }

    type WatchTicketsStream = BoxStream<'static, Result<WatchTicketsResponse, Status>>;

    async fn watch_tickets(
        &self,
        request: Request<WatchTicketsRequest>,
    ) -> Result<Response<Self::WatchTicketsStream>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || convert::ticket_watch::request(&request);
        let told = self.app.watch_tickets(&actor, parse).await?;
        let messages = told.map(|told| Ok(convert::ticket_watch::response(told?)));
        Ok(Response::new(messages.boxed()))
    }

    not_served! { "TicketService":
        draft_ticket(DraftTicketRequest) -> DraftTicketResponse;
    }
}
