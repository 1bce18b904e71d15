//! Changing and deleting integrations, unless an export relies on them.

use std::sync::Arc;

use super::{
    App,
    integrations::{Credentials, IntegrationView},
    ticket_change::Update,
};
use crate::{
    db::{Tx, dispatch, export, integration},
    domain::{
        actor::Actor,
        etag,
        ids::IntegrationId,
        integration::{ConfigChange, PlatformConfig},
        permission::Action,
    },
    error::{Error, Reason, Result},
};

/// What is to become of an integration; `None`: it stays.
#[derive(Clone, Debug, Default)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct IntegrationChange {
    pub name: Option<String>,
    pub config: Option<ConfigChange>,
    pub credentials: Option<Credentials>,
}

/// How often a change that lost against another one begins anew.
const ATTEMPTS: u32 = 10;

impl App {
    /// Changes an integration. One that reaches its platform in another way afterwards is PENDING until a check passes.
    pub async fn update_integration(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<(IntegrationId, Update<IntegrationChange>)> + Send,
    ) -> Result<IntegrationView> {
        actor.require(Action::WriteIntegrations)?;
        let (id, update) = parse()?;
        self.record_caller(actor).await?;
        for _ in 0..ATTEMPTS {
            let read = self.integration(id).await?;
            require_seen(&read, update.seen)?;
            let next = self.next(&read, &update.change)?;
            if update.validate_only {
                self.require_free_name(&next.name, Some(id)).await?;
                let conn = self.db.read();
                if next.reaches_otherwise(&read) {
                    none_runs(id, export::running_on(conn, id).await?)?;
                }
                if next.moves_from(&read) {
                    none_stays(id, export::made_on(conn, id).await?)?;
                }
            } else if next != read {
                match self.write_update(read, next.clone()).await {
                    // Somebody else was first: what holds is read again.
                    Err(Error::Fenced) => continue,
                    Err(error) => return Err(error),
                    Ok(()) => (),
                }
            }
            return Ok(self.shown(next));
        }
        Err(changing(id))
    }

    /// Deletes an integration with its credentials. Tickets and sessions keep its id and what came of it.
    pub async fn delete_integration(
        &self,
        actor: &Actor,
        id: Result<IntegrationId>,
        seen: Option<i64>,
    ) -> Result<()> {
        actor.require(Action::WriteIntegrations)?;
        let id = id?;
        self.record_caller(actor).await?;
        for _ in 0..ATTEMPTS {
            let read = self.integration(id).await?;
            require_seen(&read, seen)?;
            let now = self.clock.now();
            let written = self.db.write(move |tx| {
                let read = read.clone();
                Box::pin(async move {
                    integration::delete(tx, &read, now).await?;
                    dispatch::settle_integration(tx, id).await?;
                    unused(tx, id).await
                })
            });
            match written.await {
                Err(Error::Fenced) => (),
                written => return written,
            }
        }
        Err(changing(id))
    }

    /// The integration as it is to be.
    fn next(
        &self,
        read: &integration::Model,
        change: &IntegrationChange,
    ) -> Result<integration::Model> {
        let mut next = read.clone();
        if let Some(name) = &change.name {
            next.name.clone_from(name);
        }
        if let Some(change) = &change.config {
            let changed = read.config.changed(change);
            next.config = changed.ok_or_else(|| other_platform(read, "integration.config"))?;
            // An address that was allowed once stays until it is changed.
            if next.config.site() != read.config.site() {
                self.require_callable(&next.config)?;
            }
        }
        if let Some(credentials) = &change.credentials {
            if credentials.platform() != read.platform {
                return Err(other_platform(read, "credentials"));
            }
            if let Err(broken) = credentials.fit(&next.config) {
                let field = format!("credentials{}", broken.path);
                return Err(Error::invalid(field, broken.rule));
            }
            let sealed = self.sealed(read.id, credentials)?;
            next.credentials = Some(sealed.bytes);
            next.credentials_key_id = Some(sealed.key_id);
        } else if read.config.discloses_to(&next.config) {
            return Err(meant_for(&read.config));
        } else if next.config.deployment() != read.config.deployment() {
            let rule = "is required with another deployment, which signs in in another way";
            return Err(Error::invalid("credentials", rule));
        }
        match next == *read {
            true => Ok(next),
            false => Ok(next.following(read, self.clock.now())),
        }
    }

    async fn write_update(&self, read: integration::Model, next: integration::Model) -> Result<()> {
        let plain = Arc::new((read, next));
        let written = self.db.write(move |tx| {
            let plain = Arc::clone(&plain);
            Box::pin(async move {
                let (read, next) = &*plain;
                integration::update(tx, read, next).await?;
                if next.reaches_otherwise(read) {
                    unused(tx, read.id).await?;
                    dispatch::hasten(tx, read.id, next.update_time).await?;
                }
                if next.moves_from(read) {
                    none_stays(read.id, export::made_on(tx, read.id).await?)?;
                }
                Ok(())
            })
        });
        written.await
    }
}

/// INTEGRATION_IN_USE while an export runs on the integration, whose row this transaction has written: a start holds on to the row.
async fn unused(tx: &Tx, id: IntegrationId) -> Result<()> {
    none_runs(id, export::running_on(tx, id).await?)
}

fn none_runs(id: IntegrationId, running: Option<export::Model>) -> Result<()> {
    let text =
        "an export runs on the integration; wait for its end, or cancel it with CancelExport";
    running.map_or(Ok(()), |run| Err(in_use(id, &run, text)))
}

/// The keys that an export has recorded name other people's issues on another site: nothing may be sent to them there.
fn none_stays(id: IntegrationId, made: Option<export::Model>) -> Result<()> {
    let text = "issues of an exported session are on this site, so that `site_url` is fixed until RevertExport; \
                make a new integration for another site";
    made.map_or(Ok(()), |run| Err(in_use(id, &run, text)))
}

fn in_use(id: IntegrationId, run: &export::Model, text: &str) -> Error {
    let error = Error::refused(Reason::IntegrationInUse, format!("integration/{id}"), text);
    error.with("session_id", run.session_id)
}

fn other_platform(read: &integration::Model, field: &str) -> Error {
    let rule = format!(
        "must be of the platform {}, which cannot be changed",
        read.platform.name()
    );
    Error::invalid(field, rule)
}

/// Whoever may write integrations may not, for that, learn the credentials in them.
fn meant_for(config: &PlatformConfig) -> Error {
    let place = config.site().origin().ascii_serialization();
    let rule = format!(
        "is required with another scheme, host or port: the stored ones were given for {place} and are sent nowhere else; \
         give those for the new address in the same request"
    );
    Error::invalid("credentials", rule)
}

fn changing(id: IntegrationId) -> Error {
    Error::Unavailable {
        reason: Reason::DatabaseBusy,
        message: format!("the integration {id} is being changed by others; call again"),
        retry_after: std::time::Duration::from_secs(1),
    }
}

/// ETAG_MISMATCH, with the names of what has changed since, unless the caller has seen the integration as it is.
fn require_seen(read: &integration::Model, seen: Option<i64>) -> Result<()> {
    let Some(version) = seen.filter(|version| *version != read.version) else {
        return Ok(());
    };
    let fields = read.changed_since(version).join(",");
    let message = match fields.is_empty() {
        true => "the integration is not as the etag says; read it again".to_owned(),
        false => format!("the integration has changed since: {fields}"),
    };
    let subject = format!("integration/{}", read.id);
    Err(Error::aborted(Reason::EtagMismatch, subject, message)
        .with("etag", etag::of_version(read.version))
        .with("changed_fields", fields))
}
