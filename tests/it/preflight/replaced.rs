//! Sessions whose integration was deleted: another one of the same site takes its place.

use docket::{
    domain::actor::Role,
    proto::v1,
    sandbox::{Action, Fault, Operation, Options, Sandbox},
};
use rstest::rstest;
use tonic::Status;

use super::bench::{Bench, integrate_as, reason, ticket};
use crate::support::database::Kind;

impl Bench {
    async fn delete_integration(&self) {
        let request = v1::DeleteIntegrationRequest {
            id: self.integration.clone(),
            ..Default::default()
        };
        let mut integrations = self.server.integrations(Role::Manager);
        integrations.delete_integration(request).await.unwrap();
    }

    async fn go_through(&self, integration: &str) -> Result<v1::Session, Status> {
        let request = v1::UpdateSessionRequest {
            session: Some(v1::Session {
                id: self.session.clone(),
                integration_id: integration.to_owned(),
                ..Default::default()
            }),
            update_mask: Some(prost_types::FieldMask {
                paths: vec!["integration_id".to_owned()],
            }),
            ..Default::default()
        };
        let updated = self.exports().update_session(request).await?;
        Ok(updated.into_inner().session.unwrap())
    }

    async fn drifts(&self) -> Result<(), Status> {
        let request = v1::CheckDriftRequest {
            session_id: self.session.clone(),
        };
        self.exports().check_drift(request).await.map(drop)
    }

    async fn revert(&self) -> Result<v1::RevertExportResponse, Status> {
        let request = v1::RevertExportRequest {
            session_id: self.session.clone(),
            dry_run: false,
        };
        let reverted = self.exports().revert_export(request).await?;
        Ok(reverted.into_inner())
    }

    async fn retry(&self) -> Result<(), Status> {
        let request = v1::RetryExportRequest {
            session_id: self.session.clone(),
            ..Default::default()
        };
        self.exports().retry_export(request).await.map(drop)
    }

    /// What a person can follow out of it.
    fn tells_the_way_out(&self, refused: &Status) {
        assert_eq!(reason(refused), "SESSION_WITHOUT_INTEGRATION");
        let text = refused.message();
        assert!(text.contains("UpdateSession"), "{text}");
        assert!(text.contains(&self.jira.url()), "{text}");
    }
}

#[rstest]
#[tokio::test]
async fn another_integration_of_the_same_site_leads_to_the_issues(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, vec![ticket("a")]).await;
    bench.complete().await;
    bench.delete_integration().await;
    bench.tells_the_way_out(&bench.drifts().await.unwrap_err());
    bench.tells_the_way_out(&bench.revert().await.unwrap_err());

    let second = Sandbox::start(Options::default()).await.unwrap();
    let elsewhere = integrate_as(&bench.server, "Elsewhere", &second.url()).await;
    let refused = bench.go_through(&elsewhere).await.unwrap_err();
    assert_eq!(reason(&refused), "SESSION_NOT_EDITABLE");
    let anew = integrate_as(&bench.server, "Anew", &bench.jira.url()).await;
    let session = bench.go_through(&anew).await.unwrap();
    assert_eq!(
        (session.integration_id.as_str(), session.status()),
        (anew.as_str(), v1::SessionStatus::Completed)
    );
    bench.drifts().await.unwrap();
    let reverted = bench.revert().await.unwrap();
    assert_eq!((reverted.deleted.len(), reverted.kept), (1, vec![]));
}

#[rstest]
#[tokio::test]
async fn a_failed_export_goes_on_through_another_integration(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let bench = Bench::new(kind, vec![ticket("a"), ticket("b")]).await;
    let revoked = Fault::on(Operation::CreateIssue, Action::status(401));
    bench.jira.order(revoked.nth(2));
    assert_eq!(bench.run().await.status(), v1::ExportStatus::Failed);
    bench.delete_integration().await;
    bench.tells_the_way_out(&bench.retry().await.unwrap_err());
    let anew = integrate_as(&bench.server, "Anew", &bench.jira.url()).await;
    bench.go_through(&anew).await.unwrap();
    bench.retry().await.unwrap();
    assert_eq!(bench.follow().await.status(), v1::ExportStatus::Completed);
    assert_eq!(bench.jira.issues().len(), 2);
}
