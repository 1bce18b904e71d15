//! People: read from requests, and shown the same way in every answer.

use super::{enums::Wire as _, page, time::timestamp};
use crate::{
    app::pages::PageRequest,
    db::user::{Filter, Model},
    domain::{
        actor::Role,
        ids::UserId,
        ticket,
        user::{self as rules, Person},
    },
    error::{Broken, Result, Violations},
    proto::v1,
};

/// The most people of one call.
const MAX_PEOPLE: usize = 100;

/// Which people ListUsers asks for.
pub(in crate::api) fn list(request: v1::ListUsersRequest) -> Result<(Filter, PageRequest)> {
    let mut violations = Violations::new();
    let query = request.query.as_deref().map(query).transpose();
    let query = violations.check("query", query);
    let role = violations.check("role", Role::read(request.role));
    let team = request.team.as_deref().map(ticket::team).transpose();
    let team = violations.check("team", team);
    let page = page::request(&mut violations, request.page_size, request.page_token);
    let filter = query.zip(role).zip(team);
    let filter = filter.map(|((query, role), team)| Filter { query, role, team });
    violations.settle(filter.zip(page))
}

fn query(text: &str) -> Result<String, Broken> {
    match text.chars().count() {
        1..=255 if !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(Broken::new("must have 1 to 255 characters and no NUL")),
    }
}

/// The people of UpsertUsers.
pub(in crate::api) fn upsert(request: v1::UpsertUsersRequest) -> Result<Vec<Person>> {
    let mut violations = Violations::new();
    if !(1..=MAX_PEOPLE).contains(&request.users.len()) {
        violations.add("users", "must have 1 to 100 entries");
        return violations.settle(None);
    }
    let mut people: Vec<Person> = Vec::with_capacity(request.users.len());
    for (index, user) in request.users.into_iter().enumerate() {
        let path = format!("users[{index}]");
        let Some(person) = person(&mut violations, &path, user) else {
            continue;
        };
        if people.iter().any(|other| other.id == person.id) {
            violations.add(format!("{path}.id"), "is there twice");
        }
        people.push(person);
    }
    violations.settle(Some(people))
}

fn person(violations: &mut Violations, path: &str, user: v1::User) -> Option<Person> {
    let at = |field: &str| format!("{path}.{field}");
    let id = violations.check(&at("id"), UserId::person(&user.id));
    let display_name = rules::display_name(&user.display_name);
    let display_name = violations.check(&at("display_name"), display_name);
    let email = user.email.as_deref().map(rules::email).transpose();
    let email = violations.check(&at("email"), email);
    let role = Role::read(user.role)
        .and_then(|role| role.ok_or_else(|| Broken::new("must not be UNSPECIFIED")));
    let role = violations.check(&at("role"), role);
    let team = user.team.as_deref().map(ticket::team).transpose();
    let team = violations.check(&at("team"), team);
    Some(Person {
        id: id?,
        display_name: display_name?,
        email: email?,
        role: role?,
        team: team?,
        active: user.active,
    })
}

/// The person on the wire.
pub(in crate::api) fn user(row: Model) -> v1::User {
    v1::User {
        id: row.id.0,
        display_name: row.display_name,
        email: row.email,
        role: row.role.number(),
        team: row.team,
        active: row.active,
        create_time: Some(timestamp(row.create_time)),
    }
}
