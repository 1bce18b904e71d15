//! What ListTickets asks for.

use prost_types::Timestamp;

use super::{MAX_VALUES, enums, ids, page, time};
use crate::{
    app::tickets::TicketQuery,
    db::{
        ticket_filter::Filter,
        ticket_list::{Key, ListOrder},
    },
    domain::{
        search,
        ticket::{tag, team},
        time::Time,
    },
    error::{self, Broken, Error, Result, Violations},
    proto::v1,
};

/// The longest query, in characters.
const QUERY_MAX_CHARS: usize = 500;

/// The list's filter, query, order and page.
pub(in crate::api) fn query(request: v1::ListTicketsRequest) -> Result<TicketQuery> {
    let mut violations = Violations::new();
    let filter = filter(&mut violations, &request.filter.unwrap_or_default());
    let search = request.query.as_deref().map(words).transpose();
    let search = violations.check("query", search);
    let order = order(request.order_by.as_deref(), request.query.is_some());
    let order = violations.absorb(order)?;
    let page = page::request(&mut violations, request.page_size, request.page_token);
    let query = filter.zip(search).zip(order).zip(page);
    let (((filter, search), order), page) = violations.settle(query)?;
    Ok(TicketQuery {
        filter,
        search,
        order,
        page,
        include_total: request.include_total,
    })
}

/// What is searched for: any text is a query.
fn words(text: &str) -> Result<search::Query, Broken> {
    match text.chars().count() {
        1..=QUERY_MAX_CHARS => Ok(search::Query::parse(text)),
        _ => Err(Broken::new(format!(
            "must have 1 to {QUERY_MAX_CHARS} characters"
        ))),
    }
}

/// `key` or `key desc`; absent: the best first with a query, the newest first without.
fn order(text: Option<&str>, searching: bool) -> Result<ListOrder> {
    let Some(text) = text else {
        return Ok(ListOrder {
            key: if searching {
                Key::Relevance
            } else {
                Key::CreateTime
            },
            descending: true,
        });
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let (name, descending) = match words[..] {
        [name] => (name, false),
        [name, "desc"] => (name, true),
        _ => return Err(unknown_order()),
    };
    let key = match name {
        "create_time" => Key::CreateTime,
        "update_time" => Key::UpdateTime,
        "priority" => Key::Priority,
        "number" => Key::Number,
        "status" => Key::Status,
        "relevance" if searching => Key::Relevance,
        _ => return Err(unknown_order()),
    };
    Ok(ListOrder { key, descending })
}

fn unknown_order() -> Error {
    Error::invalid(
        "order_by",
        "must be create_time, update_time, priority, status, number or, with query, relevance, each optionally followed by ` desc`",
    )
}

pub(super) fn filter(violations: &mut Violations, filter: &v1::TicketFilter) -> Option<Filter> {
    let check = &mut *violations;
    let statuses = check.check("filter.statuses", enums::each(&filter.statuses));
    let priorities = check.check("filter.priorities", enums::each(&filter.priorities));
    let categories = check.check("filter.categories", enums::each(&filter.categories));
    let environments = check.check("filter.environments", enums::each(&filter.environments));
    let assignee_id = filter.assignee_id.as_deref();
    let assignee_id = ids::optional(check, "filter.assignee_id", assignee_id);
    let creator_id = ids::optional(check, "filter.creator_id", filter.creator_id.as_deref());
    let team = filter.team.as_deref().map(team).transpose();
    let team = check.check("filter.team", team);
    let tags = check.check("filter.tags", tags(&filter.tags));
    let integration_id = filter.integration_id.as_deref();
    let integration_id = ids::optional(check, "filter.integration_id", integration_id);
    let session_id = ids::optional(check, "filter.session_id", filter.session_id.as_deref());
    let conversation_id = filter.conversation_id.as_deref();
    let conversation_id = ids::optional(check, "filter.conversation_id", conversation_id);
    let created = (filter.create_time_start, filter.create_time_end);
    let created = range(check, "create_time", created);
    let updated = (filter.update_time_start, filter.update_time_end);
    let updated = range(check, "update_time", updated);
    if filter.assignee_id.is_some() && filter.unassigned == Some(true) {
        check.add("filter.unassigned", "must not be true with an assignee_id");
    }
    Some(Filter {
        statuses: statuses?,
        priorities: priorities?,
        categories: categories?,
        environments: environments?,
        assignee_id: assignee_id?,
        unassigned: filter.unassigned,
        creator_id: creator_id?,
        team: team?,
        tags: tags?,
        integration_id: integration_id?,
        session_id: session_id?,
        conversation_id: conversation_id?,
        created: created?,
        updated: updated?,
        sla_breached: filter.sla_breached,
        show_deleted: false,
    })
}

fn tags(tags: &[String]) -> Result<Vec<String>, Vec<Broken>> {
    if tags.len() > MAX_VALUES {
        let rule = format!("must have at most {MAX_VALUES} entries");
        return Err(Broken::new(rule).into());
    }
    let mut tags = error::each(tags, |text| tag(text))?;
    tags.sort();
    tags.dedup();
    Ok(tags)
}

/// From the first instant on, before the second.
fn range(
    violations: &mut Violations,
    name: &str,
    (start, end): (Option<Timestamp>, Option<Timestamp>),
) -> Option<(Option<Time>, Option<Time>)> {
    let start = start.map(time::instant).transpose();
    let start = violations.check(&format!("filter.{name}_start"), start);
    let field = format!("filter.{name}_end");
    let end = violations.check(&field, end.map(time::instant).transpose());
    let (start, end) = start.zip(end)?;
    if start.zip(end).is_some_and(|(start, end)| end <= start) {
        violations.add(field, format!("must be after {name}_start"));
    }
    Some((start, end))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn an_order_is_a_key_and_perhaps_desc() {
        let read = |text| order(Some(text), false);
        let newest = order(None, false).unwrap();
        assert_eq!((newest.key, newest.descending), (Key::CreateTime, true));
        let number = read("number").unwrap();
        assert_eq!((number.key, number.descending), (Key::Number, false));
        assert!(read("priority  desc").unwrap().descending);
        for unknown in [
            "",
            "desc",
            "title",
            "number asc",
            "number desc desc",
            "NUMBER",
            "relevance",
        ] {
            assert!(
                matches!(read(unknown), Err(Error::Invalid { .. })),
                "{unknown:?}"
            );
        }
        for (text, key) in [("status", Key::Status), ("relevance", Key::Relevance)] {
            let descending = format!("{text} desc");
            assert_eq!(
                order(Some(text), true).unwrap(),
                ListOrder {
                    key,
                    descending: false
                }
            );
            assert_eq!(
                order(Some(&descending), true).unwrap(),
                ListOrder {
                    key,
                    descending: true
                }
            );
        }
        let best = order(None, true).unwrap();
        assert_eq!((best.key, best.descending), (Key::Relevance, true));
    }

    #[test]
    fn every_broken_part_of_a_filter_is_told() {
        let broken = v1::ListTicketsRequest {
            filter: Some(v1::TicketFilter {
                statuses: vec![1, 0],
                priorities: vec![99],
                session_id: Some("x".to_owned()),
                assignee_id: Some("ada".to_owned()),
                unassigned: Some(true),
                create_time_start: Some(Timestamp {
                    seconds: 5,
                    nanos: 0,
                }),
                create_time_end: Some(Timestamp {
                    seconds: 5,
                    nanos: 0,
                }),
                ..Default::default()
            }),
            query: Some(String::new()),
            order_by: Some("title".to_owned()),
            page_size: -1,
            ..Default::default()
        };
        let Err(Error::Invalid { violations, .. }) = query(broken) else {
            panic!("it was taken");
        };
        let mut fields: Vec<_> = violations.iter().map(|v| v.field.as_str()).collect();
        fields.sort_unstable();
        let expected = [
            "filter.create_time_end",
            "filter.priorities[0]",
            "filter.session_id",
            "filter.statuses[1]",
            "filter.unassigned",
            "order_by",
            "page_size",
            "query",
        ];
        assert_eq!(fields, expected);
    }
}
