//! What may not stay: refused with a reason that tells what is wrong, with nothing written anywhere.

use docket::proto::v1;
use rstest::rstest;
use tonic::Code;

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
const ZIP_END: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const MIB: usize = 1 << 20;

/// A server that takes files of up to 1 MiB.
async fn small(place: Place) -> (TestServer, Tickets, String) {
    let set = [("MAX_FILE_SIZE_MB", "1")];
    bench(serving_with(place, &set).await).await
}

/// Nothing is left of the upload, and nothing beside the folder.
async fn nothing_left(server: &TestServer, tickets: &mut Tickets, ticket: &str) {
    until_stored(server, 0).await;
    assert_eq!(list(tickets, ticket).await, []);
    assert_eq!(read(tickets, ticket).await.attachment_count, 0);
    let mut beside: Vec<String> = fs::read_dir(server.uploads().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    beside.sort();
    let folder = server.bucket().is_none().then_some("uploads");
    let expected: Vec<&str> = ["credentials-key"].into_iter().chain(folder).collect();
    assert_eq!(beside, expected, "beside the folder");
}

#[rstest]
#[tokio::test]
async fn a_name_that_is_no_name_is_refused(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = small(place).await;
    let long = format!("{}.txt", "a".repeat(252));
    for name in [
        "../../etc/cron.d/a.txt",
        "..\\a.txt",
        "/etc/passwd.txt",
        "C:\\temp\\a.txt",
        "a\0.txt",
        "a\r\nb.txt",
        "..",
        "",
        &long,
    ] {
        let refused = upload(&mut tickets, header(&id, name), b"x")
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{name:?}");
        assert_eq!(reason(&refused), "INVALID_FIELDS", "{name:?}");
        assert_eq!(field(&refused), "header.filename", "{name:?}");
        let started = tickets.start_upload(v1::StartUploadRequest {
            ticket_id: id.clone(),
            filename: name.to_owned(),
            size_bytes: 1,
            ..Default::default()
        });
        assert_eq!(field(&started.await.unwrap_err()), "filename", "{name:?}");
    }
    nothing_left(&server, &mut tickets, &id).await;
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_content_that_is_not_what_the_name_says_is_refused(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = small(place).await;
    let zipped = [PNG, ZIP_END].concat();
    let paged = [PNG, b"<script>alert(1)</script>"].concat();
    let cases: [(&str, &[u8], &str); 11] = [
        ("a.exe", b"MZ", ""),
        ("a", b"text", ""),
        ("a.pdf.exe", b"MZ", ""),
        ("a.php.png", PNG, ""),
        // Shown from right to left it reads a…exe.txt.
        ("a\u{202e}txt.exe", b"MZ", ""),
        ("a.pdf", PNG, "image/png"),
        ("a.txt", PNG, "image/png"),
        ("a.png", b"text", "application/octet-stream"),
        ("a.png", &zipped, "image/png"),
        ("a.png", &paged, "image/png"),
        (
            "a.csv",
            b"\x7fELF\x02\x01\x01\0\0",
            "application/octet-stream",
        ),
    ];
    for (name, bytes, found) in cases {
        let refused = upload(&mut tickets, header(&id, name), bytes)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{name}");
        assert_eq!(reason(&refused), "ATTACHMENT_TYPE_REFUSED", "{name}");
        assert_eq!(field(&refused), "header.filename", "{name}");
        assert_eq!(fact(&refused, "content_type"), found, "{name}");
        assert!(!fact(&refused, "filename").contains('\u{202e}'));
    }
    nothing_left(&server, &mut tickets, &id).await;
    assert!(
        upload(&mut tickets, header(&id, "a.png"), PNG)
            .await
            .is_ok()
    );
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn the_limit_is_the_last_size_that_is_taken(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = small(place).await;
    let announced = v1::UploadHeader {
        size_bytes: Some(MIB as i64 + 1),
        ..header(&id, "a.txt")
    };
    for (header, at) in [
        (announced, "header.size_bytes"),
        (header(&id, "a.txt"), "chunk"),
    ] {
        let refused = upload(&mut tickets, header, &text(MIB + 1))
            .await
            .unwrap_err();
        assert_eq!(reason(&refused), "ATTACHMENT_TOO_LARGE");
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(
            (
                field(&refused).as_str(),
                fact(&refused, "max_bytes").as_str()
            ),
            (at, "1048576")
        );
    }
    let empty = send(&mut tickets, vec![head(header(&id, "a.txt"))])
        .await
        .unwrap_err();
    assert_eq!(
        (reason(&empty).as_str(), field(&empty).as_str()),
        ("INVALID_FIELDS", "chunk")
    );
    nothing_left(&server, &mut tickets, &id).await;
    let made = upload(&mut tickets, header(&id, "a.txt"), &text(MIB))
        .await
        .unwrap();
    assert_eq!(made.size_bytes, MIB as i64);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn a_stream_that_is_not_as_announced_is_refused(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = small(place).await;
    let plain = || header(&id, "a.txt");
    let sized = |size_bytes| v1::UploadHeader {
        size_bytes: Some(size_bytes),
        ..plain()
    };
    let digest = v1::UploadHeader {
        sha256: Some(sha256(b"something else")),
        ..plain()
    };
    let cases = [
        (vec![chunk(b"x")], "header"),
        (vec![], "header"),
        (vec![head(plain()), chunk(b"x"), head(plain())], "header"),
        (vec![head(plain()), chunk(b"x"), chunk(b"")], "chunk"),
        (
            vec![head(plain()), v1::UploadAttachmentRequest::default()],
            "chunk",
        ),
        (vec![head(plain()), chunk(&text(MIB + 1))], "chunk"),
        (vec![head(sized(3)), chunk(b"four")], "chunk"),
        (vec![head(sized(5)), chunk(b"four")], "header.size_bytes"),
        (vec![head(sized(0)), chunk(b"four")], "header.size_bytes"),
        (vec![head(sized(-1)), chunk(b"four")], "header.size_bytes"),
        (vec![head(digest), chunk(b"four")], "header.sha256"),
    ];
    for (messages, at) in cases {
        let told = format!("{messages:?}")
            .chars()
            .take(300)
            .collect::<String>();
        let refused = send(&mut tickets, messages).await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_FIELDS", "{told}");
        assert_eq!(field(&refused), at, "{told}");
    }
    nothing_left(&server, &mut tickets, &id).await;
    server.stop().await;
}
