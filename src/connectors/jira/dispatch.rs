//! Handing single tickets to a project of Jira, Cloud or Data Center: the connector's verbs.

mod told;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    AttachOutcome, AttachmentSettings, CallError, CreateOutcome, Description, IssueInput,
    IssuePlan, IssueRef, Jira, Mark, NewFile, NewIssue, PlanError, Probe, ProjectMeta, Rejection,
    Unsent, adf::TEXT_LIMIT, cut_further, description::wiki, full_text,
};
use crate::{
    connectors::{
        outcome::{Attached, External, Failure, KnownFile, Outcome, Sought},
        parcel::{FileBytes, MadeFile, Parcel, Person},
    },
    domain::{dispatch::DispatchKey, export::ErrorCategory, ids::TicketId},
    error::Reason,
};
use told::{
    by_category, elsewhere, gone, in_doubt, of_call, of_refusal, of_stop, own_fault, refused_file,
};

/// How often a description may be cut after a refusal.
const CUTS: u32 = 5;
/// Files up to this size are sent without asking what the site takes.
const SMALL: u64 = 1024 * 1024;
/// In [`External::raw`]: that Jira has less than the whole description.
const CUT: &str = "description_cut";
/// In [`External::raw`]: what of the ticket the issue does without.
const NOT_SENT: &str = "not_sent";

/// What an issue carries that a dispatch made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct DispatchMark {
    ticket: TicketId,
    dispatch: DispatchKey,
}

impl Mark for DispatchMark {
    fn is_same(&self, other: &Self) -> bool {
        self.dispatch == other.dispatch
    }
}

impl DispatchMark {
    fn of(parcel: &Parcel) -> Self {
        Self {
            ticket: parcel.ticket_id,
            dispatch: parcel.key.clone(),
        }
    }
}

/// Where an issue goes, and above which number its key will be.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Aim {
    site: String,
    project: String,
    after: i64,
    /// The two of them, for people.
    #[serde(default)]
    place: String,
}

/// An issue, ready to be created: what is to be sent, and what it already does without.
#[derive(Debug)]
pub(in crate::connectors) struct Draft {
    plan: IssuePlan,
    /// Whether Jira gets less than the whole description.
    cut: bool,
    cuts: u32,
}

impl Draft {
    /// Takes out what was refused. `false`: it cannot do without.
    fn gives_way(&mut self, refused: &Rejection, parcel: &Parcel) -> bool {
        if !refused.is_too_long() {
            return !self.plan.give_way(refused).is_empty();
        }
        if self.cuts == CUTS {
            return false;
        }
        let Some(shorter) = cut_further(&parcel.description, &self.plan) else {
            return false;
        };
        let fields = &mut self.plan.fields;
        fields.insert("description".to_owned(), shorter);
        (self.cut, self.cuts) = (true, self.cuts + 1);
        true
    }
}

impl Jira {
    /// The project, and the highest number among its keys.
    pub(in crate::connectors) async fn aim(&self, parcel: &Parcel) -> Result<Value, Outcome> {
        let project = self.config().project_key.as_str();
        if project.is_empty() {
            return Err(Outcome::RetryLater(Failure::new(
                ErrorCategory::AdminRequired,
                Reason::JiraProjectNotFound,
                "The integration names no Jira project for single tickets. Ask a manager of docket to set its project_key.",
            )));
        }
        match self.newest_key(project).await {
            Ok(newest) => Ok(json!(Aim {
                site: self.config().site_url.to_string(),
                project: project.to_owned(),
                place: format!("the Jira project {project} on {}", self.config().site_url),
                after: newest.unwrap_or_default(),
            })),
            Err(error) => {
                tracing::debug!(ticket = %parcel.ticket_id, %error, "the newest issue could not be read");
                Err(Outcome::RetryLater(of_call(&error, project)))
            }
        }
    }

    /// Asks what the project takes, and makes the issue ready by that. Makes nothing there.
    pub(in crate::connectors) async fn draft(
        &self,
        parcel: &Parcel,
        aim: &Value,
    ) -> Result<Draft, Outcome> {
        let aim = Aim::deserialize(aim).map_err(|_| Outcome::RetryLater(own_fault()))?;
        Ok(Draft {
            plan: self.plan_parcel(parcel, &aim.project).await?,
            cut: !self.is_cloud() && wiki(&parcel.description, TEXT_LIMIT).cut,
            cuts: 0,
        })
    }

    /// Creates the issue: one request, sent at most once. `None`: Jira refuses what the issue can do without, and the draft has it no more;
    /// it may be sent again.
    pub(in crate::connectors) async fn dispatch(
        &self,
        parcel: &Parcel,
        aim: &Value,
        draft: &mut Draft,
    ) -> Option<Outcome> {
        let Ok(aim) = Aim::deserialize(aim) else {
            return Some(Outcome::RetryLater(own_fault()));
        };
        let new = NewIssue {
            fields: draft.plan.fields.clone(),
            marker: DispatchMark::of(parcel),
        };
        Some(match self.create_issue(&new).await {
            CreateOutcome::Created(issue, status) => {
                let made = self.made(&issue, &aim, &draft.plan, draft.cut);
                Outcome::Created(made.told_by(status))
            }
            CreateOutcome::Rejected(refused) if draft.gives_way(&refused, parcel) => return None,
            CreateOutcome::Rejected(refused) => {
                of_refusal(&refused, &aim.project, &draft.plan, parcel)
            }
            CreateOutcome::RetryLater { after, reason } => {
                let error = CallError::throttled(after, reason);
                Outcome::RetryLater(of_call(&error, &aim.project))
            }
            CreateOutcome::NotSent(trouble) => {
                Outcome::RetryLater(of_call(&trouble.into(), &aim.project))
            }
            CreateOutcome::Uncertain(trouble) => {
                Outcome::Uncertain(in_doubt(&trouble, parcel, &aim.project))
            }
        })
    }

    /// Reads the keys that have been given out since, looking for the ticket's mark.
    pub(in crate::connectors) async fn look(&self, parcel: &Parcel, aim: &Value) -> Sought {
        let Ok(aim) = Aim::deserialize(aim) else {
            return Sought::CannotAsk(
                "docket has not kept where in Jira to look for the issue.".to_owned(),
            );
        };
        if aim.site != self.config().site_url.as_str() {
            return Sought::CannotAsk(format!(
                "The ticket was sent to the project {} on {}, which the integration no longer leads to, so that docket cannot look for the issue \
                 itself.",
                aim.project, aim.site
            ));
        }
        let mark = DispatchMark::of(parcel);
        match self.find_created(&aim.project, aim.after, &mark).await {
            Ok(Probe::Found(issue)) => Sought::Found(self.found(issue, &aim, parcel).await),
            Ok(Probe::Absent { .. }) => Sought::Absent,
            // A later look begins where this one has begun, and gets no further.
            Ok(Probe::Unfinished { searched_to }) => Sought::CannotAsk(format!(
                "docket looked for the issue among {0}-{1} to {0}-{searched_to} and did not find it; there are more issues than it looks at.",
                aim.project,
                aim.after + 1
            )),
            // Without the project, or a right to see it, the search is refused.
            Err(CallError::Rejected(refused))
                if aim.project != self.config().project_key
                    && matches!(refused.status, 400 | 404) =>
            {
                Sought::CannotAsk(format!(
                    "The ticket was sent to the project {}, which the integration no longer leads to, and Jira does not let docket look there: {}.",
                    aim.project,
                    refused.quote().trim_end_matches('.')
                ))
            }
            Err(error) => Sought::NotYetKnown(of_call(&error, &aim.project)),
        }
    }

    /// The pictures of the description, and the whole of it where it was cut.
    pub(in crate::connectors) fn made_files(parcel: &Parcel, external: &External) -> Vec<MadeFile> {
        let description = Description::of(&parcel.description);
        let cut = external.raw.get(CUT).is_some_and(|cut| cut == true);
        let whole =
            (cut && description.full_text.is_none()).then(|| full_text(&parcel.description));
        let files = description.images.into_iter();
        let files = files.chain(description.full_text).chain(whole);
        files.map(MadeFile::from).collect()
    }

    /// The files on the issue.
    pub(in crate::connectors) async fn files_on(
        &self,
        external: &External,
    ) -> Result<Vec<KnownFile>, Failure> {
        if !self.is_here(external) {
            return Err(elsewhere(external));
        }
        match self.issue_files(&external.key).await {
            Ok(files) => Ok(files
                .into_iter()
                .map(|file| KnownFile {
                    id: file.id,
                    filename: file.filename,
                    size: file.size,
                })
                .collect()),
            Err(CallError::Rejected(refused)) if matches!(refused.status, 404 | 410) => {
                Err(gone(external, refused.status))
            }
            Err(error) => Err(of_call(&error, &external.project_key)),
        }
    }

    /// Adds a file, unless the site says that it takes none of this size.
    pub(in crate::connectors) async fn attach_to(
        &self,
        external: &External,
        file: FileBytes<'_>,
    ) -> Attached {
        if !self.is_here(external) {
            return Attached::Rejected(elsewhere(external));
        }
        if file.size > SMALL
            && let Ok(settings) = self.attachment_settings().await
            && let Some(why) = unwelcome(settings, file.size)
        {
            let category = ErrorCategory::AdminRequired;
            let reason = Reason::JiraFieldRejected;
            return Attached::Rejected(Failure::new(category, reason, why).of_the_ticket());
        }
        let new = NewFile {
            filename: file.filename,
            content_type: file.content_type,
            size: file.size,
            bytes: file.bytes,
        };
        let project = external.project_key.as_str();
        match self.attach(&external.key, new).await {
            AttachOutcome::Attached(file) => Attached::Attached { id: file.id },
            AttachOutcome::Rejected(refused) => refused_file(refused, project),
            AttachOutcome::RetryLater { after, reason } => {
                Attached::RetryLater(of_call(&CallError::throttled(after, reason), project))
            }
            AttachOutcome::NotSent(trouble) => {
                Attached::RetryLater(of_call(&trouble.into(), project))
            }
            AttachOutcome::Uncertain(trouble) => {
                Attached::Uncertain(of_call(&trouble.into(), project))
            }
        }
    }

    /// What to send, by what the project takes now.
    async fn plan_parcel(&self, parcel: &Parcel, project: &str) -> Result<IssuePlan, Outcome> {
        let later = |error: CallError| Outcome::RetryLater(of_call(&error, project));
        let meta = ProjectMeta::load(self, project).await.map_err(later)?;
        let input = self.input(parcel);
        match meta.plan(&input).await {
            Ok(plan) => Ok(plan),
            Err(PlanError::Call(error)) => Err(later(error)),
            Err(PlanError::Stop(stop)) => Err(by_category(of_stop(stop))),
        }
    }

    fn input(&self, parcel: &Parcel) -> IssueInput {
        let label = |tag: &String| tag.split_whitespace().collect::<Vec<_>>().join("-");
        let email = |person: &Person| person.email.clone();
        IssueInput {
            summary: parcel.title.clone(),
            description: match self.is_cloud() {
                true => Description::of(&parcel.description).adf,
                false => Some(wiki(&parcel.description, TEXT_LIMIT).text)
                    .filter(|text| !text.is_empty())
                    .map(Value::String),
            },
            issue_type: self.config().issue_type.clone(),
            priority: parcel.priority,
            labels: parcel.tags.iter().map(label).collect(),
            sprint: None,
            story_points: None,
            // Whom Jira does not know it leaves unassigned, which is told.
            assignee: parcel.assignee.as_ref().and_then(email),
            custom: parcel.custom_fields.clone(),
        }
    }

    fn made(&self, issue: &IssueRef, aim: &Aim, plan: &IssuePlan, cut: bool) -> External {
        let text = |field: &str| plan.fields.get(field).and_then(Value::as_str);
        let mut raw = Map::new();
        if cut {
            raw.insert(CUT.to_owned(), true.into());
        }
        if !plan.unsent.is_empty() {
            let told: Vec<Value> = plan.unsent.iter().map(told).collect();
            raw.insert(NOT_SENT.to_owned(), told.into());
        }
        External {
            project_key: aim.project.clone(),
            issue_type: plan.issue_type.clone(),
            summary: text("summary").unwrap_or_default().to_owned(),
            raw,
            ..self.named(issue)
        }
    }

    /// What is known of an issue that was found: what Jira says of it, or what it was made from where Jira does not.
    async fn found(&self, issue: IssueRef, aim: &Aim, parcel: &Parcel) -> External {
        let read = self
            .issue_fields(&[&issue.id], &["summary", "issuetype", "project"])
            .await;
        let fields = read.ok().and_then(|mut found| found.pop());
        let fields = fields.map(|found| found.fields).unwrap_or_default();
        let text = |field: &str, part: Option<&str>, known: &str| {
            let value = fields.get(field);
            let value = part.map_or(value, |part| value.and_then(|value| value.get(part)));
            value.and_then(Value::as_str).unwrap_or(known).to_owned()
        };
        External {
            project_key: text("project", Some("key"), &aim.project),
            issue_type: text("issuetype", Some("name"), &self.config().issue_type),
            summary: text("summary", None, &parcel.title),
            ..self.named(&issue)
        }
    }

    fn named(&self, issue: &IssueRef) -> External {
        External {
            key: issue.key.clone(),
            id: issue.id.clone(),
            url: self.browse_url(&issue.key).to_string(),
            self_url: self.issue_url(&issue.id).to_string(),
            ..External::default()
        }
    }
}

fn told(unsent: &Unsent) -> Value {
    json!({ "field": unsent.field, "wanted": unsent.wanted, "reason": unsent.reason })
}

fn unwelcome(settings: AttachmentSettings, size: u64) -> Option<String> {
    match settings {
        AttachmentSettings { enabled: false, .. } => {
            Some("Attachments are switched off on this Jira site.".to_owned())
        }
        _ if !settings.takes(size) => Some(format!(
            "The file has {size} bytes, and this Jira site takes at most {}.",
            settings.upload_limit
        )),
        _ => None,
    }
}
