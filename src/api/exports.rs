//! Sessions and their exports: `docket.v1.ExportService`.

use std::sync::Arc;

use futures::{StreamExt as _, stream::BoxStream};
use tonic::{Request, Response, Status};

use super::{
    convert::{self, ids},
    not_served,
};
use crate::{
    app::App,
    auth::actor,
    domain::etag,
    domain::export_request::ExportRequest,
    proto::v1::{export_service_server::ExportService, *},
};

/// Serves `docket.v1.ExportService`.
#[derive(Clone, Debug)]
pub struct ExportApi {
    /// The use cases.
    pub app: Arc<App>,
}

#[tonic::async_trait]
impl ExportService for ExportApi {
    type WatchExportStream = BoxStream<'static, Result<WatchExportResponse, Status>>;

    async fn create_session(
        &self,
        request: Request<CreateSessionRequest>,
    ) -> Result<Response<CreateSessionResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let show = match request.validate_only {
            true => convert::session::planned,
            false => convert::session::session,
        };
        let parse = || convert::session::create(request);
        let session = Some(show(self.app.create_session(&actor, parse).await?));
        Ok(Response::new(CreateSessionResponse { session }))
    }

    async fn get_session(
        &self,
        request: Request<GetSessionRequest>,
    ) -> Result<Response<GetSessionResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || ids::id("id", &request.id);
        let session = self.app.get_session(&actor, parse).await?;
        let session = Some(convert::session::session(session));
        Ok(Response::new(GetSessionResponse { session }))
    }

    async fn list_sessions(
        &self,
        request: Request<ListSessionsRequest>,
    ) -> Result<Response<ListSessionsResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || convert::session::list(request);
        let page = self.app.list_sessions(&actor, parse).await?;
        Ok(Response::new(ListSessionsResponse {
            sessions: page
                .items
                .into_iter()
                .map(convert::session::session)
                .collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn update_session(
        &self,
        request: Request<UpdateSessionRequest>,
    ) -> Result<Response<UpdateSessionResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let named = request.session.as_ref().map_or("", |it| it.id.as_str());
        let id = ids::id("session.id", named);
        let parse = || convert::session_edit::update(request);
        let session = self.app.update_session(&actor, id, parse).await?;
        let session = Some(convert::session::session(session));
        Ok(Response::new(UpdateSessionResponse { session }))
    }

    async fn delete_session(
        &self,
        request: Request<DeleteSessionRequest>,
    ) -> Result<Response<DeleteSessionResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("id", &request.id);
        let seen = request.etag.as_deref().map(etag::version);
        self.app.delete_session(&actor, id, seen).await?;
        Ok(Response::new(DeleteSessionResponse {}))
    }

    async fn reorder_session_tickets(
        &self,
        request: Request<ReorderSessionTicketsRequest>,
    ) -> Result<Response<ReorderSessionTicketsResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("session_id", &request.session_id);
        let parse = || convert::session_edit::reorder(&request);
        let session = self.app.reorder_session_tickets(&actor, id, parse).await?;
        let session = Some(convert::session::session(session));
        Ok(Response::new(ReorderSessionTicketsResponse { session }))
    }

    async fn set_ticket_dependencies(
        &self,
        request: Request<SetTicketDependenciesRequest>,
    ) -> Result<Response<SetTicketDependenciesResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("ticket_id", &request.ticket_id);
        let parse = || convert::session_edit::dependencies(&request);
        let ticket = self.app.set_ticket_dependencies(&actor, id, parse).await?;
        let ticket = Some(convert::ticket::ticket(ticket));
        Ok(Response::new(SetTicketDependenciesResponse { ticket }))
    }

    async fn add_session_tickets(
        &self,
        request: Request<AddSessionTicketsRequest>,
    ) -> Result<Response<AddSessionTicketsResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let show = match request.validate_only {
            true => convert::ticket::planned,
            false => convert::ticket::ticket,
        };
        let id = ids::id("session_id", &request.session_id);
        let parse = || convert::session_ticket::create(request);
        let (session, tickets) = self.app.add_session_tickets(&actor, id, parse).await?;
        Ok(Response::new(AddSessionTicketsResponse {
            session: Some(convert::session::session(session)),
            tickets: tickets.into_iter().map(show).collect(),
        }))
    }

    async fn list_session_tickets(
        &self,
        request: Request<ListSessionTicketsRequest>,
    ) -> Result<Response<ListSessionTicketsResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || convert::session::list_tickets(request);
        let page = self.app.list_session_tickets(&actor, parse).await?;
        Ok(Response::new(ListSessionTicketsResponse {
            tickets: page
                .items
                .into_iter()
                .map(convert::ticket::ticket)
                .collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn validate_project(
        &self,
        request: Request<ValidateProjectRequest>,
    ) -> Result<Response<ValidateProjectResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || convert::project::question(request);
        let report = self.app.validate_project(&actor, parse).await?;
        Ok(Response::new(convert::project::report(report)))
    }

    async fn test_adf_conversion(
        &self,
        request: Request<TestAdfConversionRequest>,
    ) -> Result<Response<TestAdfConversionResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || convert::adf::selection(&request);
        let reports = self.app.test_adf_conversion(&actor, parse).await?;
        Ok(Response::new(convert::adf::reports(reports)))
    }

    async fn plan_export(
        &self,
        request: Request<PlanExportRequest>,
    ) -> Result<Response<PlanExportResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || ids::id("session_id", &request.session_id);
        let plan = self.app.plan_export(&actor, parse).await?;
        Ok(Response::new(convert::plan::plan(plan)))
    }

    async fn start_export(
        &self,
        request: Request<StartExportRequest>,
    ) -> Result<Response<StartExportResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("session_id", &request.session_id);
        let parse = || convert::export::start(&request);
        let started = self.app.start_export(&actor, id, parse).await?;
        Ok(Response::new(convert::export::started(started)))
    }

    async fn watch_export(
        &self,
        request: Request<WatchExportRequest>,
    ) -> Result<Response<Self::WatchExportStream>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || convert::export::watch(&request);
        let told = self.app.watch_export(&actor, parse).await?;
        let messages = told.map(|told| Ok(convert::event::response(told?)));
        Ok(Response::new(messages.boxed()))
    }

    async fn get_export(
        &self,
        request: Request<GetExportRequest>,
    ) -> Result<Response<GetExportResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || ids::id("session_id", &request.session_id);
        let export = self.app.get_export(&actor, parse).await?;
        let export = Some(convert::export::export(export));
        Ok(Response::new(GetExportResponse { export }))
    }

    async fn retry_export(
        &self,
        request: Request<RetryExportRequest>,
    ) -> Result<Response<RetryExportResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("session_id", &request.session_id);
        let parse = || ids::only_request(request.request_id.as_deref());
        let retried = self.app.retry_export(&actor, id, parse).await?;
        Ok(Response::new(convert::export::retried(retried)))
    }

    async fn pause_export(
        &self,
        request: Request<PauseExportRequest>,
    ) -> Result<Response<PauseExportResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("session_id", &request.session_id);
        let export = self.app.control_export(&actor, id, ExportRequest::Pause);
        let export = Some(convert::export::export(export.await?));
        Ok(Response::new(PauseExportResponse { export }))
    }

    async fn resume_export(
        &self,
        request: Request<ResumeExportRequest>,
    ) -> Result<Response<ResumeExportResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("session_id", &request.session_id);
        let export = self.app.control_export(&actor, id, ExportRequest::Resume);
        let export = Some(convert::export::export(export.await?));
        Ok(Response::new(ResumeExportResponse { export }))
    }

    async fn cancel_export(
        &self,
        request: Request<CancelExportRequest>,
    ) -> Result<Response<CancelExportResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("session_id", &request.session_id);
        let export = self.app.control_export(&actor, id, ExportRequest::Cancel);
        let export = Some(convert::export::export(export.await?));
        Ok(Response::new(CancelExportResponse { export }))
    }

    async fn revert_export(
        &self,
        request: Request<RevertExportRequest>,
    ) -> Result<Response<RevertExportResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("session_id", &request.session_id);
        let reverted = self.app.revert_export(&actor, id, request.dry_run).await?;
        Ok(Response::new(convert::export::reverted(reverted)))
    }

    async fn apply_fixes(
        &self,
        request: Request<ApplyFixesRequest>,
    ) -> Result<Response<ApplyFixesResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let id = ids::id("session_id", &request.session_id);
        let parse = || convert::fixes::chosen(&request);
        let outcomes = self.app.apply_fixes(&actor, id, parse).await?;
        Ok(Response::new(convert::fixes::outcomes(outcomes)))
    }

    async fn check_drift(
        &self,
        request: Request<CheckDriftRequest>,
    ) -> Result<Response<CheckDriftResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || ids::id("session_id", &request.session_id);
        let drifts = self.app.check_drift(&actor, parse).await?;
        Ok(Response::new(convert::fixes::drifts(drifts)))
    }

    async fn get_export_results(
        &self,
        request: Request<GetExportResultsRequest>,
    ) -> Result<Response<GetExportResultsResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || ids::id("session_id", &request.session_id);
        let results = self.app.get_export_results(&actor, parse).await?;
        Ok(Response::new(convert::export::results(results)))
    }

    not_served! { "ExportService":
    }
}
