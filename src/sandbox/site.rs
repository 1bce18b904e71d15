//! The site that the sandbox plays: its people, link types, permissions and switches.

use std::collections::BTreeSet;

use super::project::Project;

/// The permissions that an export asks about, by Jira's keys.
pub const PERMISSIONS: [&str; 10] = [
    "BROWSE_PROJECTS",
    "CREATE_ISSUES",
    "EDIT_ISSUES",
    "DELETE_ISSUES",
    "ASSIGN_ISSUES",
    "ASSIGNABLE_USER",
    "CREATE_ATTACHMENTS",
    "DELETE_ALL_ATTACHMENTS",
    "LINK_ISSUES",
    "SCHEDULE_ISSUES",
];

/// A Jira site before anyone has used it.
#[derive(Debug, Clone)]
pub struct Site {
    /// The name in `serverInfo`.
    pub title: String,
    /// Everybody with an account; the first is whose token the sandbox takes.
    pub users: Vec<User>,
    /// The projects, each with its own types, fields, screens, priorities and board.
    pub projects: Vec<Project>,
    /// The kinds of link between issues; a site need not have `Blocks`.
    pub link_types: Vec<LinkType>,
    /// Permission keys that the account lacks.
    pub denied: BTreeSet<String>,
    /// Whether attachments are switched on.
    pub attachments_enabled: bool,
    /// Whether issue links are switched on.
    pub issue_linking_enabled: bool,
    /// Whether an issue may have nobody assigned.
    pub unassigned_issues_allowed: bool,
    /// The largest attachment, in bytes.
    pub upload_limit: u64,
}

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Jira's opaque id of the account.
    pub account_id: String,
    /// The name that people see.
    pub name: String,
    /// The address; searches find it even where it is not shown.
    pub email: String,
    /// Whether answers show the address: each person decides that in their profile.
    pub email_visible: bool,
    /// Whether the account is in use.
    pub active: bool,
}

/// A kind of link between issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkType {
    /// Its id.
    pub id: String,
    /// Its name, e.g. `Blocks`.
    pub name: String,
    /// How the link reads from the outward issue, e.g. "is blocked by".
    pub inward: String,
    /// How the link reads from the inward issue, e.g. "blocks".
    pub outward: String,
}

impl Site {
    /// A site with people and link types but without a project.
    pub fn new(title: &str) -> Self {
        Self {
            title: title.into(),
            users: people(),
            projects: Vec::new(),
            link_types: vec![
                LinkType::new("10000", "Blocks", "is blocked by", "blocks"),
                LinkType::new("10001", "Cloners", "is cloned by", "clones"),
                LinkType::new("10002", "Duplicate", "is duplicated by", "duplicates"),
                LinkType::new("10003", "Relates", "relates to", "relates to"),
            ],
            denied: BTreeSet::new(),
            attachments_enabled: true,
            issue_linking_enabled: true,
            unassigned_issues_allowed: true,
            upload_limit: 10 << 20,
        }
    }

    /// The site of the demonstration: one project, `DEMO`.
    pub fn demo() -> Self {
        Self::new("docket sandbox").with_project(Project::new("DEMO", "Demo project"))
    }

    /// Adds a project; ids that are still 0 get the next free ones.
    pub fn with_project(mut self, mut project: Project) -> Self {
        let place = self.projects.len() as u64;
        if project.id == 0 {
            project.id = 10_000 + place;
        }
        if let Some(board) = &mut project.board {
            if board.id == 0 {
                board.id = 1 + place;
            }
            let first = board.id * 10;
            for (sprint, id) in board.sprints.iter_mut().zip(first + 1..) {
                if sprint.id == 0 {
                    sprint.id = id;
                }
            }
        }
        self.projects.push(project);
        self
    }

    /// Adds a person.
    pub fn with_user(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// Takes a permission away from the account.
    pub fn without_permission(mut self, key: &str) -> Self {
        self.denied.insert(key.into());
        self
    }

    /// Replaces the link types.
    pub fn with_link_types(mut self, link_types: Vec<LinkType>) -> Self {
        self.link_types = link_types;
        self
    }

    pub(super) fn allows(&self, permission: &str) -> bool {
        !self.denied.contains(permission)
    }

    /// The project of this key (case counts, as in Jira), now or formerly, or id.
    pub(super) fn project(&self, id_or_key: &str) -> Option<&Project> {
        self.projects.iter().find(|project| {
            project.key == id_or_key
                || project.id.to_string() == id_or_key
                || project.former_keys.iter().any(|key| key == id_or_key)
        })
    }

    pub(super) fn user(&self, account_id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.account_id == account_id)
    }
}

impl User {
    /// An active person who shows their address.
    pub fn new(account_id: &str, name: &str, email: &str) -> Self {
        Self {
            account_id: account_id.into(),
            name: name.into(),
            email: email.into(),
            email_visible: true,
            active: true,
        }
    }

    /// Whether a search for `query` (lower case) finds the person.
    pub(super) fn matches(&self, query: &str) -> bool {
        let name = self.name.to_lowercase();
        self.email.to_lowercase().starts_with(query)
            || name.starts_with(query)
            || name.split_whitespace().any(|word| word.starts_with(query))
    }
}

impl LinkType {
    /// A link type with its two readings.
    pub fn new(id: &str, name: &str, inward: &str, outward: &str) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            inward: inward.into(),
            outward: outward.into(),
        }
    }
}

fn people() -> Vec<User> {
    let names = [
        "Demo Account",
        "Ada Byron",
        "Barbara Liskov",
        "Chien-Shiung Wu",
        "Dorothy Vaughan",
        "Edsger Dijkstra",
        "Frances Allen",
        "Grace Hopper",
        "Hedy Lamarr",
        "Ivan Sutherland",
        "Jean Bartik",
        "Katherine Johnson",
    ];
    let mut people: Vec<User> = (0..)
        .zip(names)
        .map(|(place, name)| {
            let first = name
                .split_whitespace()
                .next()
                .unwrap_or(name)
                .to_lowercase();
            let account_id = format!("712020:00000000-0000-4000-8000-{place:012}");
            User::new(&account_id, name, &format!("{first}@example.com"))
        })
        .collect();
    // One person keeps the address to themselves, as most do on a real site.
    if let Some(last) = people.last_mut() {
        last.email_visible = false;
    }
    people
}
