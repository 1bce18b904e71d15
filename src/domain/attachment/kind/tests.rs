//! Names and contents, and which go together.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::domain::attachment::Inspector;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";
const GIF: &[u8] = b"GIF89a\x01\0\x01\0\0\0\0;";
const PAPER: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n";
const ZIP_START: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0";
const ZIP_END: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn judged(extension: &str, claimed: &str, pieces: &[&[u8]]) -> Result<String, Unfit> {
    let mut inspector = Inspector::default();
    pieces.iter().for_each(|piece| inspector.look_at(piece));
    judge(extension, claimed, &inspector.finish())
}

#[test]
fn a_content_is_what_its_name_says() {
    for (extension, bytes, served) in [
        ("png", PNG, "image/png"),
        ("gif", GIF, "image/gif"),
        ("pdf", PAPER, "application/pdf"),
        ("jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF\0", "image/jpeg"),
        ("zip", ZIP_START, "application/zip"),
        ("docx", ZIP_START, DOCX),
        ("gz", b"\x1f\x8b\x08\0", "application/gzip"),
        ("xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", XLS),
        ("txt", b"GIF images do not load", "text/plain"),
        ("log", b"BM: MZ", "text/plain"),
        ("txt", b"\xff\xfeh\0i\0", "text/plain"),
        ("txt", b"\xfe\xff\0h\0i\n\0", "text/plain"),
        ("log", b"sent %PDF-1.4 as application/pdf", "text/plain"),
        ("diff", b"+%PDF-1.4\n", "text/plain"),
        ("txt", b"-----BEGIN CERTIFICATE-----\n", "text/plain"),
        ("sh", b"#!/bin/sh\necho hello\n", "text/plain"),
        ("csv", b"a,b\n", "text/csv"),
        ("weird", b"whatever", OPAQUE),
        ("mp3", b"ID3\x03\0", "audio/mpeg"),
    ] {
        assert_eq!(
            judged(extension, "", &[bytes]).as_deref(),
            Ok(served),
            "{extension}"
        );
    }
    for (extension, bytes, found) in [
        ("pdf", PNG, "image/png"),
        ("png", b"hello".as_slice(), OPAQUE),
        ("jpg", PAPER, "application/pdf"),
        ("txt", PAPER, "application/pdf"),
        ("txt", GIF, "image/gif"),
        ("log", b"\x7fELF\x02\x01\x01\0", OPAQUE),
        ("log", b"\x7fELF without", OPAQUE),
        ("csv", b"a\0b", OPAQUE),
        ("txt", b"\xff\xfePK\x03\x04\x14\0\0\0\0\0", OPAQUE),
        ("csv", b"\xfe\xffPK\x03\x04\x14\0\0\0\0\0", OPAQUE),
        ("txt", b"\xff\xfeMZ\x90\0\x03\0\0\0\x04\0", OPAQUE),
        ("docx", PAPER, "application/pdf"),
        ("weird", PNG, "image/png"),
        ("pdf", b"junk %PDF-1.7", OPAQUE),
    ] {
        let refused = judged(extension, "", &[bytes]).unwrap_err();
        assert_eq!(refused.found, found, "{extension}");
    }
}

#[test]
fn nothing_is_served_as_what_a_browser_would_run() {
    for extension in ["html", "htm", "xhtml", "svg", "xml", "js", "eml", "txt"] {
        for claimed in [
            "text/html",
            "image/svg+xml",
            "application/xml",
            "text/javascript",
            "",
        ] {
            let served = judged(extension, claimed, &[b"<script>alert(1)</script>"]);
            assert_eq!(
                served.as_deref(),
                Ok("text/plain"),
                "{extension} as {claimed}"
            );
        }
    }
    assert_eq!(
        judged("weird", "text/html", &[b"text"]).as_deref(),
        Ok(OPAQUE)
    );
    assert_eq!(
        judged("txt", "Text/CSV; header=present", &[b"a,b"]).as_deref(),
        Ok("text/csv")
    );
    assert_eq!(
        judged("png", "text/html", &[PNG]).as_deref(),
        Ok("image/png")
    );
}

#[test]
fn a_file_is_one_thing_alone() {
    // What makes it a text has come to an end before the archive begins.
    let long = [b"\xff\xfe".to_vec(), b"h\0".repeat(10_000)].concat();
    for (extension, pieces) in [
        ("png", [PNG, ZIP_END]),
        ("gif", [GIF, ZIP_END]),
        ("pdf", [PAPER, ZIP_END]),
        ("txt", [long.as_slice(), ZIP_END]),
        ("txt", [b"hello\n".as_slice(), b"%PDF-1.4\n"]),
        ("txt", [b"\xff\xfe".as_slice(), b"%PDF-1.4\n"]),
        ("log", [b" \n ".as_slice(), b"%PDF-1.4\n"]),
        ("png", [PNG, b"%PDF-1.4".as_slice()]),
        ("gif", [GIF, b"<sCript>alert(1)</script>"]),
        ("png", [PNG, b"<?php system($_GET['c']);"]),
    ] {
        let refused = judged(extension, "", &pieces).unwrap_err();
        assert!(
            refused.why.starts_with("the file is also"),
            "{extension}: {}",
            refused.why
        );
    }
    // Whatever follows, programs find the archive.
    for start in [PNG, PAPER] {
        let extension = if start == PNG { "png" } else { "pdf" };
        let refused = judged(extension, "", &[start, ZIP_END, b"\n"]).unwrap_err();
        assert_eq!(refused.why, "the file is also a ZIP archive");
    }
    assert!(judged("zip", "", &[ZIP_START, ZIP_END]).is_ok());
    let empty = judged("docx", "", &[ZIP_START, ZIP_END]).unwrap_err();
    assert_eq!(empty.why, "the file is another ZIP archive");
}

#[test]
fn an_archive_may_hold_pages_and_is_none() {
    // Stored as they are: a name of six bytes, and no extra field.
    let entry = |name: &[u8; 6], content: &[u8]| {
        let size = u8::try_from(content.len()).unwrap();
        let mut header = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
        header.extend([size, 0, 0, 0, size, 0, 0, 0, 6, 0, 0, 0]);
        [&header, name.as_slice(), content].concat()
    };
    let page = entry(b"a.html", b"<html><script>alert(1)</script>");
    let paper = entry(b"ab.pdf", b"%PDF-1.7\n");
    assert_eq!(
        judged("zip", "", &[&page, &paper, ZIP_END]).as_deref(),
        Ok(ZIP)
    );
    // Whatever its first entry makes it look like.
    for document in ["docx", "xlsx", "pptx", "odt", "ods", "odp"] {
        let refused = judged(document, "", &[&paper, ZIP_END]).unwrap_err();
        assert!(
            refused.why == "the file is also a PDF" || refused.why.contains("is not what a name"),
            "{document}: {}",
            refused.why
        );
    }
    let named = entry(b"<html>", b"text");
    let between = [page.as_slice(), b"<script>"].concat();
    for bytes in [named, between] {
        let refused = judged("zip", "", &[&bytes, ZIP_END]).unwrap_err();
        assert_eq!(refused.why, "the file is also a page or a script");
    }
}

#[test]
fn a_media_type_has_two_tokens() {
    for good in [
        "",
        "image/png",
        "text/plain; charset=utf-8",
        "application/vnd.a+b",
    ] {
        assert!(media_type(good).is_ok(), "{good}");
    }
    let long = format!("a/{}", "b".repeat(126));
    for bad in [
        "png",
        "image/",
        "/png",
        "a b/c",
        "text/plänn",
        "a/b\r\nx: y",
        &long,
    ] {
        assert!(media_type(bad).is_err(), "{bad}");
    }
}
