//! What came of handing a ticket over. The answer is stored as JSON by the contract's names, and read leniently: what a row of an
//! older version lacks stays empty.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{count, json, time::timestamp};
use crate::{domain::integration::IntegrationResult, proto::v1};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Response {
    key: String,
    id: String,
    url: String,
    #[serde(rename = "self")]
    self_: String,
    project_key: String,
    issue_type: String,
    summary: String,
    attachments: Vec<Attachment>,
    raw: Option<Map<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attachment {
    filename: String,
    size_bytes: i64,
    success: bool,
    error_message: Option<String>,
    external_id: Option<String>,
}

/// The result as everybody sees it.
pub(super) fn result(result: IntegrationResult) -> v1::IntegrationResult {
    v1::IntegrationResult {
        success: result.success,
        integration_id: result.integration_id.to_string(),
        external_ticket_id: result.external_ticket_id,
        external_ticket_url: result.external_ticket_url,
        error_message: result.error_message,
        dispatch_time: Some(timestamp(result.dispatch_time)),
        response: serde_json::from_value(result.response).ok().map(response),
    }
}

fn response(response: Response) -> v1::IntegrationResponse {
    v1::IntegrationResponse {
        key: response.key,
        id: response.id,
        url: response.url,
        self_: response.self_,
        project_key: response.project_key,
        issue_type: response.issue_type,
        summary: response.summary,
        // Counted here, so that the totals always fit the list.
        attachment_summary: Some(summary(&response.attachments)),
        attachments: response.attachments.into_iter().map(attachment).collect(),
        raw: response.raw.map(json::structure),
    }
}

fn summary(attachments: &[Attachment]) -> v1::AttachmentSummary {
    let number = |some: usize| count(i64::try_from(some).unwrap_or(i64::MAX));
    let sent = attachments.iter().filter(|sent| sent.success).count();
    v1::AttachmentSummary {
        total_files: number(attachments.len()),
        successful_uploads: number(sent),
        failed_uploads: number(attachments.len() - sent),
    }
}

fn attachment(attachment: Attachment) -> v1::IntegrationAttachment {
    v1::IntegrationAttachment {
        filename: attachment.filename,
        size_bytes: attachment.size_bytes,
        success: attachment.success,
        error_message: attachment.error_message,
        external_id: attachment.external_id,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use serde_json::json;

    use super::*;
    use crate::domain::ids::IntegrationId;

    fn told(answer: Value) -> v1::IntegrationResult {
        let now = chrono::DateTime::UNIX_EPOCH;
        result(IntegrationResult {
            success: true,
            integration_id: IntegrationId::at(now),
            external_ticket_id: Some("OPS-17".to_owned()),
            external_ticket_url: None,
            error_message: None,
            dispatch_time: now,
            response: answer,
        })
    }

    #[test]
    fn every_field_of_the_platforms_answer_is_shown() {
        let answer = json!({
            "key": "OPS-17", "id": "10017", "url": "https://a/browse/OPS-17", "self": "https://a/rest/10017",
            "project_key": "OPS", "issue_type": "Task", "summary": "Title", "raw": {"n": 1},
            "attachments": [
                {"filename": "a.png", "size_bytes": 3, "success": true, "external_id": "9"},
                {"filename": "b.png", "size_bytes": 4, "success": false, "error_message": "too large"},
            ],
        });
        let shown = told(answer).response.unwrap();
        assert_eq!(
            (shown.key.as_str(), shown.self_.as_str()),
            ("OPS-17", "https://a/rest/10017")
        );
        assert_eq!(
            shown.attachments[1].error_message.as_deref(),
            Some("too large")
        );
        let totals = shown.attachment_summary.unwrap();
        assert_eq!(
            (
                totals.total_files,
                totals.successful_uploads,
                totals.failed_uploads
            ),
            (2, 1, 1)
        );
        assert_eq!(shown.raw.unwrap().fields.len(), 1);
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_absent() {
        assert_eq!(told(Value::Null).response, None);
        assert_eq!(told(json!({"key": 5})).response, None);
        assert!(
            told(json!({}))
                .response
                .unwrap()
                .attachment_summary
                .is_some()
        );
    }
}
