//! Made-up tickets at their beginning: what they say when they are filed.

use rand::{
    RngExt as _,
    rngs::StdRng,
    seq::{IndexedRandom as _, IteratorRandom as _},
};
use serde_json::{Map, json};
use strum::IntoEnumIterator as _;
use uuid::{Builder, Uuid};

use super::words::Words;
use crate::{
    app::sla::promised,
    db::{conversation, ticket},
    domain::{
        actor::Actor,
        ids::{ConversationId, TicketId},
        sla::SlaPolicy,
        ticket::{CustomFields, Environment, TicketCategory, TicketPriority, Title, Words as Tags},
        time::Time,
    },
};

/// A ticket as its filer files it.
pub(super) fn filed(sla: &SlaPolicy, rng: &mut StdRng, filer: &Actor, now: Time) -> ticket::Model {
    let id = TicketId(id(rng, now));
    let priority = priority(rng);
    let category = TicketCategory::iter()
        .choose(rng)
        .unwrap_or(TicketCategory::General);
    let environment = match rng.random_range(0..10) {
        0 => Environment::Staging,
        1 => Environment::Test,
        2 => Environment::Development,
        _ => Environment::Production,
    };
    let ai_assisted = rng.random_ratio(1, 10);
    let custom = rng.random_ratio(3, 10);
    let (asset, impact) = (rng.random_range(0..10_000), rng.random_range(1..=5));
    let mut words = Words(rng);
    let mut custom_fields = Map::new();
    if custom {
        custom_fields.insert("asset".to_owned(), json!(format!("A-{asset:04}")));
        custom_fields.insert("impact".to_owned(), json!(impact));
        custom_fields.insert("site".to_owned(), json!(words.site()));
    }
    ticket::Model {
        id,
        title: Title(words.title()),
        description: words.description(),
        category,
        environment,
        affected_service: words.service(),
        creator_id: filer.user_id.clone(),
        tags: Tags(words.tags()),
        custom_fields: CustomFields(custom_fields),
        ai_assisted,
        ..promised(sla, priority, now)
    }
}

/// Where a ticket came from.
pub(super) fn conversation(rng: &mut StdRng, now: Time) -> conversation::Model {
    let channel = *["email", "chat", "phone"].choose(rng).unwrap_or(&"email");
    conversation::Model {
        id: ConversationId(format!("bench-{}", id(rng, now).simple())),
        channel: channel.to_owned(),
        subject: Words(rng).title(),
        create_time: now,
    }
}

/// How urgent a ticket is: hardly any are.
pub(super) fn priority(rng: &mut StdRng) -> TicketPriority {
    match rng.random_range(0..100) {
        0..5 => TicketPriority::P1,
        5..25 => TicketPriority::P2,
        25..75 => TicketPriority::P3,
        _ => TicketPriority::P4,
    }
}

/// A UUIDv7 of this instant that the same seed gives again.
pub(super) fn id(rng: &mut StdRng, now: Time) -> Uuid {
    let millis = u64::try_from(now.timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &rng.random()).into_uuid()
}
