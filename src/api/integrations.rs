//! Integrations with outside systems: `docket.v1.IntegrationService`.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::convert::{self, ids};
use crate::{
    app::App,
    auth::actor,
    domain::etag,
    proto::v1::{integration_service_server::IntegrationService, *},
};

/// Serves `docket.v1.IntegrationService`.
#[derive(Clone, Debug)]
pub struct IntegrationApi {
    /// The use cases.
    pub app: Arc<App>,
}

#[tonic::async_trait]
impl IntegrationService for IntegrationApi {
    async fn create_integration(
        &self,
        request: Request<CreateIntegrationRequest>,
    ) -> Result<Response<CreateIntegrationResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let show = match request.validate_only {
            true => convert::integration::planned,
            false => convert::integration::integration,
        };
        let parse = || convert::integration_create::create(request);
        let integration = Some(show(self.app.create_integration(&actor, parse).await?));
        Ok(Response::new(CreateIntegrationResponse { integration }))
    }

    async fn get_integration(
        &self,
        request: Request<GetIntegrationRequest>,
    ) -> Result<Response<GetIntegrationResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || ids::id("id", &request.id);
        let integration = self.app.get_integration(&actor, parse).await?;
        let integration = Some(convert::integration::integration(integration));
        Ok(Response::new(GetIntegrationResponse { integration }))
    }

    async fn list_integrations(
        &self,
        request: Request<ListIntegrationsRequest>,
    ) -> Result<Response<ListIntegrationsResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || convert::integration::list(request);
        let page = self.app.list_integrations(&actor, parse).await?;
        let integrations = page.items.into_iter();
        Ok(Response::new(ListIntegrationsResponse {
            integrations: integrations
                .map(convert::integration::integration)
                .collect(),
            next_page_token: page.next_page_token,
        }))
    }

    async fn set_integration_enabled(
        &self,
        request: Request<SetIntegrationEnabledRequest>,
    ) -> Result<Response<SetIntegrationEnabledResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || ids::id("id", &request.id);
        let switched = self
            .app
            .set_integration_enabled(&actor, parse, request.enabled);
        let integration = Some(convert::integration::integration(switched.await?));
        Ok(Response::new(SetIntegrationEnabledResponse { integration }))
    }

    async fn test_integration(
        &self,
        request: Request<TestIntegrationRequest>,
    ) -> Result<Response<TestIntegrationResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || ids::id("id", &request.id);
        let check = self.app.test_integration(&actor, parse).await?;
        Ok(Response::new(convert::integration::check(check)))
    }

    async fn update_integration(
        &self,
        request: Request<UpdateIntegrationRequest>,
    ) -> Result<Response<UpdateIntegrationResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || convert::integration_update::update(request);
        let updated = self.app.update_integration(&actor, parse).await?;
        let integration = Some(convert::integration::integration(updated));
        Ok(Response::new(UpdateIntegrationResponse { integration }))
    }

    async fn delete_integration(
        &self,
        request: Request<DeleteIntegrationRequest>,
    ) -> Result<Response<DeleteIntegrationResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let (id, seen) = (ids::id("id", &request.id), request.etag.as_deref());
        let seen = seen.map(etag::version);
        self.app.delete_integration(&actor, id, seen).await?;
        Ok(Response::new(DeleteIntegrationResponse {}))
    }

    async fn discover_fields(
        &self,
        request: Request<DiscoverFieldsRequest>,
    ) -> Result<Response<DiscoverFieldsResponse>, Status> {
        let (actor, request) = (actor(&request)?, request.into_inner());
        let parse = || convert::platform::question(&request);
        let fields = self.app.discover_fields(&actor, parse).await?;
        let fields = fields.into_iter().map(convert::platform::found).collect();
        Ok(Response::new(DiscoverFieldsResponse { fields }))
    }

    async fn list_platforms(
        &self,
        request: Request<ListPlatformsRequest>,
    ) -> Result<Response<ListPlatformsResponse>, Status> {
        let platforms = self.app.list_platforms(&actor(&request)?)?;
        let platforms = platforms.into_iter().map(convert::platform::platform);
        Ok(Response::new(ListPlatformsResponse {
            platforms: platforms.collect(),
        }))
    }
}
