//! `docket token`: a signed bearer token, for trying things out and for scripts.

use chrono::{TimeDelta, Utc};
use clap::{Args, value_parser};
use secrecy::{ExposeSecret as _, SecretString};
use strum::IntoEnumIterator as _;

use super::CommandError;
use crate::{
    auth::{self, Audience, Claims},
    config::{Config, TokenSettings},
    domain::{actor::Role, ids::UserId},
    error::Broken,
};

/// What the token says.
#[derive(Debug, Args)]
pub(super) struct TokenArgs {
    /// END_USER, DEVOPS_ENGINEER, SENIOR_ENGINEER, TEAM_LEAD, MANAGER or ADMIN.
    #[arg(long, value_parser = role)]
    role: Role,
    /// The user's id, up to 128 characters.
    #[arg(long, default_value = "admin", value_parser = user_id)]
    sub: UserId,
    /// What to call the user; the id where not given.
    #[arg(long)]
    name: Option<String>,
    /// Where to write to the user.
    #[arg(long)]
    email: Option<String>,
    /// The user's team.
    #[arg(long)]
    team: Option<String>,
    /// For how many hours the token is good, up to a year.
    #[arg(long, default_value_t = 12, value_parser = value_parser!(u32).range(1..=8784))]
    ttl_hours: u32,
}

fn role(text: &str) -> Result<Role, String> {
    text.parse().map_err(|_| {
        let roles: Vec<String> = Role::iter().map(|role| role.to_string()).collect();
        format!("must be one of {}", roles.join(", "))
    })
}

fn user_id(text: &str) -> Result<UserId, String> {
    text.parse().map_err(|broken: Broken| broken.rule)
}

/// Whom a token names.
#[derive(Clone, Debug)]
pub(super) struct Bearer {
    pub(super) id: String,
    pub(super) role: Role,
    pub(super) name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) team: Option<String>,
}

/// A token for them that is good for `ttl` from now.
pub(super) fn mint(
    settings: &TokenSettings,
    bearer: Bearer,
    ttl: TimeDelta,
) -> Result<SecretString, CommandError> {
    let claims = Claims {
        sub: bearer.id,
        role: bearer.role,
        team: bearer.team,
        name: bearer.name,
        email: bearer.email,
        aud: Audience::One(settings.audience.clone()),
        iss: settings.issuer.clone(),
        exp: (Utc::now() + ttl).timestamp().try_into()?,
        nbf: None,
    };
    Ok(auth::mint(&settings.secret, &claims)?.into())
}

/// Prints the token, and nothing else, to standard output.
pub(super) fn run(args: TokenArgs) -> Result<(), CommandError> {
    let settings = Config::from_env()?.tokens;
    let bearer = Bearer {
        id: args.sub.0,
        role: args.role,
        name: args.name,
        email: args.email,
        team: args.team,
    };
    let token = mint(&settings, bearer, TimeDelta::hours(args.ttl_hours.into()))?;
    println!("{}", token.expose_secret());
    Ok(())
}
