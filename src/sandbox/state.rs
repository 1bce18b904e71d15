//! What the site holds: issues, links and attachments, and how new ones get their numbers.

use std::collections::{BTreeMap, HashMap};

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    options::{Clock, Numbering, Options},
    site::Site,
};

/// An issue as the sandbox keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// Its id.
    pub id: u64,
    /// Its key, e.g. `DEMO-12`.
    pub key: String,
    /// The number in its key.
    pub number: u64,
    /// Its project's key.
    pub project: String,
    /// Its fields, as they are read.
    pub fields: Map<String, Value>,
    /// Its entity properties.
    pub properties: BTreeMap<String, Value>,
    /// When it was created.
    pub created: DateTime<Utc>,
    /// Whether somebody else created it.
    pub foreign: bool,
    /// The name of its status.
    pub status: String,
    /// Its changes, as the change log shows them.
    pub changes: Vec<Value>,
    /// Its comments.
    pub comments: Vec<Value>,
    /// The work logged on it.
    pub worklogs: Vec<Value>,
    /// How many reads by key still miss it.
    #[serde(skip)]
    pub(super) hidden_reads: u32,
    /// How many searches still miss it.
    #[serde(skip)]
    pub(super) hidden_searches: u32,
}

/// A link between two issues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its id.
    pub id: u64,
    /// The name of its type.
    pub type_name: String,
    /// The key of the inward issue: with `Blocks`, the one that blocks.
    pub inward: String,
    /// The key of the outward issue: with `Blocks`, the one that is blocked.
    pub outward: String,
}

/// A file attached to an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: u64,
    /// The key of its issue.
    pub issue: String,
    /// Its name.
    pub filename: String,
    /// Its media type.
    pub mime_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was attached.
    pub created: DateTime<Utc>,
    /// Its bytes; not shown over HTTP.
    #[serde(skip)]
    pub content: Bytes,
}

/// What is true of the issues that one call creates.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Visibility {
    pub(super) hidden_reads: u32,
    pub(super) hidden_searches: u32,
}

/// Everything that the site holds.
#[derive(Debug)]
pub(super) struct State {
    pub(super) site: Site,
    /// The address of the site, without a slash at its end.
    pub(super) base: String,
    pub(super) links: Vec<Link>,
    pub(super) attachments: Vec<Attachment>,
    issues: BTreeMap<u64, Issue>,
    ids: HashMap<String, u64>,
    numbers: HashMap<String, u64>,
    last_id: u64,
    numbering: Numbering,
    rng: StdRng,
    clock: Clock,
}

impl State {
    pub(super) fn new(options: &Options, base: &str) -> Self {
        Self {
            site: options.site.clone(),
            base: base.to_owned(),
            links: Vec::new(),
            attachments: Vec::new(),
            issues: BTreeMap::new(),
            ids: HashMap::new(),
            numbers: HashMap::new(),
            last_id: 10_000,
            numbering: options.numbering,
            rng: StdRng::seed_from_u64(options.numbering.seed),
            clock: options.clock.clone(),
        }
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn issues(&self) -> impl Iterator<Item = &Issue> {
        self.issues.values()
    }

    pub(super) fn issues_mut(&mut self) -> impl Iterator<Item = &mut Issue> {
        self.issues.values_mut()
    }

    /// Adds an issue with the next number of its project.
    pub(super) fn insert(
        &mut self,
        project: &str,
        fields: Map<String, Value>,
        properties: BTreeMap<String, Value>,
        visibility: Visibility,
    ) -> &Issue {
        let number = self.next_number(project);
        let id = self.next_id();
        let key = format!("{project}-{number}");
        self.ids.insert(key.to_uppercase(), id);
        let issue = Issue {
            id,
            key,
            number,
            project: project.to_owned(),
            fields,
            properties,
            created: self.now(),
            foreign: false,
            status: "To Do".to_owned(),
            changes: Vec::new(),
            comments: Vec::new(),
            worklogs: Vec::new(),
            hidden_reads: visibility.hidden_reads,
            hidden_searches: visibility.hidden_searches,
        };
        self.issues.entry(id).or_insert(issue)
    }

    /// Adds an issue as if somebody else had created it, and gives its key; `None` for an unknown project.
    pub(super) fn insert_foreign(&mut self, project: &str, summary: &str) -> Option<String> {
        let types = &self.site.project(project)?.issue_types;
        let issue_type = super::render::issue_type(types.first()?);
        let fields = Map::from_iter([
            ("summary".to_owned(), Value::from(summary)),
            ("issuetype".to_owned(), issue_type),
        ]);
        let id = self
            .insert(project, fields, BTreeMap::new(), Visibility::default())
            .id;
        let issue = self.issues.get_mut(&id)?;
        issue.foreign = true;
        Some(issue.key.clone())
    }

    /// Notes that a create was refused.
    pub(super) fn refused(&mut self, project: &str) {
        if self.numbering.refusals_consume {
            self.next_number(project);
        }
    }

    fn next_number(&mut self, project: &str) -> u64 {
        let gap = self.rng.random_range(0..=self.numbering.largest_gap);
        let number = self.numbers.entry(project.to_owned()).or_insert(0);
        *number += gap + 1;
        *number
    }

    /// The id of an issue: Jira takes ids, and keys in any case.
    pub(super) fn id_of(&self, id_or_key: &str) -> Option<u64> {
        let by_key = self.ids.get(&id_or_key.to_uppercase()).copied();
        by_key.or_else(|| {
            id_or_key
                .parse()
                .ok()
                .filter(|id| self.issues.contains_key(id))
        })
    }

    pub(super) fn issue(&self, id_or_key: &str) -> Option<&Issue> {
        self.issues.get(&self.id_of(id_or_key)?)
    }

    pub(super) fn issue_mut(&mut self, id_or_key: &str) -> Option<&mut Issue> {
        let id = self.id_of(id_or_key)?;
        self.issues.get_mut(&id)
    }

    /// An issue as a read by key finds it: not while the read is one of those that still miss it.
    pub(super) fn read(&mut self, id_or_key: &str) -> Option<&Issue> {
        let issue = self.issue_mut(id_or_key)?;
        if issue.hidden_reads > 0 {
            issue.hidden_reads -= 1;
            return None;
        }
        Some(issue)
    }

    /// Moves an issue to another project, where it gets a new key; the old one goes on leading to it.
    pub(super) fn move_issue(&mut self, id: u64, project: &str) -> Option<&mut Issue> {
        self.site.project(project)?;
        let number = self.next_number(project);
        let key = format!("{project}-{number}");
        self.ids.insert(key.to_uppercase(), id);
        let issue = self.issues.get_mut(&id)?;
        for link in &mut self.links {
            for end in [&mut link.inward, &mut link.outward] {
                if *end == issue.key {
                    end.clone_from(&key);
                }
            }
        }
        for file in &mut self.attachments {
            if file.issue == issue.key {
                file.issue.clone_from(&key);
            }
        }
        (issue.project, issue.number, issue.key) = (project.to_owned(), number, key);
        Some(issue)
    }

    /// Gives a project another key, and each of its issues with it; the old ones go on leading to them.
    pub(super) fn rename_project(&mut self, old: &str, new: &str) -> Option<()> {
        let projects = &mut self.site.projects;
        let project = projects.iter_mut().find(|project| project.key == old)?;
        project.former_keys.push(old.to_owned());
        new.clone_into(&mut project.key);
        let last = self.numbers.remove(old).unwrap_or_default();
        self.numbers.insert(new.to_owned(), last);
        let mut moved = HashMap::new();
        for issue in self.issues.values_mut().filter(|it| it.project == old) {
            let key = format!("{new}-{}", issue.number);
            self.ids.insert(key.to_uppercase(), issue.id);
            moved.insert(std::mem::replace(&mut issue.key, key.clone()), key);
            new.clone_into(&mut issue.project);
        }
        let ends = self
            .links
            .iter_mut()
            .flat_map(|link| [&mut link.inward, &mut link.outward]);
        let files = self.attachments.iter_mut().map(|file| &mut file.issue);
        for key in ends.chain(files) {
            if let Some(now) = moved.get(key) {
                key.clone_from(now);
            }
        }
        Some(())
    }

    /// Uses up numbers of a project, as an import does that is taken back.
    pub(super) fn skip_numbers(&mut self, project: &str, count: u64) {
        *self.numbers.entry(project.to_owned()).or_insert(0) += count;
    }

    /// Removes an issue, and lets another one of somebody else's have its key.
    pub(super) fn replace(&mut self, id: u64, summary: &str) -> Option<()> {
        let gone = self.issues.get(&id)?.clone();
        self.remove(id);
        let key = self.insert_foreign(&gone.project, summary)?;
        let id = self.ids.remove(&key.to_uppercase())?;
        self.ids.insert(gone.key.to_uppercase(), id);
        let issue = self.issues.get_mut(&id)?;
        (issue.key, issue.number) = (gone.key, gone.number);
        Some(())
    }

    /// Removes an issue and everything that hangs on it.
    pub(super) fn remove(&mut self, id: u64) {
        if let Some(issue) = self.issues.remove(&id) {
            self.ids.retain(|_, known| *known != id);
            self.attachments
                .retain(|attachment| attachment.issue != issue.key);
            self.links
                .retain(|link| link.inward != issue.key && link.outward != issue.key);
        }
    }
}
