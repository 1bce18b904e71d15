//! A disk without room: told as such, with nothing left behind; what is there goes on being served, and all is well once there is room.
//!
//! The disk is a file system in memory, which root alone may mount.

use std::{fs, io::Write as _, process::Command};

use docket::proto::v1;
use tonic::Code;

use super::*;
use crate::support::database::Kind;

/// A small disk. Gone with this value.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None` where nobody lets us.
    fn mount(size: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let disk = Self(folder);
        disk.run(
            "mount",
            &["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"],
        )
        .then_some(disk)
    }

    fn resize(&self, size: &str) {
        assert!(self.run("mount", &["-o", &format!("remount,size={size}")]));
    }

    fn run(&self, command: &str, arguments: &[&str]) -> bool {
        let mut command = Command::new(command);
        let ran = command.args(arguments).arg(self.0.path()).status();
        ran.is_ok_and(|status| status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.run("umount", &["-l"]);
    }
}

#[tokio::test]
async fn a_full_disk_is_told_leaves_nothing_and_heals() {
    let Some(disk) = Disk::mount("1m") else {
        eprintln!("NOT CHECKED: a full disk (only root may mount one)");
        return;
    };
    let folder = disk.0.path().display().to_string();
    let server = TestServer::start_set(Kind::Sqlite, &[("UPLOAD_DIR", &folder)]).await;
    let (server, mut tickets, id) = bench(server).await;
    let small = upload(&mut tickets, header(&id, "small.txt"), b"small")
        .await
        .unwrap();
    let kept = stored(&server).await;

    let bytes = text(3_000_000);
    let refused = upload(&mut tickets, header(&id, "large.txt"), &bytes)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refused), "STORAGE_FULL");
    assert!(refused.get_details_retry_info().is_some());
    until_stored(&server, kept.len()).await;
    let started = tickets.start_upload(v1::StartUploadRequest {
        ticket_id: id.clone(),
        filename: "large.txt".to_owned(),
        size_bytes: 3_000_000,
        ..Default::default()
    });
    let upload_id = started.await.unwrap().into_inner().upload_id;
    let part = v1::UploadChunkRequest {
        upload_id,
        offset: 0,
        data: bytes[..1 << 20].to_vec().into(),
    };
    let refused = tickets.upload_chunk(part.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "STORAGE_FULL");
    until_stored(&server, kept.len()).await;
    let (_, got) = download(&mut tickets, &small.id, None).await.unwrap();
    assert_eq!(got, b"small");
    assert_eq!(read(&mut tickets, &id).await.attachment_count, 1);

    disk.resize("16m");
    let received = tickets.upload_chunk(part).await.unwrap().into_inner();
    assert_eq!(received.received_bytes, 1 << 20);
    let made = upload(&mut tickets, header(&id, "large.txt"), &bytes)
        .await
        .unwrap();
    let (_, got) = download(&mut tickets, &made.id, None).await.unwrap();
    assert!(got == bytes);
    server.stop().await;
}

#[tokio::test]
async fn a_database_without_room_leaves_no_bytes_behind() {
    let Some(disk) = Disk::mount("16m") else {
        eprintln!("NOT CHECKED: a full disk (only root may mount one)");
        return;
    };
    let url = format!("sqlite://{}", disk.0.path().join("docket.db").display());
    let server = TestServer::start_set(Kind::Sqlite, &[("DATABASE_URL", &url)]).await;
    let (server, mut tickets, id) = bench(server).await;
    let mut filler = fs::File::create(disk.0.path().join("filler")).unwrap();
    while filler.write_all(&[0; 4096]).is_ok() {}
    let mut kept = 0;
    let refused = loop {
        let bytes = format!("{kept}").repeat(1000);
        let name = format!("{kept}.txt");
        match upload(&mut tickets, header(&id, &name), bytes.as_bytes()).await {
            Ok(_) => kept += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused:?}");
    assert_eq!(reason(&refused), "STORAGE_FULL");
    until_stored(&server, kept).await;

    disk.resize("64m");
    let made = upload(&mut tickets, header(&id, "now.txt"), b"now").await;
    let (_, got) = download(&mut tickets, &made.unwrap().id, None)
        .await
        .unwrap();
    assert_eq!(got, b"now");
    until_stored(&server, kept + 1).await;
    server.stop().await;
}
