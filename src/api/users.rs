//! The people of the installation: `docket.v1.UserService`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use tonic::Status;

use super::{convert::user as convert, served};
use crate::{
    app::App,
    domain::actor::Actor,
    error::Result,
    proto::v1::{user_service_server::UserService, *},
};

/// Serves `docket.v1.UserService`.
#[derive(Clone, Debug)]
pub struct UserApi {
    /// The use cases.
    pub app: Arc<App>,
}

#[tonic::async_trait]
impl UserService for UserApi {
    served! {
        get_me(GetMeRequest) -> GetMeResponse by me;
        list_users(ListUsersRequest) -> ListUsersResponse by list;
        upsert_users(UpsertUsersRequest) -> UpsertUsersResponse by upsert;
    }
}

async fn me(app: &App, actor: &Actor, _: GetMeRequest) -> Result<GetMeResponse> {
    let user = Some(convert::user(app.me(actor).await?));
    Ok(GetMeResponse { user })
}

async fn list(app: &App, actor: &Actor, request: ListUsersRequest) -> Result<ListUsersResponse> {
    let page = app.list_users(actor, || convert::list(request)).await?;
    Ok(ListUsersResponse {
        users: page.items.into_iter().map(convert::user).collect(),
        next_page_token: page.next_page_token,
    })
}

async fn upsert(
    app: &App,
    actor: &Actor,
    request: UpsertUsersRequest,
) -> Result<UpsertUsersResponse> {
    let people = app.upsert_users(actor, || convert::upsert(request)).await?;
    let users = people.into_iter().map(convert::user).collect();
    Ok(UpsertUsersResponse { users })
}

/// Middleware behind the check of tokens: a caller unknown until now is recorded, whatever they call.
pub(super) async fn record_caller(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let recorded = match request.extensions().get::<Actor>() {
        Some(actor) => app.record_caller(actor).await,
        None => Ok(()),
    };
    match recorded {
        Ok(()) => next.run(request).await,
        Err(error) => Status::from(error).into_http(),
    }
}
