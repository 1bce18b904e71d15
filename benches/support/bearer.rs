//! Who calls: a token with every request.

use tonic::{
    Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

/// A connection whose every call carries a token.
pub(crate) type SignedIn = InterceptedService<Channel, Bearer>;

#[derive(Clone)]
pub(crate) struct Bearer(MetadataValue<Ascii>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request
            .metadata_mut()
            .insert("authorization", self.0.clone());
        Ok(request)
    }
}

/// A connection of its own to the server at `url`, made when it is first used.
pub(crate) fn sign_in(url: &str, token: &str) -> SignedIn {
    let bearer = Bearer(format!("Bearer {token}").parse().expect("a header's value"));
    let endpoint = Endpoint::from_shared(url.to_owned()).expect("a URL");
    InterceptedService::new(endpoint.connect_lazy(), bearer)
}
