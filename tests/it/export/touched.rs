//! What people do in Jira, and to the session, between two exports of it.

use docket::{
    proto::v1::{Session, UpdateSessionRequest},
    sandbox::{Action, Fault, Operation, Options, Person, Project, Touch},
};

use super::bench::{Bench, assert_completed};

impl Bench {
    /// Comments on an issue, as somebody else.
    pub(super) fn comment(&self, key: &str) {
        let text = "Keep this.".to_owned();
        assert!(
            self.jira
                .touch(key, Person::Other, &Touch::Comment { text })
        );
    }

    /// The key of each ticket's issue, by the tickets' order.
    pub(super) async fn keys(&self) -> Vec<String> {
        let tickets = self.results().await.jira_tickets.into_iter();
        tickets.map(|ticket| ticket.jira_key).collect()
    }

    /// Lets the session go to another project.
    pub(super) async fn redirect(&self, project: &str) {
        let session = Session {
            jira_project_key: project.to_owned(),
            ..Default::default()
        };
        self.change_session(session, "jira_project_key").await;
    }

    /// Changes one thing of the session.
    pub(super) async fn change_session(&self, session: Session, path: &str) {
        let request = UpdateSessionRequest {
            session: Some(Session {
                id: self.session.clone(),
                ..session
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec![path.to_owned()],
            }),
            ..Default::default()
        };
        self.exports().update_session(request).await.unwrap();
    }

    /// Takes something away in Jira.
    pub(super) async fn take_away(&self, path: &str) {
        let url = format!("{}/rest/api/3/{path}", self.jira.url());
        let request = reqwest::Client::new().delete(url);
        let request = request.basic_auth(Options::EMAIL, Some(Options::TOKEN));
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// Takes docket's mark off an issue.
    pub(super) fn unmark(&self, key: &str) {
        let property = "docket".to_owned();
        let unmarked = Touch::Unmark { property };
        assert!(self.jira.touch(key, Person::Other, &unmarked));
    }

    /// Gives the site one more project, to which the session goes from now on.
    pub(super) async fn redirect_to_another(&self) {
        let other = Project::new("OTHER", "Another one");
        self.jira
            .change_site(|site| *site = site.clone().with_project(other));
        self.redirect("OTHER").await;
    }

    /// Moves an issue to that project.
    pub(super) fn move_along(&self, key: &str) {
        let project = "OTHER".to_owned();
        let moved = Touch::Move { project };
        assert!(self.jira.touch(key, Person::Other, &moved));
    }

    /// Exports to the end, by which so many issues are made.
    pub(super) async fn export_making(&self, issues: usize) {
        let creates = self.creates();
        assert_completed(&self.run().await);
        assert_eq!(self.creates() - creates, issues);
    }

    /// Lets Jira carry out the next create but one that many calls after nobody waits for it any more.
    pub(super) fn second_create_late(&self, after_calls: u64) {
        let late = Action::WorkAfterClientLeft {
            delay_ms: 0,
            after_calls,
        };
        self.jira
            .order(Fault::on(Operation::CreateIssue, late).nth(2));
    }
}
