//! What has changed since an export, in docket or in Jira: each field held against what was exported.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::{
    App,
    jira_calls::failed,
    pages::PAGE_BYTES,
    snapshot::{Sent, Snapshot, Text, shortened},
    spare_issues::{since, spares},
};
use crate::{
    connectors::jira::{IssueFields, Jira, MarkedIssue, adf_text, agrees, as_text},
    db::{export_fix, export_item, session, session_ticket, ticket},
    domain::{
        actor::Actor,
        export::ExportStatus,
        ids::{ExportId, SessionId, TicketId},
        permission::Action,
    },
    error::{Error, Reason, Result},
};

/// How many issues one read asks for: Jira's most.
const BATCH: usize = 100;
/// The longest texts where there is room for all, and where there is not, in code points.
const LENGTHS: [usize; 2] = [1000, 100];
/// The name under which an issue or a ticket as a whole is told.
const WHOLE: &str = "issue";

/// A value that is no longer as it was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "each field is the contract's field of the same name, documented there"
)]
pub struct Drift {
    pub jira_key: String,
    pub field: String,
    pub exported: String,
    pub in_jira: Option<String>,
    pub in_docket: Option<String>,
}

/// One ticket with everything that is compared.
struct Pair<'a> {
    key: String,
    snapshot: Snapshot,
    /// What docket has now; `None`: the ticket is deleted.
    docket: Option<BTreeMap<String, Text>>,
    /// What Jira has now; `None`: the issue is gone.
    jira: Option<&'a Map<String, Value>>,
    /// Fields whose values never arrived, as the manual fixes tell.
    lost: &'a HashSet<String>,
}

impl App {
    /// Everything that differs from what the session's export sent, by the tickets' order.
    pub async fn check_drift(
        &self,
        actor: &Actor,
        parse: impl FnOnce() -> Result<SessionId> + Send,
    ) -> Result<Vec<Drift>> {
        actor.require(Action::ReadSessions)?;
        let session = self.session(parse()?).await?;
        let export = self.export(session.id).await?;
        if !export.status.is_terminal() {
            return Err(self.running(&session).await?);
        }
        if export.status == ExportStatus::Reverted {
            return Ok(Vec::new());
        }
        let integration = self.exportable(&session).await?;
        let jira = self.jira(&integration)?;
        let project = &export.jira_project_key;
        // So that issues which docket may no longer see are not taken for deleted ones.
        let now = self.ask_jira(|| jira.project(project)).await;
        let now = now.map_err(|error| failed(&error, project))?.key;
        let orders = session_ticket::orders_of_session(self.db.read(), session.id).await?;
        let mut items = export_item::made(self.db.read(), export.id).await?;
        items.sort_by_key(|item| (orders.get(&item.ticket_id).copied(), item.position));
        let lost = self.lost(&export.id).await?;
        let seen = match since(&items) {
            Some(after) => self.ask_jira(|| jira.made_by(&now, after, export.id)).await,
            None => Ok((Vec::new(), true)),
        };
        // Where not all keys could be read, a manual fix tells so.
        let (seen, _) = seen.map_err(|error| failed(&error, project))?;
        let twice = self.files_twice(&jira, &export, &items).await?;
        let mut drifts = Vec::new();
        for some in items.chunks(BATCH) {
            let compared = self.compare(&session, &jira, some, &lost).await?;
            for (item, of_ticket) in some.iter().zip(compared) {
                drifts.extend(of_ticket);
                drifts.extend(second_issues(item, &seen));
                drifts.extend(twice.get(&item.ticket_id).into_iter().flatten().cloned());
            }
        }
        fit(drifts)
    }

    /// The fields of each ticket whose values did not arrive.
    async fn lost(&self, export: &ExportId) -> Result<HashMap<TicketId, HashSet<String>>> {
        let mut lost: HashMap<TicketId, HashSet<String>> = HashMap::new();
        let fixes = export_fix::of_export(self.db.read(), *export).await?;
        for fix in fixes.into_iter().filter(|fix| !fix.applied) {
            let field = fix.bare_field().to_owned();
            lost.entry(fix.ticket_id).or_default().insert(field);
        }
        Ok(lost)
    }

    async fn compare(
        &self,
        session: &session::Model,
        jira: &Jira,
        items: &[export_item::Model],
        lost: &HashMap<TicketId, HashSet<String>>,
    ) -> Result<Vec<Vec<Drift>>> {
        let snapshots: Vec<Snapshot> = items.iter().map(snapshot).collect();
        let fields: BTreeSet<&str> = snapshots
            .iter()
            .flat_map(|it| it.sent.keys().chain(it.docket.keys()))
            .map(String::as_str)
            .chain(["summary"])
            .collect();
        let fields: Vec<&str> = fields.into_iter().collect();
        let ids: Vec<&str> = items
            .iter()
            .filter_map(|item| item.jira_id.as_deref())
            .collect();
        let read = self.ask_jira(|| jira.issue_fields(&ids, &fields)).await;
        let read = read.map_err(|error| failed(&error, &session.jira_project_key))?;
        let issues: HashMap<&str, &IssueFields> = read
            .iter()
            .map(|issue| (issue.id.as_str(), issue))
            .collect();
        let rows = ticket::find_many(self.db.read(), items.iter().map(|item| item.ticket_id));
        let rows: HashMap<TicketId, ticket::Model> =
            rows.await?.into_iter().map(|row| (row.id, row)).collect();
        let none = HashSet::new();
        let mut drifts = Vec::new();
        for (item, snapshot) in items.iter().zip(snapshots) {
            let row = rows.get(&item.ticket_id);
            let row = row.filter(|row| row.session_id == Some(session.id));
            let pair = Pair {
                key: item.jira_key.clone().unwrap_or_default(),
                docket: row.map(|row| snapshot.docket_now(row)),
                jira: item
                    .jira_id
                    .as_deref()
                    .and_then(|id| issues.get(id))
                    .map(|it| &it.fields),
                lost: lost.get(&item.ticket_id).unwrap_or(&none),
                snapshot,
            };
            drifts.push(pair.drifts());
        }
        Ok(drifts)
    }
}

/// One for each issue that the ticket has beside its own, which is not to be there.
fn second_issues(item: &export_item::Model, seen: &[MarkedIssue]) -> Vec<Drift> {
    let own = item.jira_key.clone().unwrap_or_default();
    let second = spares(item, seen).into_iter().map(|spare| Drift {
        jira_key: spare.key.clone(),
        field: WHOLE.to_owned(),
        exported: own.clone(),
        in_jira: Some(spare.key),
        in_docket: Some(own.clone()),
    });
    second.collect()
}

fn snapshot(item: &export_item::Model) -> Snapshot {
    let stored = item.exported.clone().unwrap_or_default();
    serde_json::from_value(stored).unwrap_or_default()
}

impl Pair<'_> {
    fn drifts(&self) -> Vec<Drift> {
        let whole = |in_jira, in_docket| Drift {
            jira_key: self.key.clone(),
            field: WHOLE.to_owned(),
            exported: self.key.clone(),
            in_jira,
            in_docket,
        };
        match (self.jira, &self.docket) {
            (None, None) => vec![whole(None, None)],
            (None, Some(docket)) => {
                let title = docket.get("summary").map(|text| text.shown.clone());
                vec![whole(None, title)]
            }
            (Some(_), None) => vec![whole(Some(self.key.clone()), None)],
            // Exported before docket kept what it had sent: nothing can be compared.
            (Some(_), Some(_)) if self.snapshot == Snapshot::default() => Vec::new(),
            (Some(jira), Some(docket)) => {
                let fields = self.snapshot.sent.keys();
                let fields = fields
                    .chain(self.snapshot.docket.keys())
                    .chain(docket.keys());
                let fields: BTreeSet<&String> = fields.collect();
                fields
                    .into_iter()
                    .filter_map(|field| self.field(field, jira, docket))
                    .collect()
            }
        }
    }

    fn field(
        &self,
        field: &str,
        jira: &Map<String, Value>,
        docket: &BTreeMap<String, Text>,
    ) -> Option<Drift> {
        let sent = self.snapshot.sent.get(field);
        let (then, now) = (self.snapshot.docket.get(field), docket.get(field));
        let shown = jira.get(field).unwrap_or(&Value::Null);
        let in_jira = match field {
            "description" => adf_text(shown),
            _ => as_text(shown),
        };
        let same_in_jira = match sent {
            None => true,
            Some(_) if self.lost.contains(field) || self.is_lost_sprint(sent) => true,
            Some(sent) => match &sent.value {
                Some(value) => !jira.contains_key(field) || agrees(value, shown),
                None => Text::of(&in_jira) == sent.text,
            },
        };
        if same_in_jira && then == now {
            return None;
        }
        let exported = sent.map(|sent| sent.text.shown.clone()).unwrap_or_default();
        let in_docket = match then == now && sent.is_some() {
            true => Some(exported.clone()),
            false => now.map(|text| text.shown.clone()),
        };
        Some(Drift {
            jira_key: self.key.clone(),
            field: field.to_owned(),
            exported,
            in_jira: Some(in_jira).filter(|text| !text.is_empty()),
            in_docket,
        })
    }

    /// A sprint is sent after the create, and may not have arrived.
    fn is_lost_sprint(&self, sent: Option<&Sent>) -> bool {
        let number = |value: &Value| value.is_u64();
        let sprint = sent
            .and_then(|sent| sent.value.as_ref())
            .is_some_and(number);
        sprint && self.lost.contains("sprint")
    }
}

/// Keeps the answer within what clients take.
fn fit(mut drifts: Vec<Drift>) -> Result<Vec<Drift>> {
    for most in LENGTHS {
        for drift in &mut drifts {
            drift.exported = shortened(&drift.exported, most);
            for text in [&mut drift.in_jira, &mut drift.in_docket]
                .into_iter()
                .flatten()
            {
                *text = shortened(text, most);
            }
        }
        if drifts.iter().map(weight).sum::<usize>() <= PAGE_BYTES {
            return Ok(drifts);
        }
    }
    Err(Error::Exhausted {
        reason: Reason::MessageTooLarge,
        message: "more has changed than clients take in one answer".to_owned(),
        retry_after: std::time::Duration::from_secs(60),
    })
}

fn weight(drift: &Drift) -> usize {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len) + 4;
    let texts = [&drift.jira_key, &drift.field, &drift.exported];
    texts.iter().map(|text| text.len() + 4).sum::<usize>()
        + length(&drift.in_jira)
        + length(&drift.in_docket)
}
