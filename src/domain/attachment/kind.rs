//! What a file is: by its extension, by its first bytes, and whether the two agree.

use super::{Facts, archive};
use crate::error::Broken;

/// Why a file may not be attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The media type that the content has; empty where nothing was looked at yet.
    pub found: String,
    /// For a person.
    pub why: String,
}

impl Unfit {
    pub(super) fn new(found: &str, why: impl Into<String>) -> Self {
        Self {
            found: found.to_owned(),
            why: why.into(),
        }
    }
}

/// What cannot be told from the content or would be run by a browser.
const OPAQUE: &str = "application/octet-stream";

/// Types that a browser shows as what they are and never runs. XML is not among them, for it can hold XHTML with scripts.
const PASSIVE_TEXT: [&str; 9] = [
    "text/plain",
    "text/csv",
    "text/markdown",
    "text/tab-separated-values",
    "text/calendar",
    "text/vcard",
    "application/json",
    "application/yaml",
    "application/sql",
];

/// Extensions by which systems run a file, also when they stand before another one.
const RUNS: [&str; 24] = [
    "asp", "aspx", "bat", "cgi", "cmd", "cpl", "dll", "exe", "hta", "jar", "jsp", "jspx", "lnk",
    "msi", "phar", "php", "phtml", "pif", "ps1", "scr", "shtml", "vbe", "vbs", "wsf",
];

/// How a PDF begins, and in how many of the first bytes: readers take it behind anything (ISO 32000-1, implementation note 13).
const PDF: &[u8] = b"%PDF-";
const PDF_BEGINS: usize = 1024;

/// How the content of a format is known.
enum Form {
    /// By its first bytes: the types that [`infer`] may find, and the one that it is served as.
    Magic(&'static [&'static str], &'static str),
    /// By not being binary; served as this where the uploader named no passive type of text.
    Text(&'static str),
    /// Not at all: what infer finds there has to have this extension.
    Unknown,
}

const ZIP: &str = "application/zip";
const OLE: &str = "application/x-ole-storage";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";
const ODT: &str = "application/vnd.oasis.opendocument.text";
const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";
const ODP: &str = "application/vnd.oasis.opendocument.presentation";
const EPUB: &str = "application/epub+zip";
const DOC: &str = "application/msword";
const XLS: &str = "application/vnd.ms-excel";
const PPT: &str = "application/vnd.ms-powerpoint";
const HEIF: &str = "image/heif";

impl Form {
    fn of(extension: &str) -> Self {
        match extension {
            "pdf" => Self::Magic(&["application/pdf"], "application/pdf"),
            "png" => Self::Magic(&["image/png"], "image/png"),
            "jpg" | "jpeg" | "jfif" => Self::Magic(&["image/jpeg"], "image/jpeg"),
            "gif" => Self::Magic(&["image/gif"], "image/gif"),
            "webp" => Self::Magic(&["image/webp"], "image/webp"),
            "bmp" => Self::Magic(&["image/bmp"], "image/bmp"),
            "tif" | "tiff" => Self::Magic(&["image/tiff"], "image/tiff"),
            "heic" | "heif" => Self::Magic(&[HEIF], HEIF),
            "zip" => Self::Magic(&[ZIP, DOCX, XLSX, PPTX, ODT, ODS, ODP, EPUB], ZIP),
            "gz" | "tgz" => Self::Magic(&["application/gzip"], "application/gzip"),
            // An archive whose first entries do not tell which document it is counts as any of them.
            "docx" => Self::Magic(&[DOCX, ZIP], DOCX),
            "xlsx" => Self::Magic(&[XLSX, ZIP], XLSX),
            "pptx" => Self::Magic(&[PPTX, ZIP], PPTX),
            "odt" => Self::Magic(&[ODT, ZIP], ODT),
            "ods" => Self::Magic(&[ODS, ZIP], ODS),
            "odp" => Self::Magic(&[ODP, ZIP], ODP),
            "doc" => Self::Magic(&[DOC, OLE], DOC),
            "xls" => Self::Magic(&[XLS, OLE], XLS),
            "ppt" => Self::Magic(&[PPT, OLE], PPT),
            // Outlook's, which no library tells from other compound files.
            "msg" => Self::Magic(&[OLE], "application/vnd.ms-outlook"),
            "csv" => Self::Text("text/csv"),
            "md" | "markdown" => Self::Text("text/markdown"),
            "json" | "jsonl" | "ndjson" => Self::Text("application/json"),
            "yaml" | "yml" => Self::Text("application/yaml"),
            // What a browser would run when it is served as itself is shown as its source.
            "txt" | "log" | "xml" | "eml" | "html" | "htm" | "xhtml" | "svg" | "js" | "mjs"
            | "css" | "conf" | "ini" | "toml" | "diff" | "patch" | "sql" | "sh" | "py" => {
                Self::Text("text/plain")
            }
            _ => Self::Unknown,
        }
    }
}

/// Whether systems run files by this extension.
pub(super) fn runs(extension: &str) -> bool {
    RUNS.contains(&extension) || extension.strip_prefix("php").is_some_and(is_version)
}

fn is_version(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The media type to serve the file as, or why name and content do not go together.
pub(super) fn judge(extension: &str, claimed: &str, facts: &Facts) -> Result<String, Unfit> {
    let found = infer::get(&facts.head).filter(|kind| !is_late_pdf(kind, &facts.head));
    let found_type = found.map_or("", |kind| kind.mime_type());
    match Form::of(extension) {
        Form::Text(default) => {
            if facts.has_nul && !is_utf16(&facts.head) || is_binary_in_ascii(&facts.head) {
                let found = if found_type.is_empty() {
                    OPAQUE
                } else {
                    found_type
                };
                return Err(disagrees(extension, found));
            }
            refuse_hidden(found_type, facts)?;
            let claimed = essence(claimed);
            let passive = PASSIVE_TEXT.contains(&claimed.as_str());
            Ok(if passive { claimed } else { default.to_owned() })
        }
        Form::Magic(accepted, served) => {
            if !accepted.contains(&found_type) {
                let found = if found_type.is_empty() {
                    OPAQUE
                } else {
                    found_type
                };
                return Err(disagrees(extension, found));
            }
            refuse_polyglot(found_type, served, facts)?;
            let names = facts.names.as_deref();
            match names.and_then(|names| archive::is_other(extension, names)) {
                Some(why) => Err(Unfit::new(found_type, why)),
                None => Ok(served.to_owned()),
            }
        }
        Form::Unknown => match found {
            Some(kind) if kind.extension() == extension => {
                refuse_polyglot(found_type, found_type, facts)?;
                Ok(passive(found_type).to_owned())
            }
            Some(_) => Err(disagrees(extension, found_type)),
            None => Ok(OPAQUE.to_owned()),
        },
    }
}

/// infer takes a PDF that begins behind something else, as readers do; only white space may stand there here.
fn is_late_pdf(kind: &infer::Type, head: &[u8]) -> bool {
    let begin = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    kind.extension() == "pdf" && !begin.trim_ascii_start().starts_with(b"%PDF")
}

/// Only what no browser runs keeps its type.
fn passive(found: &str) -> &str {
    let shown = found.starts_with("image/") || found.starts_with("audio/");
    if shown || found.starts_with("video/") || found.starts_with("font/") {
        found
    } else {
        OPAQUE
    }
}

fn disagrees(extension: &str, found: &str) -> Unfit {
    Unfit::new(
        found,
        format!("the content is not what a name that ends in .{extension} says"),
    )
}

fn also(found: &str, what: &str) -> Unfit {
    Unfit::new(found, format!("the file is also {what}"))
}

/// A text that programs open as something else; scripts and pages are texts.
fn refuse_hidden(found: &str, facts: &Facts) -> Result<(), Unfit> {
    if facts.ends_as_zip {
        return Err(also(found, "a ZIP archive"));
    }
    // Within a line a text may well speak of it.
    let first = &facts.head[..facts.head.len().min(PDF_BEGINS)];
    let at_a_line = |before: u8| before != b'\t' && !(b' '..=b'~').contains(&before);
    let mut lines = first.windows(PDF.len() + 1);
    if found == "application/pdf" || lines.any(|w| at_a_line(w[0]) && w.ends_with(PDF)) {
        return Err(also(found, "a PDF"));
    }
    Ok(())
}

/// A file that is one thing to docket and another to whoever opens it.
fn refuse_polyglot(found: &str, served: &str, facts: &Facts) -> Result<(), Unfit> {
    let refuse = |what: &str| Err(also(found, what));
    let is_archive = matches!(found, ZIP | DOCX | XLSX | PPTX | ODT | ODS | ODP | EPUB);
    if facts.ends_as_zip && !is_archive {
        return refuse("a ZIP archive");
    }
    let shown = match is_archive {
        true => archive::without_contents(&facts.head),
        false => facts.head.clone(),
    };
    let first = |bytes: usize| &shown[..shown.len().min(bytes)];
    // Readers of PDFs do not mind whose bytes they are: an archive is allowed to begin with one, a document is not.
    let begin = match served {
        ZIP => first(PDF_BEGINS),
        _ => &facts.head[..facts.head.len().min(PDF_BEGINS)],
    };
    if found != "application/pdf" && holds(begin, PDF) {
        return refuse("a PDF");
    }
    let active: [&[u8]; 5] = [b"<script", b"<html", b"<!doctype html", b"<svg", b"<?php"];
    // As far as browsers look for HTML (WHATWG MIME Sniffing, "resource header"), and a little more.
    let folded = first(2048).to_ascii_lowercase();
    if active.iter().any(|mark| holds(&folded, mark)) {
        return refuse("a page or a script");
    }
    Ok(())
}

fn holds(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

/// Text in UTF-16 has NULs and says so first; no character of it has two.
fn is_utf16(head: &[u8]) -> bool {
    let (units, _) = head.as_chunks::<2>();
    matches!(units.first(), Some(b"\xff\xfe" | b"\xfe\xff")) && !units.contains(&[0, 0])
}

/// Formats that can do without a single NUL.
fn is_binary_in_ascii(head: &[u8]) -> bool {
    let marks: [&[u8]; 7] = [
        PDF,
        b"GIF87a",
        b"GIF89a",
        b"{\\rtf",
        b"%!PS",
        b"PK\x03\x04",
        b"\x7fELF",
    ];
    marks.iter().any(|mark| head.starts_with(mark))
}

/// A media type as an uploader names it: at most 127 ASCII characters, empty for none (RFC 9110, section 8.3.1).
pub fn media_type(text: &str) -> Result<String, Broken> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let token = |part: &str| {
        let mark = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        !part.is_empty() && part.bytes().all(mark)
    };
    let essence = text.split(';').next().unwrap_or_default().trim();
    let formed = essence
        .split_once('/')
        .is_some_and(|(main, sub)| token(main) && token(sub));
    let printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if text.len() > 127 || !printable || !formed {
        return Err(Broken::new(
            "must be a media type such as image/png, of at most 127 ASCII characters",
        ));
    }
    Ok(text.to_owned())
}

/// The type without its parameters, in lower case.
fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests;
