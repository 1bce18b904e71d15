//! A project as an export sees it: read once a run, the rest looked up when first needed and then remembered.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use tokio::sync::{Mutex, OnceCell};

use super::{
    Assignee, CallError, CreateField, HardStop, IssueInput, IssuePlan, IssueType, Jira, Project,
    Sprint, Trouble, fields::Surroundings,
};

/// How often Jira may fail at telling of the boards before they are done without.
const BOARD_TRIES: u32 = 3;

/// What is known of a project. Shared by all tickets of a run.
#[derive(Debug)]
pub struct ProjectMeta {
    jira: Jira,
    project: Project,
    issue_types: Vec<IssueType>,
    create_fields: Mutex<HashMap<String, Arc<Vec<CreateField>>>>,
    agile: OnceCell<Agile>,
    board_failures: AtomicU32,
    users: Mutex<HashMap<String, Assignee>>,
}

/// What the project's boards tell.
#[derive(Debug, Default)]
pub(super) struct Agile {
    /// The sprints that take issues: active ones first.
    pub(super) sprints: Vec<Sprint>,
    /// The field in which the first board that estimates in points keeps them.
    pub(super) story_points: Option<String>,
    /// Whether docket's account may not look at a board, or at the sprints of one.
    pub(super) withheld: bool,
}

/// Why there is no plan for an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// The ticket cannot go to this project.
    Stop(HardStop),
    /// Jira could not be asked.
    Call(CallError),
}

impl From<CallError> for PlanError {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl ProjectMeta {
    /// Reads the project and its issue types.
    pub async fn load(jira: &Jira, project_key: &str) -> Result<Self, CallError> {
        Ok(Self {
            project: jira.project(project_key).await?,
            issue_types: jira.issue_types(project_key).await?,
            jira: jira.clone(),
            create_fields: Mutex::default(),
            agile: OnceCell::new(),
            board_failures: AtomicU32::new(0),
            users: Mutex::default(),
        })
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The issue types that can be created.
    pub fn issue_types(&self) -> &[IssueType] {
        &self.issue_types
    }

    /// The sprints that take issues; none where the project has no such board.
    pub async fn sprints(&self) -> Result<&[Sprint], CallError> {
        Ok(&self.agile().await?.sprints)
    }

    /// The issue type of this name, but for case.
    pub fn issue_type(&self, name: &str) -> Result<&IssueType, HardStop> {
        let wanted = name.trim().to_lowercase();
        let same = |t: &&IssueType| t.name.trim().to_lowercase() == wanted;
        self.issue_types.iter().find(same).ok_or_else(|| {
            let names: Vec<_> = self.issue_types.iter().map(|t| t.name.as_str()).collect();
            HardStop::issue_type_missing(&self.project.key, name, &names)
        })
    }

    /// The fields that a create of this issue type takes.
    pub async fn create_fields(
        &self,
        issue_type: &IssueType,
    ) -> Result<Arc<Vec<CreateField>>, CallError> {
        // Held while asking, so that tickets of one type ask once.
        let mut known = self.create_fields.lock().await;
        if let Some(fields) = known.get(&issue_type.id) {
            return Ok(fields.clone());
        }
        let fields = self
            .jira
            .create_fields(&self.project.key, &issue_type.id)
            .await?;
        let fields = Arc::new(fields);
        known.insert(issue_type.id.clone(), fields.clone());
        Ok(fields)
    }

    /// Whether an issue of this type takes story points when it is created.
    pub async fn takes_story_points(&self, issue_type: &IssueType) -> Result<bool, CallError> {
        let fields = self.create_fields(issue_type).await?;
        let around = Surroundings {
            deployment: self.jira.config().deployment,
            project: &self.project,
            issue_type,
            fields: &fields,
            assignee: &Assignee::Nobody,
            agile: self.agile().await?,
        };
        Ok(around.story_points().is_some())
    }

    /// Whether docket's account may not look at all boards, so that there may be more sprints.
    pub async fn hides_boards(&self) -> Result<bool, CallError> {
        Ok(self.agile().await?.withheld)
    }

    /// Whom `wanted` means, if anybody: see [`Jira::find_user`].
    pub async fn user(&self, wanted: &str) -> Result<Assignee, CallError> {
        let mut known = self.users.lock().await;
        if let Some(user) = known.get(wanted) {
            return Ok(user.clone());
        }
        let user = self.jira.find_user(&self.project.key, wanted).await?;
        known.insert(wanted.to_owned(), user.clone());
        Ok(user)
    }

    /// What a create of this ticket would send, and what of the ticket it could not carry. Changes nothing in Jira.
    pub async fn plan(&self, input: &IssueInput) -> Result<IssuePlan, PlanError> {
        let issue_type = self
            .issue_type(&input.issue_type)
            .map_err(PlanError::Stop)?;
        let fields = self.create_fields(issue_type).await?;
        Ok(self.plan_on(input, issue_type, &fields).await?)
    }

    /// What an issue that exists takes of this ticket, by the fields of its edit screen. Changes nothing in Jira.
    pub async fn plan_edit(
        &self,
        input: &IssueInput,
        fields: &[CreateField],
    ) -> Result<IssuePlan, PlanError> {
        let issue_type = self
            .issue_type(&input.issue_type)
            .map_err(PlanError::Stop)?;
        Ok(self.plan_on(input, issue_type, fields).await?)
    }

    async fn plan_on(
        &self,
        input: &IssueInput,
        issue_type: &IssueType,
        fields: &[CreateField],
    ) -> Result<IssuePlan, CallError> {
        let assignee = match input.assignee.as_deref() {
            Some(wanted) if !wanted.trim().is_empty() => self.user(wanted).await?,
            _ => Assignee::Nobody,
        };
        let none = Agile::default();
        let agile = if input.sprint.is_some() || input.story_points.is_some() {
            self.agile().await?
        } else {
            &none
        };
        Ok(IssuePlan::build(
            input,
            &Surroundings {
                deployment: self.jira.config().deployment,
                project: &self.project,
                issue_type,
                fields,
                assignee: &assignee,
                agile,
            },
        ))
    }

    async fn agile(&self) -> Result<&Agile, CallError> {
        let read = || async {
            match self.read_agile().await {
                Err(CallError::Trouble(Trouble::ServerError(_))) if self.boards_fail().await => {
                    Ok(Agile::default())
                }
                read => read,
            }
        };
        self.agile.get_or_try_init(read).await
    }

    /// Whether Jira keeps failing at telling of the boards, and answers otherwise.
    async fn boards_fail(&self) -> bool {
        let failures = self.board_failures.fetch_add(1, Ordering::Relaxed) + 1;
        failures >= BOARD_TRIES && self.jira.myself().await.is_ok()
    }

    /// Boards that refuse to tell have nothing to tell, a kanban board having no sprints and a site perhaps no Jira Software; or not to
    /// docket's account.
    async fn read_agile(&self) -> Result<Agile, CallError> {
        let boards = self.jira.boards(&self.project.key).await;
        let mut agile = Agile {
            withheld: is_forbidden(&boards),
            ..Agile::default()
        };
        for board in or_none(boards)? {
            if board.kind != "kanban" {
                let sprints = self.jira.sprints(&board, &["active", "future"]).await;
                agile.withheld |= is_forbidden(&sprints);
                agile.sprints.extend(or_none(sprints)?);
            }
            if agile.story_points.is_none() {
                agile.story_points = or_none(self.jira.story_points_field(&board).await)?;
            }
        }
        agile.sprints.sort_by_key(|sprint| sprint.state != "active");
        Ok(agile)
    }
}

/// Whether docket's account may not have the answer.
fn is_forbidden<T>(answer: &Result<T, CallError>) -> bool {
    matches!(answer, Err(CallError::Rejected(refused)) if refused.status == 403)
}

/// An empty answer in place of a refusal that is about the thing asked for, not about the account.
fn or_none<T: Default>(answer: Result<T, CallError>) -> Result<T, CallError> {
    match answer {
        Err(CallError::Rejected(rejection)) if matches!(rejection.status, 400 | 403 | 404) => {
            Ok(T::default())
        }
        other => other,
    }
}
