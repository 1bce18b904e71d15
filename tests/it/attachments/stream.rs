//! Uploads in one stream.

use std::time::Duration;

use docket::{domain::actor::Role, proto::v1};
use rstest::rstest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use uuid::Uuid;

use super::*;

#[rstest]
#[tokio::test]
async fn a_file_comes_back_as_it_was_sent(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    let before = read(&mut tickets, &id).await;
    let bytes = text(3_000_000);
    let announced = v1::UploadHeader {
        content_type: "text/html".to_owned(),
        size_bytes: Some(3_000_000),
        sha256: Some(sha256(&bytes).to_uppercase()),
        ..header(&id, "  u\u{308}ber.log ")
    };
    let made = upload(&mut tickets, announced, &bytes).await.unwrap();
    assert_eq!(made.ticket_id, id);
    assert_eq!(made.uploader_id, "senior_engineer");
    assert_eq!(made.filename, "über.log");
    assert_eq!(
        made.content_type, "text/plain",
        "nothing that a browser runs"
    );
    assert_eq!(made.size_bytes, 3_000_000);
    assert_eq!(made.sha256, sha256(&bytes));
    assert_eq!(made.scan_status(), v1::ScanStatus::Skipped);

    assert_eq!(list(&mut tickets, &id).await, std::slice::from_ref(&made));
    let (sent, got) = download(&mut tickets, &made.id, None).await.unwrap();
    assert_eq!(sent.attachment, Some(made.clone()));
    assert!(got == bytes, "{} bytes came back", got.len());
    let after = read(&mut tickets, &id).await;
    assert_eq!(after.attachment_count, 1);
    assert_ne!(after.etag, before.etag);
    let told = [
        ("CREATED".to_owned(), None),
        ("ATTACHMENT_ADDED".to_owned(), Some(made.id.clone())),
    ];
    assert_eq!(history(server.database(), &id).await, told);
    let kept = stored(&server).await;
    assert_eq!(kept.len(), 1, "{kept:?}");
    let place = format!("sha256/{}/{}.", &made.sha256[..2], made.sha256);
    assert!(kept[0].starts_with(&place), "{kept:?}");
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_content_is_kept_once(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    let other = ticket(&mut tickets).await.id;
    let bytes = text(200_000);
    // All at once, so that they meet between the look for the content and the write.
    let uploads = (0..8).map(|n| {
        let mut tickets = tickets.clone();
        let to = if n % 2 == 0 { &id } else { &other };
        let (header, bytes) = (header(to, &format!("{n}.txt")), bytes.clone());
        async move { upload(&mut tickets, header, &bytes).await.unwrap() }
    });
    let made = futures::future::join_all(uploads).await;
    assert_eq!(stored(&server).await.len(), 1);
    assert_eq!(read(&mut tickets, &id).await.attachment_count, 4);
    for (n, attachment) in made.iter().enumerate() {
        assert_eq!(attachment.filename, format!("{n}.txt"));
        let (_, got) = download(&mut tickets, &attachment.id, None).await.unwrap();
        assert!(got == bytes);
    }
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_request_that_comes_again_gives_the_first_answer(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    let announced = v1::UploadHeader {
        request_id: Some(Uuid::new_v4().to_string()),
        ..header(&id, "a.txt")
    };
    let first = upload(&mut tickets, announced.clone(), b"hello")
        .await
        .unwrap();
    let again = upload(&mut tickets, announced.clone(), b"hello")
        .await
        .unwrap();
    assert_eq!(first, again);
    let other = v1::UploadHeader {
        filename: "b.txt".to_owned(),
        ..announced
    };
    let refused = upload(&mut tickets, other, b"hello").await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED");
    let together = v1::UploadHeader {
        request_id: Some(Uuid::new_v4().to_string()),
        ..header(&id, "c.txt")
    };
    let uploads = (0..4).map(|_| {
        let (mut tickets, header) = (tickets.clone(), together.clone());
        async move { upload(&mut tickets, header, b"together").await.unwrap() }
    });
    let made = futures::future::join_all(uploads).await;
    assert!(made.iter().all(|attachment| *attachment == made[0]));
    assert_eq!(list(&mut tickets, &id).await.len(), 2);
    assert_eq!(stored(&server).await.len(), 2);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn who_sees_the_ticket_sees_its_files(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let server = serving(place).await;
    let mut owner = server.tickets(("eve", Role::EndUser));
    let mut stranger = server.tickets(("mallory", Role::EndUser));
    let mut engineer = server.tickets(Role::DevopsEngineer);
    let id = ticket(&mut owner).await.id;
    let made = upload(&mut owner, header(&id, "a.txt"), b"mine")
        .await
        .unwrap();
    upload(&mut engineer, header(&id, "b.txt"), b"ours")
        .await
        .unwrap();
    assert_eq!(list(&mut owner, &id).await.len(), 2);
    let request = v1::ListAttachmentsRequest {
        ticket_id: id.clone(),
        ..Default::default()
    };
    let hidden = [
        upload(&mut stranger, header(&id, "c.txt"), b"x")
            .await
            .unwrap_err(),
        // A hidden ticket is told before anything else that is wrong.
        upload(&mut stranger, header(&id, "c.exe"), b"x")
            .await
            .unwrap_err(),
        download(&mut stranger, &made.id, None).await.unwrap_err(),
        delete(&mut stranger, &made.id).await.unwrap_err(),
        stranger.list_attachments(request).await.unwrap_err(),
    ];
    for status in hidden {
        assert_eq!(status.code(), Code::NotFound, "{status:?}");
    }
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn pages_are_oldest_first(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    for n in 0..5_u8 {
        let name = format!("{n}.txt");
        upload(&mut tickets, header(&id, &name), &[b'a' + n])
            .await
            .unwrap();
    }
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListAttachmentsRequest {
            ticket_id: id.clone(),
            page_size: 2,
            page_token,
        };
        let page = tickets
            .list_attachments(request)
            .await
            .unwrap()
            .into_inner();
        assert!(page.attachments.len() <= 2);
        names.extend(page.attachments.into_iter().map(|a| a.filename));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["0.txt", "1.txt", "2.txt", "3.txt", "4.txt"]);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_client_that_vanishes_half_way_leaves_nothing(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    let (messages, stream) = mpsc::channel(4);
    let calling = {
        let mut tickets = tickets.clone();
        tokio::spawn(async move { tickets.upload_attachment(ReceiverStream::new(stream)).await })
    };
    messages.send(head(header(&id, "a.txt"))).await.unwrap();
    // A bucket has something of a file once there is enough for a part.
    for part in text(6_000_000).chunks(1_000_000) {
        messages.send(chunk(part)).await.unwrap();
    }
    until_stored(&server, 1).await;
    calling.abort();
    until_stored(&server, 0).await;
    assert_eq!(list(&mut tickets, &id).await, []);
    assert_eq!(history(server.database(), &id).await.len(), 1);
    drop(messages);
    tokio::time::timeout(Duration::from_secs(10), server.stop())
        .await
        .unwrap();
}
