//! Pages in list requests.

use crate::{app::pages::PageRequest, domain::page::PageSize, error::Violations};

/// Which page is asked for; `None` only when the size is broken, which is noted.
pub(super) fn request(
    violations: &mut Violations,
    size: i32,
    token: String,
) -> Option<PageRequest> {
    let size = violations.check("page_size", PageSize::parse(size))?;
    Some(PageRequest { size, token })
}
