//! Integrations: setting up, switching and checking the outside systems that tickets go to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    App,
    pages::{Listing, Page, PageRequest},
    requests::{Create, Request, remember},
    vault::Sealed,
};
use crate::{
    connectors::{Connector, outcome::Failure},
    db::{
        dispatch,
        integration::{self, Filter},
        integration_health,
    },
    domain::{
        actor::Actor,
        export_log::shortened,
        ids::IntegrationId,
        integration::{IntegrationStatus, PlatformConfig},
        permission::Action,
        time::Time,
    },
    error::{Error, Reason, Result},
};

pub use crate::connectors::{
    Check, Credentials, GithubCredentials, JiraCredentials, SlackCredentials, WebhookCredentials,
};

/// An integration as it is to be set up.
#[derive(Clone, Debug)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct NewIntegration {
    pub name: String,
    pub enabled: bool,
    pub config: PlatformConfig,
    pub credentials: Credentials,
}

/// An integration as callers see it; its credentials stay where they are.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IntegrationView {
    /// The row.
    pub integration: integration::Model,
    /// Whether it has credentials that this process's key opens.
    pub has_credentials: bool,
}

impl App {
    /// Sets up an integration. It is PENDING until a check passes.
    pub async fn create_integration(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<Create<NewIntegration>> + Send,
    ) -> Result<IntegrationView> {
        actor.require(Action::WriteIntegrations)?;
        let Create {
            new,
            request_id,
            validate_only,
        } = parse()?;
        let exposed = new.credentials.expose().map_err(Error::internal)?;
        let secret = self.sealer.fingerprint(&exposed);
        let seen = (&new.name, new.enabled, &new.config, secret);
        let request = Request::new(&actor.user_id, "CreateIntegration", request_id, &seen);
        self.once(request.as_ref(), async {
            self.require_callable(&new.config)?;
            let row = self.set_up(&new, self.clock.now())?;
            if !validate_only {
                self.record_caller(actor).await?;
                return self.write_integration(row, request.clone()).await;
            }
            self.require_free_name(&row.name, None).await?;
            Ok(self.shown(row))
        })
        .await
    }

    /// The integration; its credentials stay where they are.
    pub async fn get_integration(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<IntegrationId> + Send,
    ) -> Result<IntegrationView> {
        actor.require(Action::ReadIntegrations)?;
        Ok(self.shown(self.integration(parse()?).await?))
    }

    /// Integrations by name.
    pub async fn list_integrations(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<(Filter, PageRequest)> + Send,
    ) -> Result<Page<IntegrationView>> {
        actor.require(Action::ReadIntegrations)?;
        let (filter, request) = parse()?;
        let listing = Listing::new(&self.sealer, "integrations", &filter);
        let after: Option<(String, IntegrationId)> = listing.position(&request)?;
        let rows =
            integration::list(self.db.read(), &filter, after, request.size.get() + 1).await?;
        let page = listing.page(&request, rows, |row| (row.name.clone(), row.id))?;
        Ok(Page {
            items: page.items.into_iter().map(|row| self.shown(row)).collect(),
            next_page_token: page.next_page_token,
        })
    }

    /// Switches an integration on (PENDING until a check passes; what waits for it goes out) or off (INACTIVE). Switching to what it is
    /// already changes nothing.
    pub async fn set_integration_enabled(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<IntegrationId> + Send,
        enabled: bool,
    ) -> Result<IntegrationView> {
        actor.require(Action::WriteIntegrations)?;
        let id = parse()?;
        let row = self.integration(id).await?;
        if row.enabled == enabled {
            return Ok(self.shown(row));
        }
        let status = if enabled {
            IntegrationStatus::Pending
        } else {
            IntegrationStatus::Inactive
        };
        let now = self.clock.now();
        self.db
            .write(move |tx| {
                Box::pin(async move {
                    integration::switch(tx, id, enabled, status, now).await?;
                    match enabled {
                        true => dispatch::hasten(tx, id, now).await,
                        false => Ok(()),
                    }
                })
            })
            .await?;
        Ok(self.shown(self.integration(id).await?))
    }

    /// Asks the platform, really, whether the integration works, and records the answer.
    pub async fn test_integration(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<IntegrationId> + Send,
    ) -> Result<Check> {
        actor.require(Action::WriteIntegrations)?;
        let id = parse()?;
        let row = self.integration(id).await?;
        let connector = match self.connector(&row) {
            Ok(connector) => connector,
            Err(error) => {
                // Without credentials that open nothing can be asked, and nothing be handed over.
                if let Error::Refused(refusal) = &error {
                    self.record_check(&row, Some(refusal.message.clone()))
                        .await?;
                }
                return Err(error);
            }
        };
        let check = connector.check().await;
        let last_error = (!check.ok).then(|| last_error(&check));
        self.record_check(&row, last_error).await?;
        Ok(check)
    }

    /// Records what a check has found: why the integration does not work, or that it does, so that what waits for it goes out; nothing of
    /// one that was changed meanwhile.
    async fn record_check(
        &self,
        checked: &integration::Model,
        last_error: Option<String>,
    ) -> Result<()> {
        let (id, way) = (checked.id, checked.way());
        let last_error = last_error.map(|text| shortened(&text, Failure::MESSAGE_MAX));
        let now = self.clock.now();
        self.db
            .write(move |tx| {
                let last_error = last_error.clone();
                Box::pin(async move {
                    let now_there = integration_health::lock(tx, id).await?;
                    if now_there.is_none_or(|row| row.way() != way) {
                        return Ok(());
                    }
                    let ok = last_error.is_none();
                    integration_health::checked(tx, id, last_error, now).await?;
                    match ok {
                        true => dispatch::hasten(tx, id, now).await,
                        false => Ok(()),
                    }
                })
            })
            .await
    }

    /// The integration's row; NOT_FOUND unless it is there.
    pub(crate) async fn integration(&self, id: IntegrationId) -> Result<integration::Model> {
        let found = integration::find(self.db.read(), id).await?;
        found.ok_or_else(|| Error::not_found("integration", id))
    }

    /// A connection to the platform, with the credentials opened.
    pub(crate) fn connector(&self, row: &integration::Model) -> Result<Connector> {
        let credentials = self.open_credentials(row)?;
        let connector = Connector::new(&self.http, &row.config, &credentials);
        connector.ok_or_else(|| {
            let what = "has credentials of another platform; set them again with UpdateIntegration";
            unusable(row, what)
        })
    }

    /// Refuses an address that docket will never call as it is set up.
    pub(super) fn require_callable(&self, config: &PlatformConfig) -> Result<()> {
        let callable = self.http.check(config.site());
        callable.map_err(|refused| {
            let field = format!("integration.{}", config.site_field());
            let rule = format!(
                "is an address that docket does not call: {refused}; if it is right and in your own network, an administrator of docket \
                 can allow that network with OUTBOUND_ALLOW"
            );
            Error::invalid(field, rule)
        })
    }

    /// ALREADY_EXISTS when an integration other than `except` has this name.
    pub(super) async fn require_free_name(
        &self,
        name: &str,
        except: Option<IntegrationId>,
    ) -> Result<()> {
        match integration::name_taken(self.db.read(), name, except).await? {
            true => Err(Error::AlreadyExists {
                resource: "integration",
                name: name.to_owned(),
            }),
            false => Ok(()),
        }
    }

    /// The credentials as they are kept with the integration `id`.
    pub(super) fn sealed(&self, id: IntegrationId, credentials: &Credentials) -> Result<Sealed> {
        let exposed = credentials.expose().map_err(Error::internal)?;
        self.vault.seal(&purpose(id), &exposed)
    }

    pub(super) fn shown(&self, integration: integration::Model) -> IntegrationView {
        let key = integration.credentials_key_id.as_deref();
        IntegrationView {
            has_credentials: integration.credentials.is_some()
                && key.is_some_and(|key| self.vault.knows(key)),
            integration,
        }
    }

    pub(super) fn open_credentials(&self, row: &integration::Model) -> Result<Credentials> {
        let sealed = row
            .credentials
            .as_deref()
            .ok_or_else(|| unusable(row, "has no credentials; set them with UpdateIntegration"))?;
        let key = row.credentials_key_id.as_deref().unwrap_or_default();
        let plain = self.vault.open(key, &purpose(row.id), sealed);
        let read = plain.and_then(|plain| Credentials::from_exposed(&plain).ok());
        read.ok_or_else(|| {
            unusable(
                row,
                "has credentials that no key of docket's opens; set them again with UpdateIntegration, or have an administrator of \
                 docket put back the key that they were sealed with",
            )
        })
    }

    fn set_up(&self, new: &NewIntegration, now: Time) -> Result<integration::Model> {
        let id = IntegrationId::at(now);
        let platform = new.config.platform();
        let sealed = self.sealed(id, &new.credentials)?;
        Ok(integration::Model {
            id,
            name: new.name.clone(),
            category: platform.category(),
            platform,
            enabled: new.enabled,
            status: if new.enabled {
                IntegrationStatus::Pending
            } else {
                IntegrationStatus::Inactive
            },
            config: new.config.clone(),
            credentials: Some(sealed.bytes),
            credentials_key_id: Some(sealed.key_id),
            last_check_time: None,
            last_error: None,
            dispatch_count: 0,
            failure_count: 0,
            first_failure_time: None,
            held_until: None,
            held_seconds: 0,
            version: 1,
            name_version: 1,
            config_version: 1,
            credentials_version: 1,
            status_version: 1,
            create_time: now,
            update_time: now,
            delete_time: None,
        })
    }

    async fn write_integration(
        &self,
        row: integration::Model,
        request: Option<Request>,
    ) -> Result<IntegrationView> {
        let plain = Arc::new((self.shown(row), request));
        self.db
            .write(move |tx| {
                let plain = plain.clone();
                Box::pin(async move {
                    let (view, request) = (*plain).clone();
                    let row = &view.integration;
                    integration::insert(tx, row.clone()).await?;
                    remember(tx, request.as_ref(), &view, row.create_time).await?;
                    Ok(view)
                })
            })
            .await
    }
}

/// Refuses an integration that is switched off.
pub(crate) fn require_enabled(row: &integration::Model) -> Result<()> {
    if row.enabled {
        return Ok(());
    }
    Err(Error::refused(
        Reason::IntegrationDisabled,
        format!("integration/{}", row.id),
        format!(
            "the integration {:?} is switched off; switch it on with SetIntegrationEnabled",
            row.name
        ),
    ))
}

/// What a failed check leaves with the integration.
fn last_error(check: &Check) -> String {
    let messages = check
        .problems
        .iter()
        .map(|problem| problem.message.as_str());
    messages.collect::<Vec<_>>().join(" ")
}

fn unusable(row: &integration::Model, what: &str) -> Error {
    Error::refused(
        Reason::IntegrationWithoutCredentials,
        format!("integration/{}", row.id),
        format!("the integration {:?} {what}", row.name),
    )
}

/// Ties sealed credentials to their row.
pub(super) fn purpose(id: IntegrationId) -> String {
    format!("credentials/{id}")
}
