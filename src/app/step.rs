//! The places between the steps of a protocol: a test may end the process at each of them, as a crash would.

/// Ends the process here when the variable `FAILPOINTS` says so for this name with the action `return`, such as
/// `export.key_kept=3*off->return`: at the fourth time. Does nothing without the feature `failpoints`.
pub(crate) fn step(name: &'static str) {
    // Every name that is asked for is listed in `tests/it/crash`.
    let _ = name;
    fail::fail_point!(name, |_| std::process::abort());
}
