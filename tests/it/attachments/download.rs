//! Files that go out.

use rstest::rstest;
use tonic::Code;

use super::*;

#[rstest]
#[tokio::test]
async fn a_download_goes_on_where_it_broke(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    let bytes = text(1_500_000);
    let made = upload(&mut tickets, header(&id, "a.log"), &bytes)
        .await
        .unwrap();
    for offset in [0, 1, 262_143, 262_144, 1_499_999, 1_500_000_usize] {
        let (header, got) = download(&mut tickets, &made.id, Some(offset as i64))
            .await
            .unwrap();
        assert_eq!(header.offset, offset as i64);
        assert_eq!(
            header.attachment.unwrap().sha256,
            sha256(&bytes),
            "of the whole file"
        );
        assert!(got == bytes[offset..], "{} bytes from {offset}", got.len());
    }
    for offset in [-1, 1_500_001, i64::MAX] {
        let refused = download(&mut tickets, &made.id, Some(offset))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert_eq!(field(&refused), "offset");
    }
    let missing = uuid::Uuid::now_v7().to_string();
    let refused = download(&mut tickets, &missing, None).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let refused = download(&mut tickets, "mine", None).await.unwrap_err();
    assert_eq!(field(&refused), "id");
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn bytes_that_are_lost_are_a_fault_and_no_answer(
    #[values(Place::Sqlite, Place::Postgres, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    let made = upload(&mut tickets, header(&id, "a.log"), b"precious")
        .await
        .unwrap();
    for file in stored(&server).await {
        place::lose(&server, &file).await;
    }
    let lost = download(&mut tickets, &made.id, None).await.unwrap_err();
    assert_eq!(lost.code(), Code::Internal);
    server.stop().await;
}

#[rstest]
#[tokio::test]
async fn bytes_that_are_missing_at_the_end_are_a_fault_and_no_whole_file(
    #[values(Place::Sqlite, Place::Bucket)] place: Place,
) {
    let (server, mut tickets, id) = bench(serving(place).await).await;
    let made = upload(&mut tickets, header(&id, "a.log"), &text(1_000_000))
        .await
        .unwrap();
    for file in stored(&server).await {
        place::shorten(&server, &file).await;
    }
    for offset in [0, 3, 4, 500_000] {
        let refused = download(&mut tickets, &made.id, Some(offset)).await;
        assert_eq!(refused.unwrap_err().code(), Code::Internal, "{offset}");
    }
    server.stop().await;
}
