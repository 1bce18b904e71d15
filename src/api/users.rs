//! The people of the installation: `docket.v1.UserService`.

use std::sync::Arc;

use super::not_served;
use crate::{
    app::App,
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
    not_served! { "UserService":
        get_me(GetMeRequest) -> GetMeResponse;
        list_users(ListUsersRequest) -> ListUsersResponse;
        upsert_users(UpsertUsersRequest) -> UpsertUsersResponse;
    }
}
