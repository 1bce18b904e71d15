//! The edge in protobuf: each method parses its request, calls a use case and renders the answer.

pub(crate) mod convert;
mod exports;
pub(crate) mod inbound;
mod integrations;
mod not_served;
mod served;
pub(crate) mod status;
mod tickets;
mod users;

use std::sync::Arc;

use axum::middleware;

pub use exports::ExportApi;
pub use integrations::IntegrationApi;
pub(crate) use not_served::not_served;
pub(crate) use served::served;
pub use tickets::TicketApi;
use tonic::service::Routes;
pub use users::UserApi;

use crate::{
    app::App,
    proto::v1::{
        export_service_server::ExportServiceServer,
        integration_service_server::IntegrationServiceServer,
        ticket_service_server::TicketServiceServer, user_service_server::UserServiceServer,
    },
};

/// The largest message that is read, in bytes: 4 MiB, what gRPC clients assume.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// All services of the contract, for callers that are known by a token.
pub fn services(app: &Arc<App>) -> Routes {
    let record = middleware::from_fn_with_state(Arc::clone(app), users::record_caller);
    let app = || Arc::clone(app);
    let services = Routes::new(
        TicketServiceServer::new(TicketApi { app: app() })
            .max_decoding_message_size(MAX_MESSAGE_BYTES),
    )
    .add_service(
        IntegrationServiceServer::new(IntegrationApi { app: app() })
            .max_decoding_message_size(MAX_MESSAGE_BYTES),
    )
    .add_service(
        ExportServiceServer::new(ExportApi { app: app() })
            .max_decoding_message_size(MAX_MESSAGE_BYTES),
    )
    .add_service(
        UserServiceServer::new(UserApi { app: app() }).max_decoding_message_size(MAX_MESSAGE_BYTES),
    );
    Routes::from(services.into_axum_router().route_layer(record))
}
