//! What an attempt says about its integration, and when one is switched off that does nothing but fail.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::{
    connectors::outcome::{AtFault, Failure},
    db::{Tx, integration, integration_health},
    domain::{export_log::shortened, ids::IntegrationId, time::Time},
    error::{Reason, Result},
};

/// What an attempt says about its integration.
#[derive(Clone, Debug)]
pub(super) enum Health {
    /// Nothing.
    Untold,
    /// It works.
    Well,
    /// It has worked, before it was changed.
    WasWell,
    /// It works, and did not take this ticket.
    Refused,
    /// It does not work.
    Ill(String),
    /// It never will again, as it is set.
    Gone(String),
}

impl Health {
    pub(super) fn of(failure: &Failure) -> Self {
        match (failure.reason, failure.at_fault) {
            // docket's own affairs.
            (Reason::IntegrationDisabled | Reason::Internal | Reason::Unavailable, _) => {
                Self::Untold
            }
            (_, AtFault::Ticket) => Self::Refused,
            (_, AtFault::Integration) => Self::Ill(failure.text()),
            (_, AtFault::Gone) => Self::Gone(failure.text()),
        }
    }

    /// Records it. What is to be told in the ticket's history where that switched the integration off.
    pub(super) async fn record(
        &self,
        tx: &Tx,
        id: IntegrationId,
        now: Time,
        disable_after: Option<TimeDelta>,
    ) -> Result<Option<Value>> {
        match self {
            Self::Untold => Ok(None),
            Self::Well => integration_health::took(tx, id, now).await.map(|()| None),
            Self::WasWell => integration_health::counted(tx, id).await.map(|()| None),
            Self::Refused => integration_health::refused(tx, id, now)
                .await
                .map(|()| None),
            Self::Ill(why) => {
                integration_health::failed(tx, id, why, now).await?;
                give_up(tx, id, why, now, disable_after).await
            }
            Self::Gone(why) => {
                integration_health::failed(tx, id, why, now).await?;
                let row = integration::find(tx, id).await?;
                match row.filter(|row| row.enabled) {
                    Some(row) => switch_off(tx, &row, why, now).await.map(Some),
                    None => Ok(None),
                }
            }
        }
    }
}

async fn give_up(
    tx: &Tx,
    id: IntegrationId,
    why: &str,
    now: Time,
    disable_after: Option<TimeDelta>,
) -> Result<Option<Value>> {
    let Some(spell) = disable_after else {
        return Ok(None);
    };
    let row = integration::find(tx, id).await?.filter(|row| row.enabled);
    let Some((row, since)) = row.and_then(|row| Some((row.clone(), row.first_failure_time?)))
    else {
        return Ok(None);
    };
    // A platform that asks to wait is not tried in the meantime, and has not failed for so long.
    if now - since - TimeDelta::seconds(row.held_seconds) < spell {
        return Ok(None);
    }
    let hours = (now - since).num_hours();
    let text = format!(
        "docket switched the integration off, because nothing but failures came of it for {hours} hours. \
         Put it right, then switch it on again with SetIntegrationEnabled. The latest failure: {why}"
    );
    switch_off(tx, &row, &text, now).await.map(Some)
}

/// What is to be told of it.
async fn switch_off(tx: &Tx, row: &integration::Model, why: &str, now: Time) -> Result<Value> {
    let text = shortened(why, Failure::MESSAGE_MAX);
    integration_health::give_up(tx, row.id, &text, now).await?;
    tracing::warn!(integration = %row.id, why = text, "an integration is switched off");
    Ok(json!({
        "integration_id": row.id,
        "integration_name": row.name,
        "first_failure_time": row.first_failure_time,
        "reason": text,
    }))
}
