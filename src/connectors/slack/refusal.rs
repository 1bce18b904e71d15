//! What Slack's own words for refusals mean: whose turn it is, and whether the same ticket may be sent again.

use std::time::Duration;

use super::Slack;
use crate::{
    connectors::fault::{Fault, Next},
    domain::export::ErrorCategory::{AdminRequired, UserFixable},
    error::Reason,
};

/// Whom Slack takes docket for is in question.
const TOKEN: [&str; 7] = [
    "invalid_auth",
    "not_authed",
    "token_revoked",
    "token_expired",
    "account_inactive",
    "team_access_not_granted",
    "org_login_required",
];
/// The app lacks a right.
const RIGHT: [&str; 4] = [
    "missing_scope",
    "no_permission",
    "ekm_access_denied",
    "access_denied",
];
/// The app may not post in the channel.
const POSTING: [&str; 6] = [
    "not_in_channel",
    "restricted_action",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "restricted_action_non_threadable_channel",
    "restricted_action_thread_locked",
];
/// There is no such channel, or none that takes messages.
const CHANNEL: [&str; 3] = ["channel_not_found", "is_archived", "messages_tab_disabled"];
/// For now Slack takes no more.
const LIMIT: [&str; 3] = ["ratelimited", "rate_limited", "message_limit_exceeded"];
/// What was sent is too long.
const LENGTH: [&str; 5] = [
    "msg_too_long",
    "msg_blocks_too_long",
    "metadata_too_large",
    "attachment_payload_limit_exceeded",
    "file_upload_size_restricted",
];
/// What was sent is not to Slack's liking, whoever sends it.
const CONTENT: [&str; 10] = [
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "no_text",
    "too_many_attachments",
    "blocked_file_type",
    "file_type_not_allowed",
    "slack_connect_blocked_file_type",
    "malware_detected",
];
/// The message that was posted is not there any more.
const MESSAGE: [&str; 2] = ["thread_not_found", "message_not_found"];
/// Slack has a fault of its own; it may have posted all the same.
const OWN: [&str; 5] = [
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
];

impl Slack {
    /// What the word means; `needed`: the scope that Slack names with it.
    pub(super) fn refusal(&self, error: &str, needed: &str, after: Option<Duration>) -> Fault {
        let party = &self.shared.party;
        let word = party.redactor.clean(error);
        let fault = match error {
            error if TOKEN.contains(&error) => waits(
                Reason::PlatformUnauthorized,
                format!("Slack refused the bot's token ({word})."),
                "Renew the bot token with UpdateIntegration",
            ),
            error if RIGHT.contains(&error) => {
                let scope = match party.redactor.clean(needed).as_str() {
                    "" => String::new(),
                    needed => format!(": it needs the scope {needed}"),
                };
                waits(
                    Reason::PlatformForbidden,
                    format!("The Slack app may not do that ({word}){scope}."),
                    "Give the app the scope, and install it anew",
                )
            }
            error if POSTING.contains(&error) => waits(
                Reason::PlatformForbidden,
                format!("The Slack app may not post in {} ({word}).", party.place),
                "Invite the app into the channel with /invite",
            ),
            error if CHANNEL.contains(&error) => waits(
                Reason::PlatformNotFound,
                format!(
                    "Slack has no channel {}, it is archived, or the app does not see it ({word}).",
                    self.shared.config.channel
                ),
                "Check the channel in the integration's settings, and invite the app into it",
            ),
            error if LIMIT.contains(&error) => party.limited(&word, after),
            error => self.by_content(error, &word),
        };
        fault.at(Some(200))
    }

    fn by_content(&self, error: &str, word: &str) -> Fault {
        if LENGTH.contains(&error) {
            let what = format!("Slack takes nothing as long as this ({word}).");
            return rejects(
                Reason::PlatformContentTooLarge,
                what,
                "Shorten the description",
            );
        }
        if CONTENT.contains(&error) {
            let what = format!("Slack refused what was sent ({word}).");
            return rejects(Reason::PlatformRejected, what, "Change the ticket");
        }
        if MESSAGE.contains(&error) {
            let what = format!("The message in Slack is not there any more ({word}).");
            let fix = "Tell in the channel what was to be added";
            return rejects(Reason::PlatformNotFound, what, fix);
        }
        if OWN.contains(&error) {
            let what = format!("Slack has a problem of its own ({word}).");
            let party = &self.shared.party;
            return party.doubtful(Reason::PlatformServerError, what, &party.care);
        }
        // Slack adds words without notice, most of them about the app, the workspace or the channel: no ticket is given up for one that
        // docket does not know.
        waits(
            Reason::PlatformRejected,
            format!("Slack refused what docket sent ({word})."),
            "Check the integration's settings and what the app may do there",
        )
    }
}

fn waits(reason: Reason, what: String, fix: &str) -> Fault {
    Fault::new(Next::Wait, AdminRequired, reason, what, fix)
}

fn rejects(reason: Reason, what: String, fix: &str) -> Fault {
    Fault::new(Next::Reject, UserFixable, reason, what, fix).of_ticket()
}
