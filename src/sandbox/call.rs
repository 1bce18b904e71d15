//! A call that has arrived whole, and the answer that the site's work comes to.

use axum::body::{Body, Bytes};

use http::{
    HeaderMap, Method, Request, Response, StatusCode, Uri, header::CONTENT_LENGTH, request::Parts,
};
use serde_json::Value;

use super::{operation::Operation, state::Visibility};

/// A call with its whole body.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) operation: Option<Operation>,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn new(parts: Parts, body: Bytes) -> Self {
        Self {
            operation: Operation::of(&parts.method, parts.uri.path()),
            method: parts.method,
            uri: parts.uri,
            headers: parts.headers,
            body,
        }
    }

    /// The request for the site's routes.
    pub(super) fn request(&self, visibility: Visibility) -> Request<Body> {
        let mut request = Request::new(Body::from(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request.extensions_mut().insert(visibility);
        request
    }

    /// The issue that a write is about, if its path names one.
    pub(super) fn issue(&self) -> Option<&str> {
        let template = self.operation?.path();
        let place = template.split('/').position(|part| part == "{issue}")?;
        self.uri.path().split('/').nth(place)
    }

    /// The project that a create names, by key or id.
    pub(super) fn project(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let updates = body["issueUpdates"]
            .as_array()
            .and_then(|updates| updates.first());
        let project = &updates.unwrap_or(&body)["fields"]["project"];
        let name = project["key"].as_str().or_else(|| project["id"].as_str());
        name.map(Into::into)
    }
}

/// An answer with its whole body.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Finished {
    /// Reads an answer to its end.
    pub(super) async fn read(response: Response<Body>) -> Self {
        let (mut parts, body) = response.into_parts();
        // The length is the server's to set: a fault may send another body.
        parts.headers.remove(CONTENT_LENGTH);
        // The site's own answers are in memory: reading them cannot fail.
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .unwrap_or_default();
        Self {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// The answer with this body in place of its own.
    pub(super) fn with_body(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    pub(super) fn into_response(mut self) -> Response<Body> {
        let body = Body::from(std::mem::take(&mut self.body));
        self.with_body(body)
    }
}
