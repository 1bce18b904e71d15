//! The places between the steps of the protocol: a test may end the process at each of them, as a crash would.

/// Ends the process here when the variable `FAILPOINTS` says so for `export.<name>` with the action `return`, such as
/// `export.key_kept=3*off->return`: at the fourth time. Does nothing without the feature `failpoints`.
pub(super) fn step(name: &'static str) {
    // Every name that is asked for is listed in `tests/it/crash/steps.rs`.
    let _ = name;
    fail::fail_point!(name, |_| std::process::abort());
}
