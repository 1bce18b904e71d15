//! Trying out what descriptions become in Jira: fresh each time and as an export would convert them, with nothing sent.

use std::{
    collections::{BinaryHeap, HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use serde_json::Value;

pub use super::file_check::FileReport;
use super::{
    App,
    file_check::FileRules,
    issue_draft::IssueDraft,
    losses::{self, Loss},
    pages::PAGE_BYTES,
    struct_size,
};
use crate::{
    connectors::jira::adf::{self, InlineAttachment},
    db::{attachment, session, session_ticket, ticket},
    domain::{
        actor::Actor,
        ids::{SessionId, TicketId},
        permission::Action,
        problem::Problem,
    },
    error::{Error, Result, Violations},
};

/// How many tickets are held in memory at once.
const BATCH: u64 = 100;
/// How many messages protobuf's decoders take within each other by default, less those around the document.
const DEPTH: usize = 100 - 3;
/// About how many bytes a report has beside its texts and its document.
const REPORT_BYTES: usize = 160;

/// What TestAdfConversion asks for.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The session.
    pub session: SessionId,
    /// Some of its tickets; empty: all of them.
    pub tickets: Vec<TicketId>,
    /// Whether attachments are looked at, too.
    pub with_files: bool,
}

/// How one ticket's description fares.
#[derive(Clone, Debug)]
pub struct AdfReport {
    /// The ticket.
    pub ticket_id: TicketId,
    /// Its title.
    pub title: String,
    /// The document; `None` when there is none, which is a fault of docket's converter.
    pub converted: Option<Converted>,
    /// How the files fare, where they were asked for.
    pub files: Option<FileReport>,
}

/// What a description became.
#[derive(Clone, Debug)]
pub struct Converted {
    /// The document, unless it does not fit into the answer.
    pub adf: Option<Value>,
    /// Its size as compact JSON, in bytes.
    pub bytes: usize,
    /// Code points of the HTML less code points of the document's text.
    pub reduction: i64,
    /// What it cannot hold.
    pub losses: Vec<Loss>,
}

impl App {
    /// Converts descriptions of a session, those of all tickets or of some, by their order.
    pub async fn test_adf_conversion(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<Selection> + Send,
    ) -> Result<Vec<AdfReport>> {
        actor.require(Action::ReadSessions)?;
        let Selection {
            session,
            tickets: wanted,
            with_files,
        } = parse()?;
        let session = self.session(session).await?;
        self.check_selection(&session, &wanted).await?;
        let wanted: HashSet<TicketId> = wanted.into_iter().collect();
        let rules = with_files.then(|| FileRules::new(self, &session));
        let mut answer = Answer::default();
        let mut after = None;
        loop {
            let rows = session_ticket::page_of_session(self.db.read(), session.id, after, BATCH);
            let mut rows = rows.await?;
            after = rows
                .last()
                .map(|row| (row.session_order.unwrap_or_default(), row.number));
            if after.is_none() {
                return answer.finish();
            }
            rows.retain(|row| wanted.is_empty() || wanted.contains(&row.id));
            for report in self.reports(rows, rules.as_ref()).await? {
                answer.add(report);
            }
        }
    }

    /// The session has tickets, and those that are named are among them.
    async fn check_selection(&self, session: &session::Model, wanted: &[TicketId]) -> Result<()> {
        let places = session_ticket::places_in_session(self.db.read(), session.id).await?;
        if places.is_empty() {
            return Err(super::exports::empty(session.id));
        }
        let known: HashSet<TicketId> = places.into_iter().map(|(id, _)| id).collect();
        let mut violations = Violations::new();
        for (index, id) in wanted.iter().enumerate() {
            if !known.contains(id) {
                violations.add(
                    format!("ticket_ids[{index}]"),
                    "must be the id of a ticket of this session",
                );
            }
        }
        violations.finish()
    }

    async fn reports(
        &self,
        rows: Vec<ticket::Model>,
        rules: Option<&FileRules<'_>>,
    ) -> Result<Vec<AdfReport>> {
        let rows = Arc::new(rows);
        let shared = Arc::clone(&rows);
        // Long enough a work to keep others from theirs.
        let tried = tokio::task::spawn_blocking(move || shared.iter().map(tried).collect());
        let tried: Vec<(AdfReport, Vec<InlineAttachment>)> =
            tried.await.map_err(Error::internal)?;
        let Some(rules) = rules else {
            return Ok(tried.into_iter().map(|(report, _)| report).collect());
        };
        let files = attachment::of_tickets(self.db.read(), rows.iter().map(|row| row.id)).await?;
        let mut by_ticket: HashMap<TicketId, Vec<&attachment::Model>> = HashMap::new();
        for file in &files {
            by_ticket.entry(file.ticket_id).or_default().push(file);
        }
        let mut reports = Vec::with_capacity(tried.len());
        for (mut report, made) in tried {
            let files = by_ticket.remove(&report.ticket_id).unwrap_or_default();
            report.files = Some(rules.check(&files, &made).await?);
            reports.push(report);
        }
        Ok(reports)
    }
}

/// Converts one ticket's description. A panic fails this ticket alone: the rest of the session is to be known all the same.
fn tried(ticket: &ticket::Model) -> (AdfReport, Vec<InlineAttachment>) {
    let draft = catch_unwind(AssertUnwindSafe(|| IssueDraft::of(ticket))).ok();
    let (converted, files) = match draft {
        Some(draft) => {
            let files = draft.made_files();
            // An export sends no description where there is none.
            let adf = draft.input.description;
            let adf = adf.unwrap_or_else(|| adf::convert("").adf);
            (Some(converted(ticket, adf, &draft.losses)), files)
        }
        None => (None, Vec::new()),
    };
    let report = AdfReport {
        ticket_id: ticket.id,
        title: ticket.title.0.clone(),
        converted,
        files: None,
    };
    (report, files)
}

fn converted(ticket: &ticket::Model, adf: Value, losses: &[adf::Loss]) -> Converted {
    let html = ticket.description.chars().count();
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Converted {
        bytes: adf.to_string().len(),
        reduction: count(html) - count(text_length(&adf)),
        losses: losses::by_kind(losses),
        adf: Some(adf),
    }
}

/// Code points of a document's text.
fn text_length(adf: &Value) -> usize {
    let mut open = vec![adf];
    let mut length = 0;
    while let Some(node) = open.pop() {
        length += node["text"].as_str().map_or(0, |text| text.chars().count());
        open.extend(node["content"].as_array().into_iter().flatten());
    }
    length
}

/// The reports, within what clients take: where there is no room for all documents, the smallest have it.
#[derive(Default)]
struct Answer {
    reports: Vec<AdfReport>,
    /// Bytes of everything but documents.
    told: usize,
    /// The documents that are in, by size, with their reports' places.
    documents: BinaryHeap<(usize, usize)>,
    /// Bytes of the documents that are in.
    shown: usize,
}

impl Answer {
    fn add(&mut self, mut report: AdfReport) {
        self.told += weight(&report);
        let place = self.reports.len();
        if let Some(converted) = &mut report.converted
            && let Some(adf) = &converted.adf
        {
            let size = struct_size::size(adf);
            if size.depth > DEPTH {
                converted.adf = None;
            } else {
                self.shown += size.bytes;
                self.documents.push((size.bytes, place));
            }
        }
        self.reports.push(report);
        while self.told + self.shown > PAGE_BYTES
            && let Some((bytes, place)) = self.documents.pop()
        {
            self.shown -= bytes;
            if let Some(converted) = &mut self.reports[place].converted {
                converted.adf = None;
            }
        }
    }

    fn finish(self) -> Result<Vec<AdfReport>> {
        if self.told <= PAGE_BYTES {
            return Ok(self.reports);
        }
        Err(Error::invalid(
            "ticket_ids",
            "the answer would be larger than clients take; name fewer tickets in one call",
        ))
    }
}

/// About how many bytes a report has without its document.
fn weight(report: &AdfReport) -> usize {
    let losses = report.converted.iter().flat_map(|it| &it.losses);
    let problems = report.files.iter().flat_map(|files| &files.problems);
    let problem =
        |it: &Problem| it.message.len() + it.field.len() + it.recommended_action.len() + 48;
    REPORT_BYTES
        + report.title.len()
        + losses.map(Loss::weight).sum::<usize>()
        + problems.map(problem).sum::<usize>()
}
