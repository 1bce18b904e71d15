//! The sessions that are exported, and what Jira must hold of them in the end.

use std::collections::BTreeSet;

use docket::sandbox::{Board, Project, Site, Sprint, SprintState, User};
use serde_json::Value;

/// A session as a file that `docket session import` takes.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// The file's text.
    pub(super) text: &'static str,
    file: Value,
}

impl Story {
    /// Seven tickets, two sprints, four dependencies.
    pub(super) fn small() -> Self {
        Self::of(include_str!("small.json"))
    }

    /// Ten tickets, none of which waits for another.
    pub(super) fn wide() -> Self {
        Self::of(include_str!("wide.json"))
    }

    /// The demonstration's 87 tickets with their 59 dependencies.
    pub(super) fn large() -> Self {
        Self::of(include_str!("../../../src/cli/demo/session.json"))
    }

    fn of(text: &'static str) -> Self {
        let file = serde_json::from_str(text).expect("a session's file");
        Self { text, file }
    }

    /// A site with the story's project, sprints and people.
    pub(super) fn site(&self) -> Site {
        let names: BTreeSet<&str> = self
            .tickets()
            .filter_map(|t| t["sprint"].as_str())
            .collect();
        let sprint = |name: &str| Sprint {
            id: 0,
            name: name.to_owned(),
            state: SprintState::Active,
        };
        let board = Board {
            sprints: names.into_iter().map(sprint).collect(),
            ..Board::new("DEMO board", "DEMO")
        };
        let project = Project::new("DEMO", "Demo project").with_board(Some(board));
        let people = self.file["users"].as_array().into_iter().flatten();
        people.fold(Site::new("Crash").with_project(project), |site, person| {
            let [id, name, email] = ["id", "display_name", "email"].map(|key| text(&person[key]));
            site.with_user(User::new(&format!("712020:{id}"), name, email))
        })
    }

    /// How many tickets it has.
    pub(super) fn len(&self) -> usize {
        self.tickets().count()
    }

    /// The sprint that each ticket belongs to, by title.
    pub(super) fn sprints(&self) -> impl Iterator<Item = (&str, &str)> {
        self.tickets()
            .filter_map(|ticket| Some((text(&ticket["title"]), ticket["sprint"].as_str()?)))
    }

    /// The titles of each two tickets of which the first blocks the second.
    pub(super) fn dependencies(&self) -> BTreeSet<(&str, &str)> {
        let mut found = BTreeSet::new();
        for ticket in self.tickets() {
            for before in ticket["depends_on_refs"].as_array().into_iter().flatten() {
                let before = self.tickets().find(|other| other["ref"] == *before);
                let before = before.expect("a ticket of the file");
                found.insert((text(&before["title"]), text(&ticket["title"])));
            }
        }
        found
    }

    /// The files of the ticket with this title: of each fourth ticket two, of the same name and size.
    pub(super) fn files(&self, title: &str) -> Vec<(&'static str, String)> {
        let place = self.tickets().position(|ticket| ticket["title"] == title);
        match place.expect("a ticket of the file") % 4 {
            3 => ["first", "other"]
                .map(|which| ("trace.log", format!("{which} of {title}")))
                .to_vec(),
            _ => Vec::new(),
        }
    }

    fn tickets(&self) -> impl Iterator<Item = &Value> {
        self.file["tickets"].as_array().into_iter().flatten()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
