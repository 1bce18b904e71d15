//! Methods that are served by a function of their own: one line each.

/// Inside the implementation of a service's trait: each method takes the caller from the request and hands app, caller and message to
/// the function named, whose message or failure is the answer.
///
/// ```text
/// served! {
///     transition_ticket(TransitionTicketRequest) -> TransitionTicketResponse by workflow::transition;
/// }
/// ```
macro_rules! served {
    ($($method:ident($request:ident) -> $response:ident by $function:path;)+) => {$(
        // What `#[async_trait]` makes of an `async fn`: it does not see into macros, so that it has to be written out here.
        fn $method<'a, 'async_trait>(
            &'a self,
            request: tonic::Request<$request>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<tonic::Response<$response>, tonic::Status>> + Send + 'async_trait>>
        where
            'a: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async move {
                let (actor, request) = ($crate::auth::actor(&request)?, request.into_inner());
                Ok(tonic::Response::new($function(&self.app, &actor, request).await?))
            })
        }
    )+};
}

pub(crate) use served;
