//! Links between issues.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::{CallError, Jira};

/// A type of link. Its names differ by site.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LinkType {
    /// Its number.
    #[serde(default)]
    pub id: String,
    /// Its name, `Blocks`.
    pub name: String,
    /// How the outward issue is told of the inward one: `is blocked by`.
    #[serde(default)]
    pub inward: String,
    /// How the inward issue is told of the outward one: `blocks`.
    #[serde(default)]
    pub outward: String,
}

impl LinkType {
    /// The type that says "blocks": the one of that name, else one that is told with that word or says that one issue depends on the
    /// other, else one that relates issues. Any other would say something false, such as that one issue is a copy of the other.
    pub fn blocking(kinds: &[Self]) -> Option<&Self> {
        let related = |kind: &&Self| kind.name.to_lowercase().contains("relate");
        let kinds = || kinds.iter();
        kinds()
            .find(|kind| kind.is_named_blocks())
            .or_else(|| kinds().find(|kind| blocks(&kind.outward) || blocks(&kind.inward)))
            .or_else(|| kinds().find(|kind| kind.blocks()))
            .or_else(|| kinds().find(related))
    }

    /// Whether a link of this type says that one issue has to wait for the other.
    pub fn blocks(&self) -> bool {
        let told = |text: &String| blocks(text) || depends(text);
        self.is_named_blocks() || [&self.outward, &self.inward].into_iter().any(told)
    }

    /// The inward and the outward issue of a link that says that `blocker` blocks `blocked`.
    ///
    /// The outward text is what the *inward* issue does: with `Blocks`, which is told as "blocks", the blocker is the inward issue, the
    /// reverse of what the names suggest. A type that is told as "depends on" goes the other way around.
    pub fn ends<'a>(&self, blocker: &'a str, blocked: &'a str) -> (&'a str, &'a str) {
        // Of a type of that name whose texts are in another language the usual way is all that is known.
        let forward = blocks(&self.outward) || (self.is_named_blocks() && !blocks(&self.inward));
        match !forward && (blocks(&self.inward) || depends(&self.outward)) {
            true => (blocked, blocker),
            false => (blocker, blocked),
        }
    }

    fn is_named_blocks(&self) -> bool {
        self.name.eq_ignore_ascii_case("Blocks")
    }
}

/// Whether a text says "blocks", and not "is blocked by".
fn blocks(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("block") && !text.contains("blocked")
}

/// Whether a text says "depends on", and not "is depended on by".
fn depends(text: &str) -> bool {
    let text = text.to_lowercase();
    ["depends on", "requires", "waits for"]
        .iter()
        .any(|word| text.contains(word))
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueLink {
    /// Its type.
    pub kind: LinkType,
    /// The key of the inward issue, which does to the other one what the type's outward text says.
    pub inward: String,
    /// The key of the outward issue.
    pub outward: String,
}

impl IssueLink {
    /// The end that is not this issue.
    pub fn other_than(&self, key: &str) -> &str {
        match self.inward == key {
            true => &self.outward,
            false => &self.inward,
        }
    }

    /// Whether it says that `blocker` blocks `blocked`, or as much of it as its type can.
    pub fn says(&self, blocker: &str, blocked: &str) -> bool {
        self.kind.ends(blocker, blocked) == (&self.inward, &self.outward)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LinkTypesBody {
    #[serde(default)]
    issue_link_types: Vec<LinkType>,
}

#[derive(Deserialize)]
struct LinkedBody {
    key: String,
    #[serde(default)]
    fields: LinkedFields,
}

#[derive(Default, Deserialize)]
struct LinkedFields {
    #[serde(default)]
    issuelinks: Vec<LinkBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkBody {
    #[serde(rename = "type")]
    kind: LinkType,
    inward_issue: Option<OtherEnd>,
    outward_issue: Option<OtherEnd>,
}

#[derive(Deserialize)]
pub(super) struct OtherEnd {
    pub(super) key: String,
}

impl Jira {
    /// The types of link on this site.
    pub async fn link_types(&self) -> Result<Vec<LinkType>, CallError> {
        let path = ["rest", "api", "3", "issueLinkType"];
        let body: LinkTypesBody = self.get(&path, &[]).await?;
        Ok(body.issue_link_types)
    }

    /// Says that one issue blocks another, in the words of this type. Harmless to repeat: Jira keeps one link of a kind between two
    /// issues.
    pub async fn link(
        &self,
        kind: &LinkType,
        blocker_key: &str,
        blocked_key: &str,
    ) -> Result<(), CallError> {
        let (inward, outward) = kind.ends(blocker_key, blocked_key);
        let body = json!({
            "type": { "name": kind.name },
            "inwardIssue": { "key": inward },
            "outwardIssue": { "key": outward },
        });
        let path = ["rest", "api", "3", "issueLink"];
        self.tell(Method::POST, &path, &body).await
    }

    /// An issue's links.
    pub async fn issue_links(&self, key: &str) -> Result<Vec<IssueLink>, CallError> {
        let path = ["rest", "api", "3", "issue", key];
        let body: LinkedBody = self.get(&path, &[("fields", "issuelinks")]).await?;
        let LinkedBody { key, fields } = body;
        let seen = fields.issuelinks.into_iter();
        Ok(seen.filter_map(|link| ends(&key, link)).collect())
    }
}

/// Each end sees the other one alone: the inward issue its `outwardIssue`, the outward one its `inwardIssue`.
pub(super) fn ends(key: &str, link: LinkBody) -> Option<IssueLink> {
    let (inward, outward) = match (link.inward_issue, link.outward_issue) {
        (_, Some(other)) => (key.to_owned(), other.key),
        (Some(other), None) => (other.key, key.to_owned()),
        (None, None) => return None,
    };
    Some(IssueLink {
        kind: link.kind,
        inward,
        outward,
    })
}
