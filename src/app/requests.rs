//! Requests that may come twice: a `request_id` makes a repetition give the first answer instead of a second effect.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::App;
use crate::{
    db::request_key::{self, KEPT},
    domain::{ids::UserId, time::Time},
    error::{Error, Reason, Result},
};

/// A request that makes something, every rule of a single field already checked.
#[derive(Clone, Debug)]
pub struct Create<T> {
    /// What is to be made.
    pub new: T,
    /// By what the request is recognised when it comes again.
    pub request_id: Option<Uuid>,
    /// Only check, and write nothing.
    pub validate_only: bool,
}

/// A request as it is recognised when it comes again.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    caller: UserId,
    method: &'static str,
    id: Uuid,
    hash: Vec<u8>,
}

impl Request {
    /// A request with an id, `None` without one. `content` is all that decides the effect.
    pub(crate) fn new(
        caller: &UserId,
        method: &'static str,
        id: Option<Uuid>,
        content: &impl std::fmt::Debug,
    ) -> Option<Self> {
        let hash = Sha256::digest(format!("{content:?}")).to_vec();
        id.map(|id| Self {
            caller: caller.clone(),
            method,
            id,
            hash,
        })
    }

    /// The row that remembers the ids of what the request made.
    pub(crate) fn row(&self, made: &[Uuid], now: Time) -> request_key::Model {
        request_key::Model {
            caller: self.caller.as_str().to_owned(),
            method: self.method.to_owned(),
            request_id: self.id,
            request_hash: self.hash.clone(),
            response: made.iter().flat_map(|id| id.into_bytes()).collect(),
            create_time: now,
        }
    }
}

impl App {
    /// The ids of what the request made when it came first; `None` when this is the first time. The same id with another content is
    /// refused.
    pub(crate) async fn made_before(&self, request: Option<&Request>) -> Result<Option<Vec<Uuid>>> {
        let Some(request) = request else {
            return Ok(None);
        };
        let found =
            request_key::find(self.db.read(), &request.caller, request.method, request.id).await?;
        let Some(row) = found.filter(|row| row.create_time > self.clock.now() - KEPT) else {
            return Ok(None);
        };
        if row.request_hash != request.hash {
            return Err(Error::refused(
                Reason::RequestIdReused,
                format!("request/{}", request.id),
                "this request_id was used for another request within the last 24 hours; use a new UUID",
            ));
        }
        let ids = row
            .response
            .chunks_exact(16)
            .filter_map(|id| Uuid::from_slice(id).ok());
        Ok(Some(ids.collect()))
    }

    /// Forgets the answers that nobody may ask for again.
    pub async fn forget_old_requests(&self) -> Result<()> {
        let before = self.clock.now() - KEPT;
        self.db
            .write(move |tx| Box::pin(async move { request_key::forget_before(tx, before).await }))
            .await
    }
}
