//! Methods that the contract names and this server does not serve: one line each.

/// Inside the implementation of a service's trait: answers UNIMPLEMENTED to every method listed.
///
/// ```text
/// not_served! { "TicketService":
///     draft_ticket(DraftTicketRequest) -> DraftTicketResponse;
/// }
/// ```
macro_rules! not_served {
    ($service:literal: ) => {};
    ($service:literal: $method:ident($request:ident) -> $response:ident; $($rest:tt)*) => {
        $crate::api::not_served!(@method $service, $request, $method($request) -> $response);
        $crate::api::not_served!($service: $($rest)*);
    };
    // What `#[async_trait]` makes of an `async fn`: it does not see into macros, so that it has to be written out here.
    (@method $service:literal, $name:ident, $method:ident($request:ty) -> $response:ty) => {
        fn $method<'a, 'async_trait>(
            &'a self,
            _: tonic::Request<$request>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<tonic::Response<$response>, tonic::Status>> + Send + 'async_trait>>
        where
            'a: 'async_trait,
            Self: 'async_trait,
        {
            const METHOD: &str = concat!($service, ".", stringify!($name));
            // By the contract's naming rule the request's name is the method's and `Request`.
            let method = METHOD.strip_suffix("Request").unwrap_or(METHOD);
            Box::pin(std::future::ready(Err($crate::error::Error::Unimplemented(method).into())))
        }
    };
}

pub(crate) use not_served;
