//! Pages in list requests.

use crate::{
    app::pages::PageRequest,
    domain::page::PageSize,
    error::{Result, Violations},
};

/// Which page is asked for; `None` only when the size is broken, which is noted.
pub(super) fn request(
    violations: &mut Violations,
    size: i32,
    token: String,
) -> Option<PageRequest> {
    let size = violations.check("page_size", PageSize::parse(size))?;
    Some(PageRequest { size, token })
}

/// The page in a request that has nothing else to be read.
pub(in crate::api) fn only(size: i32, token: String) -> Result<PageRequest> {
    let mut violations = Violations::new();
    let page = request(&mut violations, size, token);
    violations.settle(page)
}
