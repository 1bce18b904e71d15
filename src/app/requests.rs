//! Requests that may come twice: a `request_id` makes a repetition give the first answer instead of a second effect.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::App;
use crate::{
    db::{
        Tx,
        request_key::{self, KEPT},
    },
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
}

/// Remembers what the request is answered, in the transaction of its effect; nothing for a request without an id.
pub(crate) async fn remember(
    tx: &Tx,
    request: Option<&Request>,
    answer: &impl Serialize,
    now: Time,
) -> Result<()> {
    let Some(request) = request else {
        return Ok(());
    };
    let row = request_key::Model {
        caller: request.caller.as_str().to_owned(),
        method: request.method.to_owned(),
        request_id: request.id,
        request_hash: request.hash.clone(),
        response: serde_json::to_vec(answer).map_err(Error::internal)?,
        create_time: now,
    };
    request_key::insert(tx, row).await
}

impl App {
    /// The answer that the request got when it came first; else that of `act`, which has to [`remember`] it. A request that comes twice
    /// at once has one effect too: what the other one has written is no fault of this one.
    pub(crate) async fn once<A: DeserializeOwned, E: From<Error>>(
        &self,
        request: Option<&Request>,
        act: impl Future<Output = Result<A, E>> + Send,
    ) -> Result<A, E> {
        if let Some(answer) = self.answered_before(request).await? {
            return Ok(answer);
        }
        match act.await {
            Err(error) => match self.answered_before(request).await? {
                Some(answer) => Ok(answer),
                None => Err(error),
            },
            done => done,
        }
    }

    /// What the request was answered when it came first; `None` when this is the first time. The same id with another content is
    /// refused.
    async fn answered_before<A: DeserializeOwned>(
        &self,
        request: Option<&Request>,
    ) -> Result<Option<A>> {
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
        let answer = serde_json::from_slice(&row.response);
        Ok(Some(answer.map_err(Error::internal)?))
    }

    /// Forgets the answers that nobody may ask for again.
    pub async fn forget_old_requests(&self) -> Result<()> {
        let before = self.clock.now() - KEPT;
        self.db
            .write(move |tx| Box::pin(async move { request_key::forget_before(tx, before).await }))
            .await
    }
}
