//! From a bearer token to the caller. Which check a token failed is never told: to a caller all bad tokens are alike.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use tonic::Status;

use crate::{
    config::{SigningSecret, TokenSettings},
    domain::{
        actor::{Actor, Role},
        ids::UserId,
        ticket, user,
    },
    error::{Error, Result},
    server::peer::Caller,
};

/// How far the clocks of the issuer and this server may differ, in seconds.
const LEEWAY: u64 = 30;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 8 * 1024;

/// The claims of a token (RFC 7519 names; times in seconds since 1970).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who: 1 to 128 characters, kept verbatim as the user's id.
    pub sub: String,
    /// One of the six roles, such as `TEAM_LEAD`.
    pub role: Role,
    /// The caller's team.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// What to call them; the `sub` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where to write to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// For whom the token is.
    pub aud: Audience,
    /// Who made it.
    pub iss: String,
    /// From when on it is void.
    pub exp: u64,
    /// From when on it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
}

/// One audience or several: RFC 7519 allows both.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several; one that fits is enough.
    Many(Vec<String>),
}

/// When the token of a request ends, by this machine's clock as the token was judged by; in the extensions of the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenEnd(pub(crate) Instant);

impl TokenEnd {
    /// `None`: later than this machine can wait for.
    fn of(exp: u64) -> Option<Self> {
        let end = UNIX_EPOCH.checked_add(Duration::from_secs(exp.checked_add(LEEWAY)?))?;
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        Instant::now().checked_add(left).map(Self)
    }
}

/// Verifies tokens.
#[derive(Clone)]
pub struct Verifier(Arc<Rules>);

struct Rules {
    key: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier")
    }
}

impl Verifier {
    /// A verifier of HS256 tokens for the settings' audience, from their issuer.
    pub fn new(settings: &TokenSettings) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_audience(&[&settings.audience]);
        validation.set_issuer(&[&settings.issuer]);
        // A claim that is absent is not checked at all unless it is required.
        validation.set_required_spec_claims(&["sub", "exp", "aud", "iss"]);
        Self(Arc::new(Rules {
            key: DecodingKey::from_secret(settings.secret.expose()),
            validation,
        }))
    }

    /// The caller that the request's one bearer token names, and until when.
    pub(crate) fn caller(
        &self,
        headers: &HeaderMap,
        ip_address: Option<IpAddr>,
    ) -> Result<(Actor, Option<TokenEnd>)> {
        let caller = |claims: Claims| {
            let end = TokenEnd::of(claims.exp);
            Some((claims.into_actor(ip_address)?, end))
        };
        bearer(headers)
            .and_then(|token| self.claims(token))
            .and_then(caller)
            .ok_or(Error::Unauthenticated)
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let verified = jsonwebtoken::decode::<Claims>(token, &self.0.key, &self.0.validation);
        match verified {
            Ok(data) => Some(data.claims),
            Err(error) => {
                tracing::debug!(%error, "token refused");
                None
            }
        }
    }
}

impl Claims {
    fn into_actor(self, ip_address: Option<IpAddr>) -> Option<Actor> {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (team, name, email) = (filled(self.team), filled(self.name), filled(self.email));
        // A claim that docket could not keep makes no honest token.
        let team = team.map(|text| ticket::team(&text)).transpose().ok()?;
        let name = name
            .map(|text| user::display_name(&text))
            .transpose()
            .ok()?;
        // One that is no address is nobody's loss.
        let email = email.and_then(|text| user::email(&text).ok());
        Some(Actor {
            user_id: UserId::person(&self.sub).ok()?,
            role: self.role,
            team,
            display_name: name.unwrap_or(self.sub),
            email,
            ip_address,
        })
    }
}

/// The token of the one `authorization: Bearer` header; two headers are nobody's honest request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= MAX_TOKEN).then(|| token.trim())
}

/// A signed token with these claims.
pub fn mint(secret: &SigningSecret, claims: &Claims) -> Result<String> {
    let key = EncodingKey::from_secret(secret.expose());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key).map_err(Error::internal)
}

/// Middleware: puts the caller into the request's extensions, or answers UNAUTHENTICATED.
pub(crate) async fn require(
    State(verifier): State<Verifier>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = request.extensions().get::<Caller>();
    let ip_address = caller.and_then(|caller| caller.0);
    match verifier.caller(request.headers(), ip_address) {
        Ok((actor, end)) => {
            tracing::Span::current().record("user", actor.user_id.as_str());
            request.extensions_mut().insert(actor);
            let mut response = next.run(request).await;
            if let Some(end) = end {
                response.extensions_mut().insert(end);
            }
            response
        }
        Err(error) => Status::from(error).into_http(),
    }
}

/// The caller of a request that passed [`Verifier`]; UNAUTHENTICATED where none did, so that a forgotten layer opens nothing.
pub fn actor<T>(request: &tonic::Request<T>) -> Result<Actor> {
    let actor = request.extensions().get::<Actor>();
    actor.cloned().ok_or(Error::Unauthenticated)
}
