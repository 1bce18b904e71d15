//! Enums: exhaustive on both sides, so that a value added to one is missed by the compiler and not by a caller.

use super::MAX_VALUES;
use crate::{
    domain::{actor, dispatch, export, history, integration, session, ticket},
    error::{self, Broken},
    proto::v1,
};

/// A value of the domain that has a number in the contract.
pub(in crate::api) trait Wire: Copy + PartialEq {
    /// Its number.
    fn number(self) -> i32;
    /// The value with this number: `Ok(None)` for UNSPECIFIED, `Err` for a number that the contract does not know.
    fn read(number: i32) -> Result<Option<Self>, Broken>;
}

macro_rules! wire {
    ($($domain:ty = $proto:ty { $($variant:ident),+ $(,)? })+) => {$(
        impl Wire for $domain {
            fn number(self) -> i32 {
                match self { $(Self::$variant => <$proto>::$variant as i32),+ }
            }

            fn read(number: i32) -> Result<Option<Self>, Broken> {
                match <$proto>::try_from(number) {
                    Ok(<$proto>::Unspecified) => Ok(None),
                    $(Ok(<$proto>::$variant) => Ok(Some(Self::$variant)),)+
                    Err(_) => Err(Broken::new(format!("{number} is no value of this enum"))),
                }
            }
        }
    )+};
}

wire! {
    ticket::TicketStatus = v1::TicketStatus {
        New, Open, InProgress, PendingInfo, Escalated, Review, Resolved, Closed, Reopened,
    }
    ticket::TicketPriority = v1::TicketPriority { P1, P2, P3, P4 }
    ticket::TicketCategory = v1::TicketCategory {
        Incident, ServiceRequest, ChangeRequest, Problem, Technical, Billing, General, FeatureRequest, BugReport,
    }
    ticket::CommentVisibility = v1::CommentVisibility { Public, Internal }
    history::HistoryEventType = v1::HistoryEventType {
        Created, Updated, StatusChanged, PriorityChanged, AssignmentChanged, CommentAdded, CommentUpdated, CommentDeleted,
        AttachmentAdded, AttachmentDeleted, Escalated, Reopened, Resolved, Closed, SlaBreached, DueDateChanged,
        IntegrationDispatched, Exported, Deleted, Undeleted,
    }
    ticket::Environment = v1::Environment { Production, Staging, Test, Development }
    ticket::ScanStatus = v1::ScanStatus { Pending, Clean, Infected, Skipped }
    integration::IntegrationCategory = v1::IntegrationCategory {
        Ticketing, Crm, Messaging, Communication, ProjectManagement, CodeRepository, Webhook,
    }
    integration::IntegrationStatus = v1::IntegrationStatus { Pending, Active, Inactive, Error }
    session::SessionStage = v1::SessionStage { Upload, Processing, Review, JiraExport, Completed }
    session::SessionStatus = v1::SessionStatus { Active, Exporting, Completed, ExportFailed, Cancelled }
    export::ExportStatus = v1::ExportStatus {
        Pending, Exporting, Paused, Completed, Failed, Cancelled, Reverted,
    }
    export::TicketExportStatus = v1::TicketExportStatus { Pending, Exported, Failed, Skipped }
    export::ErrorCategory = v1::ErrorCategory { UserFixable, AdminRequired, Temporary }
    export::ManualFixType = v1::ManualFixType {
        AssigneeInvalid, SprintNotFound, PriorityUnavailable, FieldRejected, AttachmentFailed, LinkFailed,
        DescriptionTruncated,
    }
    export::ResumeReason = v1::ResumeReason { Requested, Retried, TakenOver }
    dispatch::DispatchTrigger = v1::DispatchTrigger { Create, Request, Retry, Recovery }
    dispatch::DispatchOutcome = v1::DispatchOutcome { Created, Rejected, RetryLater, Uncertain }
    actor::Role = v1::Role { EndUser, DevopsEngineer, SeniorEngineer, TeamLead, Manager, Admin }
}

/// The value, or `default` for UNSPECIFIED.
pub(in crate::api) fn or<E: Wire>(number: i32, default: E) -> Result<E, Broken> {
    Ok(E::read(number)?.unwrap_or(default))
}

/// The value; UNSPECIFIED is refused.
pub(in crate::api) fn required<E: Wire>(number: i32) -> Result<E, Broken> {
    E::read(number)?.ok_or_else(|| Broken::new("must not be UNSPECIFIED"))
}

/// The values of a list in a filter, each once. UNSPECIFIED is refused.
pub(in crate::api) fn each<E: Wire>(numbers: &[i32]) -> Result<Vec<E>, Vec<Broken>> {
    within(numbers, MAX_VALUES)?;
    let mut values = Vec::new();
    for value in error::each(numbers, |&number| required::<E>(number))? {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(values)
}

/// As [`each`], at most `max`, and a list with UNSPECIFIED in it stands for any value, as an empty one does.
pub(in crate::api) fn each_or_any<E: Wire>(
    numbers: &[i32],
    max: usize,
) -> Result<Vec<E>, Vec<Broken>> {
    within(numbers, max)?;
    let values: Vec<i32> = numbers.iter().copied().filter(|&n| n != 0).collect();
    let known = each(&values)?;
    Ok(if values.len() < numbers.len() {
        Vec::new()
    } else {
        known
    })
}

fn within(numbers: &[i32], max: usize) -> Result<(), Broken> {
    if numbers.len() > max {
        return Err(Broken::new(format!("must have at most {max} entries")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use strum::IntoEnumIterator as _;

    use super::*;

    #[test]
    fn every_priority_comes_back_from_its_number() {
        for priority in ticket::TicketPriority::iter() {
            let number = priority.number();
            assert_eq!(ticket::TicketPriority::read(number), Ok(Some(priority)));
        }
        assert_eq!(ticket::TicketPriority::read(0), Ok(None));
        assert!(ticket::TicketPriority::read(5).is_err());
        assert!(ticket::TicketPriority::read(-1).is_err());
    }

    #[test]
    fn a_filter_names_each_value_once_and_no_unspecified() {
        use ticket::TicketPriority::{P1, P2};
        assert_eq!(each(&[1, 2, 1]), Ok(vec![P1, P2]));
        let refused = each::<ticket::TicketPriority>(&[1, 0]).unwrap_err();
        assert_eq!(refused[0].path, "[1]");
        assert!(each::<ticket::TicketPriority>(&[1; 101]).is_err());
    }

    #[test]
    fn where_unspecified_means_any_it_outweighs_what_else_is_named() {
        let any: Vec<session::SessionStage> = each_or_any(&[1, 0], 10).unwrap();
        assert!(any.is_empty());
        assert!(each_or_any::<session::SessionStage>(&[0, 99], 10).is_err());
        assert!(each_or_any::<session::SessionStage>(&[1; 11], 10).is_err());
    }
}
