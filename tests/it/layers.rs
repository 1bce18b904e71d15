//! The arrows between rooms: which room may name which, what no room may do, and how large a file may grow.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The most lines of a file.
const MAX_LINES: usize = 400;

/// A room (a folder or file below `src/`) and what its code never names.
const FORBIDDEN: [(&str, &[&str]); 9] = [
    (
        "domain",
        &[
            "crate::api",
            "crate::app",
            "crate::auth",
            "crate::cli",
            "crate::config",
            "crate::connectors",
            "crate::db",
            "crate::proto",
            "crate::sandbox",
            "crate::server",
            "crate::worker",
            "tonic",
            "tokio",
            "reqwest",
            "prost",
            "async fn",
            ".await",
            "Utc::now",
        ],
    ),
    (
        "db",
        &[
            "crate::api",
            "crate::app",
            "crate::auth",
            "crate::cli",
            "crate::connectors",
            "crate::proto",
            "crate::sandbox",
            "crate::server",
            "crate::worker",
            "tonic",
            "prost",
            "reqwest",
            "Utc::now",
        ],
    ),
    (
        "blobs",
        &[
            "crate::api",
            "crate::app",
            "crate::auth",
            "crate::cli",
            "crate::connectors",
            "crate::db",
            "crate::proto",
            "crate::sandbox",
            "crate::server",
            "crate::worker",
            "tonic",
            "prost",
            "sea_orm",
            "Utc::now",
        ],
    ),
    (
        "connectors",
        &[
            "crate::api",
            "crate::app",
            "crate::auth",
            "crate::cli",
            "crate::db",
            "crate::proto",
            "crate::sandbox",
            "crate::server",
            "crate::worker",
            "tonic",
            "prost",
            "sea_orm",
        ],
    ),
    (
        "app",
        &[
            "crate::api",
            "crate::auth",
            "crate::cli",
            "crate::proto",
            "crate::sandbox",
            "crate::server",
            "crate::worker",
            "tonic",
            "prost",
            "sea_orm",
            "Entity::find",
        ],
    ),
    (
        "worker",
        &[
            "crate::api",
            "crate::auth",
            "crate::cli",
            "crate::proto",
            "crate::sandbox",
            "crate::server",
            "tonic",
            "prost",
            "sea_orm",
            "Entity::find",
            "Utc::now",
        ],
    ),
    (
        "api",
        &[
            "crate::cli",
            "crate::connectors",
            "crate::sandbox",
            "crate::worker",
            "sea_orm",
            "Entity::find",
            "Utc::now",
        ],
    ),
    (
        "sandbox",
        &[
            "crate::api",
            "crate::app",
            "crate::auth",
            "crate::cli",
            "crate::connectors",
            "crate::db",
            "crate::domain",
            "crate::proto",
            "crate::server",
            "crate::worker",
            "sea_orm",
            "tonic",
            "prost",
        ],
    ),
    ("error", &["crate::", "tonic", "sea_orm", "tokio"]),
];

/// What only the folder behind it may name: one way to do a thing.
const ONLY_IN: [(&str, &str); 3] = [
    ("Entity::find", "db"),
    ("object_store", "blobs"),
    ("reqwest::", "connectors"),
];

#[test]
fn rooms_name_only_what_they_may() {
    let mut faults = Vec::new();
    for (path, text) in sources(&root().join("src")) {
        let room = room(&path);
        let code = code(&text);
        for (name, words) in FORBIDDEN {
            if name == room {
                let named = words.iter().filter(|word| names(&code, word));
                faults.extend(named.map(|word| format!("{} names {word}", path.display())));
            }
        }
        for (word, home) in ONLY_IN {
            if room != home && room != "cli" && names(&code, word) {
                faults.push(format!(
                    "{} names {word}, which belongs to {home}",
                    path.display()
                ));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "arrows that are not in the design:\n{}",
        faults.join("\n")
    );
}

#[test]
fn files_are_small_and_say_what_lives_there() {
    let mut faults = Vec::new();
    for folder in ["src", "migration/src", "tests", "benches"] {
        for (path, text) in sources(&root().join(folder)) {
            let lines = text.lines().count();
            if lines > MAX_LINES {
                faults.push(format!("{} has {lines} lines", path.display()));
            }
            if !text.starts_with("//! ") {
                faults.push(format!("{} does not begin with a //! line", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_forbidden_arrow_is_found() {
    assert!(names(&code("use crate::db::Db;"), "crate::db"));
    assert!(names(
        &code("use crate::{\n    db::Db,\n    error::Error,\n};"),
        "crate::db"
    ));
    assert!(names(&code("let x = tonic::Status::ok();"), "tonic"));
    assert!(!names(
        &code("// tonic is not named\nlet isotonic = 1;"),
        "tonic"
    ));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The first folder or file below `src/`.
fn room(path: &Path) -> String {
    let below = path.strip_prefix(root().join("src")).unwrap();
    let first = below
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("node_modules") {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The code without comments and unit tests, with the trees of `use crate::{…}` written out.
fn code(text: &str) -> String {
    let lines = text
        .split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap()
        .lines();
    let code: String = lines
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut named = code.clone();
    for tree in code.split("use crate::{").skip(1) {
        let mut depth = 1;
        let mut word = String::new();
        for c in tree.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                c if depth == 1 && (c.is_alphanumeric() || c == '_') => word.push(c),
                _ => {
                    if depth == 1 && !word.is_empty() {
                        named.push_str(&format!("crate::{word}\n"));
                    }
                    word.clear();
                }
            }
            if depth == 0 {
                break;
            }
            if c == '{' {
                word.clear();
            }
        }
    }
    named
}

/// Whether the code names the word, and not merely one that it is a part of.
fn names(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        !(before.is_some_and(part) || word.ends_with(part) && after.is_some_and(part))
    })
}
