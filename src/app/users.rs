//! People: recorded from their tokens as they come.

use super::App;
use crate::{db::user, domain::actor::Actor, error::Result};

impl App {
    /// Makes sure that the caller has a row that other rows can point at, as their token tells of them now.
    pub(crate) async fn record_caller(&self, actor: &Actor) -> Result<()> {
        let key = actor.user_id.as_str();
        let claims = Actor {
            ip_address: None,
            ..actor.clone()
        };
        if self.known.get(key).is_some_and(|known| known == claims) {
            return Ok(());
        }
        let row = user::from_claims(&claims, self.clock.now());
        self.db
            .write(move |tx| {
                let row = row.clone();
                Box::pin(async move { user::record(tx, vec![row]).await })
            })
            .await?;
        self.known.insert(key.to_owned(), claims);
        Ok(())
    }
}
