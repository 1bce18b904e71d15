//! The calls that the sandbox answers, by name, method and path.

use http::Method;
use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident $method:ident $path:literal;)*) => {
        /// A call that the sandbox answers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Operation { $($(#[$doc])* $name,)* }

        impl Operation {
            /// Every operation, literal paths before the patterns that would swallow them.
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its HTTP method.
            pub fn method(self) -> Method {
                match self { $(Self::$name => Method::$method,)* }
            }

            /// Its path, with `{…}` for each part that varies.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }
        }
    };
}

operations! {
    /// Creates an issue.
    CreateIssue POST "/rest/api/3/issue";
    /// Creates up to 50 issues.
    CreateIssues POST "/rest/api/3/issue/bulk";
    /// Reads up to 100 issues by id or key.
    FetchIssues POST "/rest/api/3/issue/bulkfetch";
    /// Lists the issue types that can be created.
    CreateMetaTypes GET "/rest/api/3/issue/createmeta/{project}/issuetypes";
    /// Lists the fields of an issue type's create screen.
    CreateMetaFields GET "/rest/api/3/issue/createmeta/{project}/issuetypes/{type}";
    /// Reads an issue.
    GetIssue GET "/rest/api/3/issue/{issue}";
    /// Changes an issue.
    EditIssue PUT "/rest/api/3/issue/{issue}";
    /// Deletes an issue.
    DeleteIssue DELETE "/rest/api/3/issue/{issue}";
    /// Lists the fields of an issue's edit screen.
    EditMeta GET "/rest/api/3/issue/{issue}/editmeta";
    /// Lists an issue's changes.
    GetChangelog GET "/rest/api/3/issue/{issue}/changelog";
    /// Lists the keys of an issue's properties.
    ListProperties GET "/rest/api/3/issue/{issue}/properties";
    /// Reads a property of an issue.
    GetProperty GET "/rest/api/3/issue/{issue}/properties/{property}";
    /// Writes a property of an issue.
    SetProperty PUT "/rest/api/3/issue/{issue}/properties/{property}";
    /// Attaches files to an issue.
    AddAttachments POST "/rest/api/3/issue/{issue}/attachments";
    /// Tells whether and how large files may be attached.
    AttachmentMeta GET "/rest/api/3/attachment/meta";
    /// Reads what is known of an attachment.
    GetAttachment GET "/rest/api/3/attachment/{id}";
    /// Reads an attachment's bytes.
    GetAttachmentContent GET "/rest/api/3/attachment/content/{id}";
    /// Deletes an attachment.
    DeleteAttachment DELETE "/rest/api/3/attachment/{id}";
    /// Lists the kinds of links.
    ListLinkTypes GET "/rest/api/3/issueLinkType";
    /// Links two issues.
    CreateLink POST "/rest/api/3/issueLink";
    /// Reads a link.
    GetLink GET "/rest/api/3/issueLink/{id}";
    /// Deletes a link.
    DeleteLink DELETE "/rest/api/3/issueLink/{id}";
    /// Lists projects.
    SearchProjects GET "/rest/api/3/project/search";
    /// Reads a project.
    GetProject GET "/rest/api/3/project/{project}";
    /// Tells what the account may do.
    MyPermissions GET "/rest/api/3/mypermissions";
    /// Finds people who can be assigned issues.
    AssignableUsers GET "/rest/api/3/user/assignable/search";
    /// Finds people.
    SearchUsers GET "/rest/api/3/user/search";
    /// Reads a person.
    GetUser GET "/rest/api/3/user";
    /// Reads the account itself.
    Myself GET "/rest/api/3/myself";
    /// Reads what is switched on.
    Configuration GET "/rest/api/3/configuration";
    /// Reads what the site is.
    ServerInfo GET "/rest/api/3/serverInfo";
    /// Lists priorities.
    ListPriorities GET "/rest/api/3/priority";
    /// Lists fields.
    ListFields GET "/rest/api/3/field";
    /// Searches by JQL, with everything in the body.
    SearchPost POST "/rest/api/3/search/jql";
    /// Searches by JQL, with everything in the query.
    SearchGet GET "/rest/api/3/search/jql";
    /// Lists boards.
    ListBoards GET "/rest/agile/1.0/board";
    /// Reads a board.
    GetBoard GET "/rest/agile/1.0/board/{board}";
    /// Reads how a board is set up.
    BoardConfiguration GET "/rest/agile/1.0/board/{board}/configuration";
    /// Lists a board's sprints.
    ListSprints GET "/rest/agile/1.0/board/{board}/sprint";
    /// Reads a sprint.
    GetSprint GET "/rest/agile/1.0/sprint/{sprint}";
    /// Moves issues into a sprint.
    MoveToSprint POST "/rest/agile/1.0/sprint/{sprint}/issue";
}

impl Operation {
    /// The operation of a call, if the sandbox knows one.
    pub fn of(method: &Method, path: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|operation| operation.method() == method && fits(operation.path(), path))
    }
}

fn fits(template: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    let same = template.split('/').all(|expected| {
        parts
            .next()
            .is_some_and(|part| expected == part || (expected.starts_with('{') && !part.is_empty()))
    });
    same && parts.next().is_none()
}
