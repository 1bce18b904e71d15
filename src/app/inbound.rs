//! Webhooks from platforms: one that is signed and was not taken yet has the issue that it speaks of read again, and the ticket tells
//! where that stands. How old it is does not matter: the issue is read as it is now.

use std::{sync::Arc, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{App, dispatch::picture, integrations::require_enabled, ticket_edit::Edit};
use crate::{
    connectors::{
        inbound::{CATEGORY, Standing, is_signed, read},
        outcome::{External, Failure},
    },
    db::{dispatch, dispatch_external, inbound, integration},
    domain::{export::ErrorCategory, ids::IntegrationId, time::Time},
    error::{Error, Reason, Result},
};

/// For how long a delivery is remembered.
const REMEMBERED: TimeDelta = TimeDelta::days(3);
/// In [`External::raw`]: where the ticket's copy stands.
const STATUS: &str = "external_status";

/// In what the ledger keeps of a copy, beside what [`External`] reads: how often it was read for a webhook.
const READ: &str = "webhook_reads";
/// How often an issue is read for one webhook, and when the platform may send that again.
const READS: u32 = 5;
const AGAIN: Duration = Duration::from_secs(60);

/// A webhook, as it came.
#[derive(Clone, Debug)]
pub struct Hint {
    /// The platform's name in the path.
    pub platform: String,
    /// The integration's id in the path.
    pub integration: String,
    /// The signature's header.
    pub signature: String,
    /// The delivery's id, which the platform gives anew to each; may be empty.
    pub delivery: String,
    /// The body.
    pub body: Vec<u8>,
}

/// What came of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A ticket tells something new.
    Refreshed,
    /// It speaks of nothing that docket has sent, or of nothing new.
    Passed,
    /// It was taken before.
    Repeated,
}

impl App {
    /// Takes a webhook. UNAUTHENTICATED unless an integration's secret has signed it: which part does not fit is not told.
    pub async fn take_webhook(&self, hint: Hint) -> Result<Taken> {
        let row = self.signed_for(&hint).await?;
        require_enabled(&row)?;
        let word = read(&row.config, &hint.body)
            .ok_or_else(|| Error::invalid("body", "must be a webhook of the platform, in JSON"))?;
        if hint.delivery.len() > 200 {
            return Err(Error::invalid(
                "delivery",
                "must have an id of at most 200 characters",
            ));
        }
        let names = names(&hint);
        if inbound::any(self.db.read(), row.id, &names).await? {
            return Ok(Taken::Repeated);
        }
        let mut taken = Taken::Passed;
        if let Some(issue) = word.issue {
            for attempt in dispatch_external::made(self.db.read(), row.id, &issue).await? {
                if self.refresh(&row, attempt).await? {
                    taken = Taken::Refreshed;
                }
            }
        }
        // Only now: what came to nothing is repeated by the platform.
        self.remember_delivery(row.id, names, self.clock.now())
            .await?;
        Ok(taken)
    }

    /// The integration whose secret signed the webhook.
    async fn signed_for(&self, hint: &Hint) -> Result<integration::Model> {
        let id: Option<IntegrationId> = hint.integration.parse().ok();
        let id = id.ok_or(Error::Unauthenticated)?;
        let row = integration::find(self.db.read(), id).await?;
        let row = row.ok_or(Error::Unauthenticated)?;
        let credentials = self.open_credentials(&row);
        let credentials = credentials.map_err(|_| Error::Unauthenticated)?;
        let secret = credentials.webhook_secret();
        let signed = secret.is_some_and(|secret| is_signed(secret, &hint.signature, &hint.body));
        match signed && row.platform.name() == hint.platform {
            true => Ok(row),
            false => Err(Error::Unauthenticated),
        }
    }

    async fn remember_delivery(
        &self,
        id: IntegrationId,
        names: Vec<String>,
        now: Time,
    ) -> Result<()> {
        self.db
            .write(move |tx| {
                let names = names.clone();
                Box::pin(async move {
                    inbound::forget(tx, id, now - REMEMBERED).await?;
                    inbound::remember(tx, id, &names, now).await
                })
            })
            .await
    }

    /// Reads the issue again, and tells where it stands. Whether that is news. What another webhook has told while the issue was read may be
    /// newer than what was read: then it is read once more.
    async fn refresh(&self, row: &integration::Model, attempt: dispatch::Model) -> Result<bool> {
        let connector = self.connector(row)?;
        let mut attempt = attempt;
        for _ in 0..READS {
            let external: Option<External> = attempt
                .external
                .clone()
                .and_then(|json| serde_json::from_value(json).ok());
            let Some(external) = external else {
                return Ok(false);
            };
            let standing = connector.standing(&external).await;
            let Some(standing) = standing.map_err(|failure| later(&failure))? else {
                return Ok(false);
            };
            let now = self.clock.now();
            let plain = Arc::new((attempt, standing));
            let told = self.db.write(move |tx| {
                let plain = Arc::clone(&plain);
                Box::pin(async move {
                    let (attempt, standing) = &*plain;
                    tell(tx, attempt, standing, now).await
                })
            });
            match told.await? {
                Told::News => return Ok(true),
                Told::Nothing => return Ok(false),
                Told::Overtaken(now) => attempt = *now,
            }
        }
        // The platform sends it again.
        Err(Error::Unavailable {
            reason: Reason::Unavailable,
            message: "the issue changes faster than docket reads it".to_owned(),
            retry_after: AGAIN,
        })
    }
}

/// What a delivery is known by: its id, where it has one, and its content, since the id alone is not signed.
fn names(hint: &Hint) -> Vec<String> {
    let digest = Sha256::digest(&hint.body);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let id = Some(&hint.delivery).filter(|id| !id.is_empty());
    let id = id.map(|id| format!("id:{id}"));
    id.into_iter().chain([format!("body:{digest}")]).collect()
}

/// What came of telling where a copy stands.
enum Told {
    News,
    Nothing,
    /// Another webhook has told of it since the copy was read; the attempt as it is now.
    Overtaken(Box<dispatch::Model>),
}

/// Writes where the copy stands into the ledger, and into the ticket where it shows this attempt.
async fn tell(
    tx: &crate::db::Tx,
    attempt: &dispatch::Model,
    standing: &Standing,
    now: Time,
) -> Result<Told> {
    // The ticket's row is locked first, as by every change of a ticket.
    let Some(mut edit) = Edit::by_docket(tx, attempt.ticket_id, now).await? else {
        return Ok(Told::Nothing);
    };
    let Some(mut row) = dispatch::find(tx, attempt.id).await? else {
        return Ok(Told::Nothing);
    };
    if row.external != attempt.external {
        return Ok(Told::Overtaken(Box::new(row)));
    }
    let latest = dispatch_external::latest_shown(tx, row.ticket_id).await?;
    // An attempt that has begun since knows the copy as it was before.
    if let Some(later) = latest
        .as_ref()
        .filter(|later| later.number > row.number && later.has_copy_of(&row))
    {
        return Ok(Told::Overtaken(Box::new(later.clone())));
    }
    let Some(Value::Object(external)) = &mut row.external else {
        return Ok(Told::Nothing);
    };
    // Counted even where nothing is new, for whoever has read something older meanwhile.
    let reads = external.get(READ).and_then(Value::as_u64).unwrap_or(0);
    external.insert(READ.to_owned(), (reads + 1).into());
    let raw = external.entry("raw").or_insert_with(|| json!({}));
    let before = raw[STATUS].as_str().map(str::to_owned);
    if before.as_deref() == Some(standing.status.as_str()) {
        dispatch_external::set_external(tx, &row).await?;
        return Ok(Told::Nothing);
    }
    raw[STATUS] = standing.status.clone().into();
    raw[CATEGORY] = standing.category.into();
    // One picture: nothing beside the status still tells of an earlier one.
    if let Value::Object(raw) = raw {
        raw.extend(standing.raw.clone());
        raw.retain(|_, value| !value.is_null());
    }
    dispatch_external::set_external(tx, &row).await?;
    if latest.is_some_and(|latest| latest.id == row.id) {
        edit.ticket.integration_result = Some(picture(&row));
    }
    let facts = json!({ "integration_id": row.integration_id, "category": standing.category });
    edit.note(STATUS, before, Some(standing.status.clone()), facts);
    edit.write(tx).await?;
    Ok(Told::News)
}

/// The platform repeats a webhook that is answered so.
fn later(failure: &Failure) -> Error {
    let wait = failure.retry_after.unwrap_or(AGAIN);
    match failure.category {
        ErrorCategory::Temporary => Error::Unavailable {
            reason: failure.reason,
            message: failure.text(),
            retry_after: wait,
        },
        _ => Error::refused(failure.reason, "integration", failure.text()),
    }
}
