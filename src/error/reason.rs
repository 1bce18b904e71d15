//! The reasons that a program can act on; `error_reason.proto` tells each one's meaning to clients.

/// Why something failed. The wire text is the name in UPPER_SNAKE_CASE (`ErrorInfo.reason`), the same as in `ErrorReason` of the
/// contract without its prefix; a test holds the two together.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    strum::Display,
    strum::EnumIter,
    strum::EnumString,
    strum::IntoStaticStr,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
#[allow(
    missing_docs,
    reason = "the contract's error_reason.proto documents each of them once"
)]
pub enum Reason {
    Unauthenticated,
    InvalidFields,
    PermissionDenied,
    NotFound,
    AlreadyExists,
    EtagMismatch,
    IllegalTransition,
    ReopenWindowPassed,
    RequestIdReused,
    SessionEmpty,
    SessionWithoutIntegration,
    SessionWithoutProject,
    SessionNotEditable,
    DependencyCycle,
    IntegrationDisabled,
    IntegrationInUse,
    IntegrationWithoutCredentials,
    PlatformUnsupported,
    PlatformCategoryMismatch,
    PageTokenInvalid,
    PlanChanged,
    ExportNotStarted,
    ExportRunning,
    ExportNotRetryable,
    ExportNotRunning,
    ExportRetriesExhausted,
    ExportFailed,
    PolledTooOften,
    DeadlineExceeded,
    Unimplemented,
    Unavailable,
    DatabaseBusy,
    ShuttingDown,
    ResourceExhausted,
    MessageTooLarge,
    StorageFull,
    Internal,
    UploadOffsetMismatch,
    UploadIncomplete,
    UploadDigestMismatch,
    AttachmentTooLarge,
    AttachmentTypeRefused,
    AttachmentInfected,
    AttachmentNotScanned,
    WatchTooSlow,
    JiraUnauthorized,
    JiraForbidden,
    JiraNotFound,
    JiraProjectNotFound,
    JiraIssueTypeNotFound,
    JiraFieldRejected,
    JiraRequiredFieldMissing,
    JiraContentRejected,
    JiraContentTooLong,
    JiraRateLimited,
    JiraUnreachable,
    JiraTimeout,
    JiraServerError,
    JiraAnswerUnreadable,
    JiraCreateUncertain,
    TooManyUploads,
    PlatformUnauthorized,
    PlatformForbidden,
    PlatformNotFound,
    PlatformRejected,
    PlatformContentTooLarge,
    PlatformRateLimited,
    PlatformUnreachable,
    PlatformTimeout,
    PlatformServerError,
    PlatformAnswerUnreadable,
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::Reason;
    use crate::proto::v1::ErrorReason;

    #[test]
    fn every_reason_is_in_the_contract() {
        for reason in Reason::iter() {
            let name = format!("ERROR_REASON_{reason}");
            assert!(ErrorReason::from_str_name(&name).is_some(), "{name}");
        }
    }
}
