//! Keeping the answer about an export's results within what clients take by themselves: what repeats goes first.

use std::collections::HashMap;

use super::{export_results::MadeIssue, pages::PAGE_BYTES};
use crate::domain::export::{ManualFix, ManualFixType};

/// About how many bytes an issue or a fix has beside its texts.
const FRAME_BYTES: usize = 96;

/// Leaves out of the results of a large export what does not fit: texts that the fix about the same before it has told, then titles.
/// Every issue and every fix stays, however many they are.
pub(super) fn fit(issues: &mut [MadeIssue], fixes: &mut [ManualFix]) {
    for leave_out in [leave_out_repeated, leave_out_titles] {
        if weight(issues, fixes) <= PAGE_BYTES {
            return;
        }
        leave_out(issues, fixes);
    }
}

fn leave_out_repeated(_: &mut [MadeIssue], fixes: &mut [ManualFix]) {
    let (mut reasons, mut actions) = (HashMap::new(), HashMap::new());
    for fix in fixes {
        let about = About::of(fix);
        once(&mut reasons, &about, &mut fix.reason);
        once(&mut actions, &about, &mut fix.recommended_action);
    }
}

/// What a fix is about, as far as its texts repeat by it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct About {
    fix_type: ManualFixType,
    /// None of a file, which is like none before it.
    field: Option<String>,
    /// Whoever reads the open ones alone misses no text.
    applied: bool,
}

impl About {
    fn of(fix: &ManualFix) -> Self {
        let is_file = fix.fix_type == ManualFixType::AttachmentFailed;
        Self {
            fix_type: fix.fix_type,
            field: (!is_file).then(|| fix.field.clone()),
            applied: fix.applied,
        }
    }
}

fn once(told: &mut HashMap<About, String>, about: &About, text: &mut String) {
    match told.get(about) {
        Some(before) if before == text => text.clear(),
        _ if text.is_empty() => {}
        _ => {
            told.insert(about.clone(), text.clone());
        }
    }
}

fn leave_out_titles(issues: &mut [MadeIssue], fixes: &mut [ManualFix]) {
    issues.iter_mut().for_each(|issue| issue.title.clear());
    fixes.iter_mut().for_each(|fix| fix.title.clear());
}

fn weight(issues: &[MadeIssue], fixes: &[ManualFix]) -> usize {
    let issue = |it: &MadeIssue| FRAME_BYTES + it.key.len() + it.url.len() + it.title.len();
    let fix = |it: &ManualFix| {
        let texts = [
            &it.jira_key,
            &it.jira_url,
            &it.title,
            &it.field,
            &it.wanted,
            &it.sent,
            &it.reason,
            &it.recommended_action,
        ];
        FRAME_BYTES + texts.iter().map(|text| text.len()).sum::<usize>()
    };
    issues.iter().map(issue).sum::<usize>() + fixes.iter().map(fix).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{FixId, TicketId};

    fn results(count: usize, title: &str) -> (Vec<MadeIssue>, Vec<ManualFix>) {
        let ticket_id = TicketId::at(chrono::DateTime::UNIX_EPOCH);
        let url = "https://example.atlassian.net/browse/DEMO-10000";
        let issue = MadeIssue {
            ticket_id,
            key: "DEMO-10000".to_owned(),
            url: url.to_owned(),
            title: title.to_owned(),
        };
        let fix = ManualFix {
            id: FixId::at(chrono::DateTime::UNIX_EPOCH),
            ticket_id,
            jira_key: issue.key.clone(),
            jira_url: issue.url.clone(),
            title: title.to_owned(),
            fix_type: ManualFixType::PriorityUnavailable,
            field: "priority".to_owned(),
            wanted: "P1".to_owned(),
            sent: String::new(),
            reason: "The priority is not on the project's create screen.".repeat(3),
            recommended_action: "Ask an administrator of Jira to put it there.".repeat(3),
            applied: false,
        };
        (vec![issue; count], vec![fix; count])
    }

    #[test]
    fn small_results_are_told_whole() {
        let (mut issues, mut fixes) = results(1_000, "A title");
        let whole = (issues.clone(), fixes.clone());
        fit(&mut issues, &mut fixes);
        assert_eq!((issues, fixes), whole);
    }

    #[test]
    fn a_text_is_left_out_only_where_the_one_before_says_which_it_is() {
        let (mut issues, mut fixes) = results(6_000, "A title");
        fixes[1].reason = "Another reason.".to_owned();
        fixes[3].applied = true;
        fixes[5].fix_type = ManualFixType::FieldRejected;
        let whole = fixes.clone();
        fit(&mut issues, &mut fixes);
        let told = |at: usize| !fixes[at].reason.is_empty();
        let expected = [true, true, true, true, false, true, false];
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(told), expected);
        assert_eq!(fixes[2].reason, whole[2].reason);
    }

    #[test]
    fn texts_that_take_turns_by_their_field_are_told_once_each() {
        let (mut issues, mut fixes) = results(6_000, "A title");
        for (at, fix) in fixes.iter_mut().enumerate() {
            let field = ["labels", "components", "a file"][at % 3];
            field.clone_into(&mut fix.field);
            fix.fix_type = ManualFixType::FieldRejected;
            fix.reason = format!("{field} is refused: {}", fix.reason);
            if at % 3 == 2 {
                fix.fix_type = ManualFixType::AttachmentFailed;
                fix.field = format!("{at}.txt");
            }
        }
        fit(&mut issues, &mut fixes);
        let told = fixes.iter().filter(|fix| !fix.reason.is_empty());
        assert_eq!(told.count(), 3);
    }

    #[test]
    fn large_results_tell_everything_once_and_fit() {
        for (title, titles) in [("A title", true), (&*"A title".repeat(30), false)] {
            let (mut issues, mut fixes) = results(6_000, title);
            fit(&mut issues, &mut fixes);
            assert_eq!((issues.len(), fixes.len()), (6_000, 6_000));
            assert!(weight(&issues, &fixes) <= PAGE_BYTES);
            assert!(!fixes[0].reason.is_empty() && !fixes[0].recommended_action.is_empty());
            assert!(fixes[1].reason.is_empty() && fixes[1].recommended_action.is_empty());
            assert_eq!(!issues[5_999].title.is_empty(), titles);
        }
    }
}
