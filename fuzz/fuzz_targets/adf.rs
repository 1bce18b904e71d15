//! Whatever HTML comes in: no crash, and a document that the oldest and the newest generation of the official schema accept.
//!
//! `cargo +nightly fuzz run adf -- -timeout=1 -max_total_time=600`, with DOCKET_TEST_NODE_MODULES naming the folder that
//! tests/tools/package.json was installed into. `corpus/adf` keeps what reached new code, made small by
//! `cargo +nightly fuzz cmin adf`; the tests convert all of it.

#![no_main]

use std::sync::LazyLock;

use jsonschema::Validator;
use libfuzzer_sys::fuzz_target;

// The module itself rather than the crate, whose database and TLS would have to be built with the sanitizer too.
#[allow(dead_code, unreachable_pub, unused_imports)]
#[path = "../../src/connectors/jira/adf/mod.rs"]
mod adf;

static SCHEMAS: LazyLock<Vec<Validator>> = LazyLock::new(|| {
    let folder =
        std::env::var("DOCKET_TEST_NODE_MODULES").expect("DOCKET_TEST_NODE_MODULES is set");
    let compile = |generation| {
        let path = format!("{folder}/adf-schema-{generation}/dist/json-schema/v1/full.json");
        let text = std::fs::read_to_string(path).expect("the schema is readable");
        let schema = serde_json::from_str(&text).expect("the schema is JSON");
        jsonschema::draft4::new(&schema).expect("the schema compiles")
    };
    [22, 57].map(compile).into()
});

fuzz_target!(|bytes: &[u8]| {
    let html = String::from_utf8_lossy(bytes);
    let conversion = adf::convert(&html);
    for schema in SCHEMAS.iter() {
        assert!(schema.is_valid(&conversion.adf), "{}", conversion.adf);
    }
    let text = conversion.adf.to_string();
    // The parser's own limit on nesting is the one other readers have.
    assert!(
        serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|again| again == conversion.adf)
    );
});
