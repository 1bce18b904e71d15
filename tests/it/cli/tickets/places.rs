//! Where an export of tickets is written to: files, links, pipes.

use super::*;

#[tokio::test]
async fn an_export_leaves_links_pipes_and_permissions_as_they_are() {
    let office = empty().await;
    let at = |name: &str| office.folder.path().join(name);
    let export = |name: &str| {
        let said = office.run(&["tickets", "export", at(name).to_str().unwrap()]);
        assert_eq!(said.succeeded(), "");
    };
    fs::write(at("kept.csv"), "old").unwrap();
    fs::set_permissions(at("kept.csv"), fs::Permissions::from_mode(0o644)).unwrap();
    symlink("kept.csv", at("link.csv")).unwrap();
    symlink("new.csv", at("dangling.csv")).unwrap();
    for (link, file) in [("link.csv", "kept.csv"), ("dangling.csv", "new.csv")] {
        export(link);
        assert!(at(link).is_symlink(), "{link}");
        assert!(fs::read_to_string(at(file)).unwrap().starts_with("title,"));
    }
    let mode = fs::metadata(at("kept.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o644);

    let made = std::process::Command::new("mkfifo")
        .arg(at("pipe.csv"))
        .status();
    assert!(made.unwrap().success());
    let pipe = at("pipe.csv");
    let reader = std::thread::spawn(move || fs::read_to_string(pipe).unwrap());
    export("pipe.csv");
    let kind = fs::metadata(at("pipe.csv")).unwrap().file_type();
    assert!(kind.is_fifo());
    assert!(reader.join().unwrap().starts_with("title,"));
}
