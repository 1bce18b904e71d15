//! What a ZIP archive holds, by the directory at its end: which document of Office's it is, if any.

/// How an entry of the directory begins, and how long it is without its name, extra field and comment (APPNOTE.TXT 4.3.12).
const ENTRY: &[u8] = b"PK\x01\x02";
const ENTRY_SIZE: usize = 46;
/// How the record behind the directory begins (4.3.16), and how long it is.
const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;

/// How an entry begins in front of its bytes, and how long that is without its name and extra field (4.3.7).
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_SIZE: usize = 30;

/// The first bytes of an archive without what its entries hold, which may be pages or PDFs where it is stored as it is: browsers take nothing
/// that begins like an archive for a page.
pub(super) fn without_contents(head: &[u8]) -> Vec<u8> {
    let (mut rest, mut kept) = (head, Vec::new());
    while let Some(entry) = rest.get(..LOCAL_SIZE).filter(|e| e.starts_with(LOCAL)) {
        let length = |at: usize| usize::from(u16::from_le_bytes([entry[at], entry[at + 1]]));
        let header = (LOCAL_SIZE + length(26) + length(28)).min(rest.len());
        let size = u32::from_le_bytes([entry[18], entry[19], entry[20], entry[21]]);
        // A size that is told behind the bytes, or in the extra field.
        let is_elsewhere = length(6) & 8 != 0 || size == u32::MAX;
        kept.extend_from_slice(&rest[..header]);
        let size = usize::try_from(size).ok().filter(|_| !is_elsewhere);
        let next = size.and_then(|size| rest.get(header..)?.get(size..));
        rest = next.unwrap_or_default();
    }
    kept.extend_from_slice(rest);
    kept
}

/// The names in the directory of the archive that ends like this, in lower case; `None` where it does not lie in these bytes, or cannot be
/// read.
pub(super) fn names(tail: &[u8]) -> Option<Vec<String>> {
    let at = tail.windows(END.len()).rposition(|bytes| bytes == END)?;
    let end = tail.get(at..at + END_SIZE)?;
    let count = u16::from_le_bytes([end[10], end[11]]);
    let size = u32::from_le_bytes([end[12], end[13], end[14], end[15]]);
    let mut rest = &tail[at.checked_sub(usize::try_from(size).ok()?)?..at];
    let mut names = Vec::new();
    for _ in 0..count {
        let entry = rest.get(..ENTRY_SIZE).filter(|e| e.starts_with(ENTRY))?;
        let length = |at: usize| usize::from(u16::from_le_bytes([entry[at], entry[at + 1]]));
        let (name, all) = (length(28), length(28) + length(30) + length(32));
        let name = rest.get(ENTRY_SIZE..ENTRY_SIZE + name)?;
        names.push(String::from_utf8_lossy(name).to_ascii_lowercase());
        rest = rest.get(ENTRY_SIZE + all..)?;
    }
    rest.is_empty().then_some(names)
}

/// Why an archive with these names is not the document that its extension says, for a person; `None` where it is, or the extension is none of a
/// document.
pub(super) fn is_other(extension: &str, names: &[String]) -> Option<&'static str> {
    let part = match extension {
        "docx" => "word/",
        "xlsx" => "xl/",
        "pptx" => "ppt/",
        "odt" | "ods" | "odp" => "content.xml",
        _ => return None,
    };
    if !names.iter().any(|name| name.starts_with(part)) {
        return Some("the file is another ZIP archive");
    }
    // Office opens none that has them under such a name, and whoever has them enabled should see it in the name.
    if names.iter().any(|name| name.ends_with("vbaproject.bin")) {
        return Some("the document holds macros");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(names: &[&str]) -> Vec<u8> {
        let mut directory = Vec::new();
        for name in names {
            let mut entry = [0; ENTRY_SIZE];
            entry[..4].copy_from_slice(ENTRY);
            entry[28] = u8::try_from(name.len()).unwrap();
            // An extra field and a comment, of a byte each.
            (entry[30], entry[32]) = (1, 1);
            directory.extend(entry);
            directory.extend(name.bytes().chain([7, 7]));
        }
        let mut end = [0; END_SIZE];
        end[..4].copy_from_slice(END);
        end[10] = u8::try_from(names.len()).unwrap();
        end[12..14].copy_from_slice(&u16::try_from(directory.len()).unwrap().to_le_bytes());
        [b"the files themselves".as_slice(), &directory, &end].concat()
    }

    #[test]
    fn names_are_read_where_they_lie_whole() {
        let bytes = archive(&["[Content_Types].xml", "word/document.xml"]);
        let read = ["[content_types].xml", "word/document.xml"];
        assert_eq!(names(&bytes).unwrap(), read);
        assert_eq!(names(&bytes[20..]).unwrap(), read);
        assert_eq!(names(&bytes[21..]), None, "its beginning is missing");
        assert_eq!(names(&bytes[..bytes.len() - 1]), None);
        assert_eq!(names(b"no archive"), None);
        assert_eq!(names(&archive(&[])).unwrap(), [""; 0]);
        for at in 0..bytes.len() {
            let mut broken = bytes.clone();
            broken[at] = 255;
            names(&broken);
        }
    }

    fn entry(name: &str, flags: u8, content: &[u8]) -> Vec<u8> {
        let mut entry = [0; LOCAL_SIZE];
        entry[..4].copy_from_slice(LOCAL);
        entry[6] = flags;
        entry[18] = u8::try_from(content.len()).unwrap();
        (entry[26], entry[28]) = (u8::try_from(name.len()).unwrap(), 2);
        [&entry, name.as_bytes(), b"xx", content].concat()
    }

    #[test]
    fn what_entries_hold_is_left_out() {
        let first = entry("a.html", 0, b"<html>");
        let header = &first[..LOCAL_SIZE + 8];
        let second = entry("b.pdf", 8, b"%PDF-1.7");
        let head = [first.as_slice(), &second, b"and more"].concat();
        let kept = [header, &second[..LOCAL_SIZE + 7]].concat();
        assert_eq!(without_contents(&head), kept);
        assert_eq!(without_contents(b"no archive"), b"no archive");
        let behind = [first.as_slice(), b"behind it"].concat();
        assert_eq!(without_contents(&behind), [header, b"behind it"].concat());
        for end in 0..head.len() {
            assert!(without_contents(&head[..end]).len() <= end);
        }
    }

    #[test]
    fn a_document_holds_what_its_kind_does() {
        let is = |extension, held: &[&str]| {
            let names: Vec<String> = held.iter().map(|name| (*name).to_owned()).collect();
            is_other(extension, &names).is_none()
        };
        assert!(is("docx", &["word/document.xml"]));
        assert!(!is("docx", &["xl/workbook.xml"]));
        assert!(!is("docx", &["word/document.xml", "word/vbaproject.bin"]));
        assert!(is("xlsx", &["_rels/.rels", "xl/workbook.xml"]));
        assert!(is("pptx", &["ppt/presentation.xml"]));
        assert!(is("odt", &["mimetype", "content.xml"]));
        assert!(!is("ods", &["notes.txt"]));
        assert!(is("zip", &["anything"]));
    }
}
