//! What to try while the demonstration stays up.

use secrecy::ExposeSecret as _;
use strum::IntoEnumIterator as _;

use super::{super::CommandError, stage::Stage};
use crate::{domain::actor::Role, proto::v1::GetExportResultsResponse};

/// A token for each role, and lines to paste into a shell.
pub(super) fn text(
    stage: &Stage,
    results: &GetExportResultsResponse,
) -> Result<String, CommandError> {
    let mut text = String::from("\nTry it, until Ctrl-C. A token for each role:\n\n");
    for role in Role::iter() {
        let (user, token) = stage.person(role)?;
        text += &format!(
            "# {}\nexport {role}={}\n",
            user.display_name,
            token.expose_secret()
        );
    }
    let session = results
        .export
        .as_ref()
        .map(|export| export.session_id.as_str());
    let session = session.unwrap_or_default();
    let (address, url, jira) = (stage.address(), stage.url(), stage.sandbox.url());
    let issue = results.jira_tickets.first();
    let issue = issue
        .map(|ticket| ticket.jira_url.as_str())
        .unwrap_or_default();
    text += &format!(
        r#"
# what the server offers
grpcurl -plaintext {address} list docket.v1.ExportService

# what the export has made
grpcurl -plaintext -H "authorization: Bearer $TEAM_LEAD" -d '{{"session_id":"{session}"}}' \
  {address} docket.v1.ExportService/GetExportResults
buf curl --http2-prior-knowledge --protocol grpc --header "authorization: Bearer $TEAM_LEAD" \
  --data '{{"session_id":"{session}"}}' {url}/docket.v1.ExportService/GetExportResults

# the whole story of the export, event by event
grpcurl -plaintext -H "authorization: Bearer $TEAM_LEAD" -d '{{"session_id":"{session}"}}' \
  {address} docket.v1.ExportService/WatchExport

# what an end user may not do
grpcurl -plaintext -H "authorization: Bearer $END_USER" -d '{{}}' {address} docket.v1.ExportService/ListSessions

# an issue in the browser, and all that the Jira here keeps
{issue}
{jira}/_sandbox/state
"#
    );
    Ok(text)
}
