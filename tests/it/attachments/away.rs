//! A bucket that cannot be reached: told as such, with all else going on, and well again by itself.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tonic::Code;

use super::*;
use crate::support::database::Kind;

/// A way to the tests' S3 server that can be cut.
struct Way {
    url: String,
    open: watch::Sender<bool>,
}

impl Way {
    async fn new() -> Self {
        let target = place::s3().replace("http://", "");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (open, is_open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((mut here, _)) = listener.accept().await {
                let (target, mut is_open) = (target.clone(), is_open.clone());
                if !*is_open.borrow() {
                    continue;
                }
                tokio::spawn(async move {
                    let mut there = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        biased;
                        _ = is_open.wait_for(|open| !open) => (),
                        _ = copy_bidirectional(&mut here, &mut there) => (),
                    }
                });
            }
        });
        Self { url, open }
    }

    /// Nothing gets through any more once this returns.
    async fn cut(&self) {
        self.open.send(false).unwrap();
        // The listener's own receiver is the one that stays.
        while self.open.receiver_count() > 1 {
            tokio::task::yield_now().await;
        }
    }

    fn open(&self) {
        self.open.send(true).unwrap();
    }
}

#[tokio::test]
async fn a_bucket_out_of_reach_is_told_and_heals() {
    let way = Way::new().await;
    let settings = place::bucket(&way.url);
    let set: Vec<(&str, &str)> = settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let (server, mut tickets, id) = bench(TestServer::start_set(Kind::Sqlite, &set).await).await;
    let bytes = text(200_000);
    let made = upload(&mut tickets, header(&id, "a.txt"), &bytes)
        .await
        .unwrap();

    way.cut().await;
    let more = text(6_000_000);
    for refused in [
        upload(&mut tickets, header(&id, "b.txt"), b"more")
            .await
            .unwrap_err(),
        upload(&mut tickets, header(&id, "c.txt"), &more)
            .await
            .unwrap_err(),
        download(&mut tickets, &made.id, None).await.unwrap_err(),
    ] {
        assert_eq!(refused.code(), Code::Unavailable, "{refused:?}");
        assert_eq!(reason(&refused), "UNAVAILABLE");
        assert!(refused.get_details_retry_info().is_some());
        assert!(!format!("{refused:?}").contains("never shown"));
    }
    assert_eq!(list(&mut tickets, &id).await, std::slice::from_ref(&made));

    way.open();
    let (_, got) = download(&mut tickets, &made.id, None).await.unwrap();
    assert!(got == bytes);
    let large = upload(&mut tickets, header(&id, "c.txt"), &more)
        .await
        .unwrap();
    let (_, got) = download(&mut tickets, &large.id, None).await.unwrap();
    assert!(got == more, "in several parts");
    assert_eq!(stored(&server).await.len(), 2);
    server.stop().await;
}
