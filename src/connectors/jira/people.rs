//! People whom issues can be assigned to: all of a project's, and the one who is meant by an address, an account id or a name.
//!
//! Each person decides in their profile whether others see their e-mail address. Jira finds them by it all the same.

use super::{Account, CallError, Jira};

/// The most people that are read.
const MAX_PEOPLE: usize = 1000;

/// Whom a text means, among those that issues of a project can be assigned to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Assignee {
    /// One account.
    Known(Account),
    /// Nobody's.
    #[default]
    Nobody,
    /// Several people have the name.
    Several,
    /// Several people are found by the e-mail address, and some of them keep theirs to themselves.
    Hidden,
    /// docket's account may not look for people.
    Withheld,
}

impl Assignee {
    /// The account, where there is one.
    pub fn account(&self) -> Option<&Account> {
        match self {
            Self::Known(account) => Some(account),
            _ => None,
        }
    }

    /// Why there is none, for a person; `None` where there is one.
    pub fn why_not(&self, project: &str) -> Option<String> {
        Some(match self {
            Self::Known(_) => return None,
            Self::Nobody => format!(
                "Nobody whom issues of the project {project} can be assigned to has exactly this e-mail address, account id or name."
            ),
            Self::Several => format!(
                "Several people whom issues of the project {project} can be assigned to have this name."
            ),
            Self::Hidden => format!(
                "Jira finds several people by this e-mail address whom issues of the project {project} can be assigned to, and does not show the address of each, so docket cannot tell who is meant."
            ),
            Self::Withheld => format!(
                "docket's Jira account may not look for the people whom issues of the project {project} can be assigned to."
            ),
        })
    }
}

impl Jira {
    /// Who may be assigned issues of a project: of the first 1,000 people, beyond whom Jira does not look.
    pub async fn assignable_users(&self, project_key: &str) -> Result<Vec<Account>, CallError> {
        let most = MAX_PEOPLE.to_string();
        let mut people = self
            .search_assignable(project_key, (self.looks_for_people_by(), ""), &most)
            .await?;
        people.truncate(MAX_PEOPLE);
        Ok(people)
    }

    /// Whom `wanted` means: whose e-mail address, account id or display name it is, but for case. Nobody, when several may be meant: a
    /// guess would assign work to a stranger.
    pub async fn find_user(&self, project_key: &str, wanted: &str) -> Result<Assignee, CallError> {
        // Searching for an account's id finds nothing: it has a parameter of its own.
        let by = match self.is_cloud() && is_account_id(wanted) {
            true => "accountId",
            false => self.looks_for_people_by(),
        };
        let found = self
            .search_assignable(project_key, (by, wanted.trim()), "100")
            .await;
        match found {
            Ok(found) => Ok(pick(found, wanted)),
            Err(CallError::Rejected(refused)) if refused.status == 403 => Ok(Assignee::Withheld),
            Err(CallError::Rejected(refused)) if matches!(refused.status, 400 | 404) => {
                Ok(Assignee::Nobody)
            }
            Err(error) => Err(error),
        }
    }

    async fn search_assignable(
        &self,
        project_key: &str,
        by: (&str, &str),
        most: &str,
    ) -> Result<Vec<Account>, CallError> {
        let query = [("project", project_key), by, ("maxResults", most)];
        let path = ["rest", "api", "3", "user", "assignable", "search"];
        self.get(&path, &query).await
    }

    /// The parameter that takes a part of a name or an e-mail address.
    fn looks_for_people_by(&self) -> &'static str {
        match self.is_cloud() {
            true => "query",
            // Whatever it is called, names and addresses are searched by it, too.
            false => "username",
        }
    }
}

/// Whether the text has the form of an account's id, old (`5b10a2844c20165700ede21g`) or new (`712020:` and a UUID), and none of a
/// name or an address.
fn is_account_id(text: &str) -> bool {
    let text = text.trim();
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_');
    text.len() >= 20 && text.chars().all(letter) && text.chars().any(|c| c.is_ascii_digit())
}

/// Whether the text has the form of a whole e-mail address.
fn is_address(text: &str) -> bool {
    let parts = text.rsplit_once('@');
    parts.is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        && !text.contains(char::is_whitespace)
}

/// The one account that is meant; an e-mail address goes before what identifies an account, and that before a name.
fn pick(found: Vec<Account>, wanted: &str) -> Assignee {
    let wanted = wanted.trim().to_lowercase();
    if wanted.is_empty() {
        return Assignee::Nobody;
    }
    let shown = |a: &Account| {
        a.email_address
            .as_deref()
            .map_or("", str::trim)
            .to_lowercase()
    };
    let usable: Vec<&Account> = found.iter().filter(|a| !a.handle().is_empty()).collect();
    let mail = usable.iter().find(|a| shown(a) == wanted);
    let known = mail.or_else(|| usable.iter().find(|a| a.handle().to_lowercase() == wanted));
    if let Some(&account) = known {
        return Assignee::Known(account.clone());
    }
    let mut named = usable
        .iter()
        .filter(|a| a.display_name.trim().to_lowercase() == wanted);
    match (named.next(), named.next()) {
        (Some(&account), None) => return Assignee::Known(account.clone()),
        (Some(_), Some(_)) => return Assignee::Several,
        (None, _) => (),
    }
    match &usable[..] {
        _ if !is_address(&wanted) => Assignee::Nobody,
        // Jira has found the one by the address, which nobody else sees.
        [only] if shown(only).is_empty() => Assignee::Known((*only).clone()),
        // It looks for what begins with the text, too: which of them has exactly this address, nobody can tell.
        several if several.iter().any(|a| shown(a).is_empty()) => Assignee::Hidden,
        _ => Assignee::Nobody,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str, name: &str, mail: Option<&str>) -> Account {
        Account {
            account_id: id.into(),
            display_name: name.into(),
            email_address: mail.map(Into::into),
            ..Account::default()
        }
    }

    #[test]
    fn only_an_exact_and_single_match_is_picked() {
        let found = vec![
            account("1", "Ann Lee", Some("ann@example.com")),
            account("2", "Ann Leeward", None),
            account("3", "Bo", None),
            account("4", "bo", None),
        ];
        let id = |wanted| {
            let picked = pick(found.clone(), wanted);
            picked.account().map(|account| account.account_id.clone())
        };
        assert_eq!(id("ANN@example.com").as_deref(), Some("1"));
        assert_eq!(id(" ann lee ").as_deref(), Some("1"));
        assert_eq!(pick(found.clone(), "ann"), Assignee::Nobody);
        assert_eq!(pick(found.clone(), "bo"), Assignee::Several);
        assert_eq!(pick(found, ""), Assignee::Nobody);
    }

    #[test]
    fn whoever_alone_is_found_by_an_address_that_is_not_shown_is_meant() {
        let hidden = |id| account(id, "Ann Lee", None);
        let shown = |id| account(id, "Ann Lee", Some("ann@example.com.au"));
        let mail = "ann@example.com";
        assert_eq!(pick(vec![hidden("1")], mail), Assignee::Known(hidden("1")));
        let blank = account("1", "Ann Lee", Some(""));
        assert_eq!(pick(vec![blank.clone()], mail), Assignee::Known(blank));
        assert_eq!(pick(vec![shown("1")], mail), Assignee::Nobody);
        for others in [
            vec![hidden("1"), hidden("2")],
            vec![shown("1"), hidden("2")],
        ] {
            assert_eq!(pick(others, mail), Assignee::Hidden);
        }
        // What is no whole address is a part of a name.
        assert_eq!(pick(vec![hidden("1")], "ann"), Assignee::Nobody);
        assert_eq!(pick(vec![hidden("1")], "ann@"), Assignee::Nobody);
    }
}
