//! Files that are deleted, for good.

use docket::domain::actor::Role;
use rstest::rstest;
use tonic::Code;

use super::*;

#[rstest]
#[tokio::test]
async fn the_bytes_go_with_the_last_attachment(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    let first = upload(&mut tickets, header(&id, "a.txt"), b"same")
        .await
        .unwrap();
    let second = upload(&mut tickets, header(&id, "b.txt"), b"same")
        .await
        .unwrap();
    let third = upload(&mut tickets, header(&id, "c.txt"), b"other")
        .await
        .unwrap();
    delete(&mut tickets, &first.id).await.unwrap();
    assert_eq!(stored(&server).await.len(), 2);
    let (_, got) = download(&mut tickets, &second.id, None).await.unwrap();
    assert_eq!(got, b"same");
    delete(&mut tickets, &second.id).await.unwrap();
    assert_eq!(stored(&server).await.len(), 1);
    assert_eq!(list(&mut tickets, &id).await, [third]);
    assert_eq!(read(&mut tickets, &id).await.attachment_count, 1);
    let told: Vec<String> = history(server.database(), &id)
        .await
        .into_iter()
        .map(|e| e.0)
        .collect();
    assert_eq!(told[4..], ["ATTACHMENT_DELETED", "ATTACHMENT_DELETED"]);
    for gone in [
        delete(&mut tickets, &second.id).await.unwrap_err(),
        download(&mut tickets, &second.id, None).await.unwrap_err(),
    ] {
        assert_eq!(gone.code(), Code::NotFound);
    }
    // The same content may come again, and lies elsewhere then.
    let again = upload(&mut tickets, header(&id, "d.txt"), b"same")
        .await
        .unwrap();
    let (_, got) = download(&mut tickets, &again.id, None).await.unwrap();
    assert_eq!(got, b"same");
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn only_the_uploader_and_an_administrator_delete(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let server = serving(place).await;
    let mut owner = server.tickets(("eve", Role::EndUser));
    let id = ticket(&mut owner).await.id;
    let first = upload(&mut owner, header(&id, "a.txt"), b"a")
        .await
        .unwrap();
    let second = upload(&mut owner, header(&id, "b.txt"), b"b")
        .await
        .unwrap();
    for role in [
        Role::DevopsEngineer,
        Role::SeniorEngineer,
        Role::TeamLead,
        Role::Manager,
    ] {
        let refused = delete(&mut server.tickets(role), &first.id)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{role}");
    }
    delete(&mut owner, &first.id).await.unwrap();
    delete(&mut server.tickets(Role::Admin), &second.id)
        .await
        .unwrap();
    assert_eq!(list(&mut owner, &id).await, []);
    assert_eq!(stored(&server).await, [""; 0]);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn adding_and_deleting_the_same_content_at_once_loses_nothing(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    let bytes = text(50_000);
    let rounds = (0..6).map(|n| {
        let (mut tickets, id, bytes) = (tickets.clone(), id.clone(), bytes.clone());
        async move {
            for round in 0..6 {
                let name = format!("{n}-{round}.txt");
                let made = upload(&mut tickets, header(&id, &name), &bytes)
                    .await
                    .unwrap();
                let (_, got) = download(&mut tickets, &made.id, None).await.unwrap();
                assert!(got == bytes, "{name}");
                delete(&mut tickets, &made.id).await.unwrap();
            }
        }
    });
    futures::future::join_all(rounds).await;
    until_stored(&server, 0).await;
    assert_eq!(read(&mut tickets, &id).await.attachment_count, 0);
    server.stop().await;
}
