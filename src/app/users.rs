//! People: recorded from their tokens as they come, and told of by the auth service.

use super::{
    App,
    pages::{Listing, Page, PageRequest},
};
use crate::{
    db::user::{self, Filter, Position},
    domain::{actor::Actor, permission::Action, user::Person},
    error::{Error, Result},
};

impl App {
    /// The caller, as recorded now that their token has been taken into account.
    pub async fn me(&self, actor: &Actor) -> Result<user::Model> {
        self.follow_token(actor).await?;
        let found = user::find(self.db.read(), &actor.user_id).await?;
        found.ok_or_else(|| Error::internal("a caller who was not recorded"))
    }

    /// People by name.
    pub async fn list_users(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<(Filter, PageRequest)> + Send,
    ) -> Result<Page<user::Model>> {
        actor.require(Action::ListUsers)?;
        let (filter, request) = parse()?;
        let listing = Listing::new(&self.sealer, "users", &filter);
        let after: Option<Position> = listing.position(&request)?;
        let limit = request.size.get() + 1;
        let rows = user::page(self.db.read(), &filter, after, limit).await?;
        listing.page(&request, rows, |row| {
            (row.display_name.clone(), row.id.clone())
        })
    }

    /// Creates or wholly replaces people, all or none; answers them in the order given.
    pub async fn upsert_users(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<Vec<Person>> + Send,
    ) -> Result<Vec<user::Model>> {
        actor.require(Action::WriteUsers)?;
        let people = parse()?;
        let now = self.clock.now();
        let rows = people
            .iter()
            .cloned()
            .map(|person| user::Model::new(person, now));
        let rows: Vec<user::Model> = rows.collect();
        let written = self.db.write(move |tx| {
            let rows = rows.clone();
            Box::pin(async move {
                let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
                user::replace(tx, rows).await?;
                user::find_many(tx, ids).await
            })
        });
        let mut written = written.await?;
        for person in &people {
            self.known.invalidate(person.id.as_str());
        }
        let place = |row: &user::Model| people.iter().position(|person| person.id == row.id);
        written.sort_by_key(place);
        Ok(written)
    }

    /// Makes sure that the caller has a row that other rows can point at, as their token tells of them now.
    pub(crate) async fn record_caller(&self, actor: &Actor) -> Result<()> {
        let known = self.known.get(actor.user_id.as_str());
        match known.is_some_and(|known| known == claims(actor)) {
            true => Ok(()),
            false => self.follow_token(actor).await,
        }
    }

    async fn follow_token(&self, actor: &Actor) -> Result<()> {
        let now = self.clock.now();
        let found = user::find(self.db.read(), &actor.user_id).await?;
        let told = match &found {
            Some(found) => found.told_by(actor),
            None => user::Model::new(first_seen(actor), now),
        };
        if found.as_ref() != Some(&told) {
            let row = user::Model {
                update_time: now,
                ..told
            };
            self.db
                .write(move |tx| {
                    let row = row.clone();
                    Box::pin(async move { user::record(tx, row).await })
                })
                .await?;
        }
        let key = actor.user_id.as_str().to_owned();
        self.known.insert(key, claims(actor));
        Ok(())
    }
}

/// What of a caller their token tells.
fn claims(actor: &Actor) -> Actor {
    Actor {
        ip_address: None,
        ..actor.clone()
    }
}

/// A caller unknown until now.
fn first_seen(actor: &Actor) -> Person {
    Person {
        id: actor.user_id.clone(),
        display_name: actor.display_name.clone(),
        email: actor.email.clone(),
        role: actor.role,
        team: actor.team.clone(),
        active: true,
    }
}
