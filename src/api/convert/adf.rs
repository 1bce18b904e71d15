//! Descriptions that are tried out.

use std::collections::HashSet;

use super::{count, integration::problem, json};
use crate::{
    app::{
        adf_conversion::{AdfReport, Converted, FileReport, Selection},
        losses::Loss,
    },
    domain::session_ticket::MAX_BATCH,
    error::{self, Broken, Result, Violations},
    proto::v1,
};

/// What TestAdfConversion asks for.
pub(in crate::api) fn selection(request: &v1::TestAdfConversionRequest) -> Result<Selection> {
    let mut violations = Violations::new();
    let session = violations.check("session_id", request.session_id.parse());
    let tickets = violations.check("ticket_ids", distinct(&request.ticket_ids, MAX_BATCH));
    let (session, tickets) = violations.settle(session.zip(tickets))?;
    Ok(Selection {
        session,
        tickets,
        with_files: request.include_attachments,
    })
}

/// At most `max` ids, none twice.
pub(super) fn distinct<T>(texts: &[String], max: usize) -> Result<Vec<T>, Vec<Broken>>
where
    T: std::str::FromStr<Err = Broken> + Copy + Eq + std::hash::Hash,
{
    if texts.len() > max {
        return Err(Broken::new(format!("must have at most {max} entries")).into());
    }
    let mut seen = HashSet::with_capacity(texts.len());
    error::each(texts, |text| {
        let id: T = text.parse()?;
        if seen.insert(id) {
            return Ok(id);
        }
        Err(Broken::new("is there twice"))
    })
}

/// What TestAdfConversion answers.
pub(in crate::api) fn reports(reports: Vec<AdfReport>) -> v1::TestAdfConversionResponse {
    let number = |some: usize| count(i64::try_from(some).unwrap_or(i64::MAX));
    let passed = reports.iter().filter(|it| it.converted.is_some()).count();
    v1::TestAdfConversionResponse {
        tickets_tested: number(reports.len()),
        passed: number(passed),
        failed: number(reports.len() - passed),
        all_passed: passed == reports.len(),
        results: reports.into_iter().map(report).collect(),
    }
}

fn report(report: AdfReport) -> v1::AdfReport {
    let told = v1::AdfReport {
        ticket_id: report.ticket_id.to_string(),
        ticket_title: report.title,
        attachment_status: report.files.map(files),
        ..Default::default()
    };
    let Some(Converted {
        adf,
        bytes,
        reduction,
        losses,
    }) = report.converted
    else {
        return v1::AdfReport {
            error_message: Some("docket's converter failed on this description.".to_owned()),
            suggested_fix: Some(
                "Simplify the description, and report it to an administrator of docket.".to_owned(),
            ),
            ..told
        };
    };
    v1::AdfReport {
        passed: true,
        adf_size_bytes: i64::try_from(bytes).unwrap_or(i64::MAX),
        character_reduction: reduction,
        adf: adf.and_then(|adf| match adf {
            serde_json::Value::Object(document) => Some(json::structure(document)),
            _ => None,
        }),
        losses: losses.into_iter().map(loss).collect(),
        ..told
    }
}

/// A loss as everybody sees it.
pub(super) fn loss(loss: Loss) -> v1::AdfLoss {
    v1::AdfLoss {
        node: loss.node,
        reason: loss.reason,
        suggested_fix: loss.suggested_fix,
    }
}

fn files(files: FileReport) -> v1::AttachmentStatus {
    let number = |some: usize| count(i64::try_from(some).unwrap_or(i64::MAX));
    v1::AttachmentStatus {
        total_files: number(files.total),
        ready_files: number(files.total - files.problems.len()),
        problems: files.problems.into_iter().map(problem).collect(),
    }
}
