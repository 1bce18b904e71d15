//! The people of made-up tickets: users who file them, engineers in teams who work on them, and leads who hand them out.

use std::net::{IpAddr, Ipv4Addr};

use rand::{RngExt as _, rngs::StdRng, seq::IndexedRandom as _};

use crate::{
    db::user,
    domain::{
        actor::{Actor, Role},
        ids::UserId,
        time::Time,
        user::Person,
    },
};

const FIRST_NAMES: [&str; 20] = [
    "Ada", "Bruno", "Chloé", "Dmitri", "Elif", "Farah", "Goran", "Hana", "Igor", "Jonas", "Kirsti",
    "Lena", "Mateo", "Noor", "Olga", "Pavel", "Quinn", "Rosa", "Søren", "Tariq",
];
const LAST_NAMES: [&str; 20] = [
    "Almeida",
    "Berg",
    "Costa",
    "Dvořák",
    "Eriksen",
    "Fontaine",
    "Ganter",
    "Hughes",
    "Ivanova",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "Okafor",
    "Petrov",
    "Quiroga",
    "Rossi",
    "Schulz",
    "Tanaka",
];
const TEAMS: [&str; 6] = [
    "Workplace",
    "Network",
    "Billing",
    "Warehouse",
    "Platform",
    "Field",
];
/// Engineers of each team.
const ENGINEERS: usize = 8;
/// The most users, and how many tickets one of them files about.
const USERS: u64 = 5_000;
const TICKETS_A_USER: u64 = 20;

/// Everybody.
#[derive(Debug)]
pub(super) struct Cast {
    users: Vec<Actor>,
    engineers: Vec<Actor>,
    leads: Vec<Actor>,
}

impl Cast {
    /// The people for so many tickets; always the same ones.
    pub(super) fn of(tickets: u64) -> Self {
        let users = (tickets / TICKETS_A_USER).clamp(10, USERS);
        let leads = TEAMS.iter().zip(0..);
        let leads = leads.map(|(team, n)| actor("lead", n, Role::TeamLead, Some(team)));
        let engineers = TEAMS
            .iter()
            .flat_map(|team| (0..ENGINEERS).map(move |_| team));
        let engineers = engineers.zip(0..).map(|(team, n)| {
            let role = match n % 3 {
                0 => Role::DevopsEngineer,
                _ => Role::SeniorEngineer,
            };
            actor("engineer", n, role, Some(team))
        });
        Self {
            users: (0..users)
                .map(|n| actor("user", n, Role::EndUser, None))
                .collect(),
            engineers: engineers.collect(),
            leads: leads.collect(),
        }
    }

    /// Their rows.
    pub(super) fn rows(&self, now: Time) -> Vec<user::Model> {
        let everybody = self.users.iter().chain(&self.engineers).chain(&self.leads);
        let person = |actor: &Actor| Person {
            id: actor.user_id.clone(),
            display_name: actor.display_name.clone(),
            email: actor.email.clone(),
            role: actor.role,
            team: actor.team.clone(),
            active: true,
        };
        everybody
            .map(|actor| user::Model::new(person(actor), now))
            .collect()
    }

    /// Somebody who files a ticket: most often one of few.
    pub(super) fn filer(&self, rng: &mut StdRng) -> &Actor {
        match rng.random_ratio(1, 12) {
            true => pick(&self.engineers, rng),
            false => {
                let few = self.users.len().div_ceil(5);
                let among = match rng.random_bool(0.5) {
                    true => self.users.get(..few).unwrap_or(&self.users),
                    false => &self.users,
                };
                pick(among, rng)
            }
        }
    }

    /// Somebody to work on a ticket.
    pub(super) fn engineer(&self, rng: &mut StdRng) -> &Actor {
        pick(&self.engineers, rng)
    }

    /// Somebody who hands tickets out.
    pub(super) fn lead(&self, rng: &mut StdRng) -> &Actor {
        pick(&self.leads, rng)
    }
}

fn pick<'a>(people: &'a [Actor], rng: &mut StdRng) -> &'a Actor {
    // Nobody asks among nobody.
    people.choose(rng).unwrap_or(&people[0])
}

fn actor(kind: &str, n: u64, role: Role, team: Option<&str>) -> Actor {
    let name = |names: &[&'static str; 20], n: u64| {
        let index = usize::try_from(n).unwrap_or_default() % names.len();
        names[index]
    };
    let (first, last) = (name(&FIRST_NAMES, n), name(&LAST_NAMES, n / 20 + n));
    let id = format!("bench-{kind}-{n:04}");
    let [_, _, high, low] = u32::try_from(n).unwrap_or_default().to_be_bytes();
    Actor {
        email: Some(format!("{id}@example.com")),
        display_name: format!("{first} {last}"),
        user_id: UserId(id),
        role,
        team: team.map(str::to_owned),
        // 198.18.0.0/15 is for benchmarks (RFC 2544).
        ip_address: Some(IpAddr::V4(Ipv4Addr::new(198, 18, high, low))),
    }
}
