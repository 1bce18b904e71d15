//! What a handler answers: Jira's JSON, or a refusal in Jira's error shape.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

/// What Jira says of an issue that is missing or may not be seen.
pub(super) const NO_ISSUE: &str = "Issue does not exist or you do not have permission to see it.";

/// A handler's result.
pub(super) type Answer = Result<Reply, Refusal>;

/// A success.
#[derive(Debug)]
pub(super) enum Reply {
    /// 200 with a body.
    Found(Value),
    /// 201 with a body.
    Created(Value),
    /// 201 without a body.
    Done,
    /// 204.
    Empty,
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        match self {
            Self::Found(body) => Json(body).into_response(),
            Self::Created(body) => (StatusCode::CREATED, Json(body)).into_response(),
            Self::Done => StatusCode::CREATED.into_response(),
            Self::Empty => StatusCode::NO_CONTENT.into_response(),
        }
    }
}

/// A refusal: `{errorMessages[], errors{}}` with a status.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) body: Value,
    headers: Vec<(&'static str, HeaderValue)>,
}

impl Refusal {
    fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            headers: Vec::new(),
        }
    }

    /// A bulk create of which nothing came, with the errors of each element.
    pub(super) fn bulk(errors: Vec<Value>) -> Self {
        Self::new(400, json!({"issues": [], "errors": errors}))
    }

    /// A refusal that names fields.
    pub(super) fn fields(errors: Map<String, Value>) -> Self {
        Self::new(400, json!({"errorMessages": [], "errors": errors}))
    }

    /// A refusal that names one field.
    pub(super) fn field(field: &str, text: impl Into<String>) -> Self {
        Self::fields(Map::from_iter([(field.to_owned(), text.into().into())]))
    }

    /// A refusal that names no field.
    pub(super) fn message(status: u16, text: impl Into<String>) -> Self {
        Self::new(
            status,
            json!({"errorMessages": [text.into()], "errors": {}}),
        )
    }

    /// Jira's answer for an issue that is missing or may not be seen.
    pub(super) fn no_issue() -> Self {
        Self::message(404, NO_ISSUE)
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let mut response = (status, Json(self.body)).into_response();
        for (name, value) in self.headers {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
        response
    }
}

/// Reads a JSON body; Jira refuses anything else with 400.
pub(super) fn parse<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| {
        Refusal::message(
            400,
            "There was an error parsing JSON. Check that your request body is valid.",
        )
    })
}
