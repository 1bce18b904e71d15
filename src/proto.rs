//! The generated code of the contract, and its descriptor set for reflection.

/// Package `docket.v1`: messages, clients and servers, documented by the comments of `proto/docket/v1`.
#[allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    rustdoc::all
)]
pub mod v1 {
    tonic::include_proto!("docket.v1");
}

/// The contract as an encoded `google.protobuf.FileDescriptorSet`, the imported `google/protobuf` files included.
pub const FILE_DESCRIPTOR_SET: &[u8] = tonic::include_file_descriptor_set!("docket_descriptor");

/// The published service config: how clients may retry each method, and how long each may take.
pub const SERVICE_CONFIG: &str = include_str!("../proto/docket/v1/service_config.json");

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeMap;

    use prost::Message as _;
    use prost_types::FileDescriptorSet;
    use serde_json::Value;

    use super::{FILE_DESCRIPTOR_SET, SERVICE_CONFIG};

    fn published_methods() -> Vec<(String, String)> {
        let set = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
        let mut methods = Vec::new();
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    let name = format!("{}.{}", file.package(), service.name());
                    methods.push((name, method.name().to_owned()));
                }
            }
        }
        methods.sort();
        methods
    }

    /// The entry of each method, by service and method.
    fn configured_methods(config: &Value) -> Vec<((String, String), &Value)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut methods = Vec::new();
        for entry in config["methodConfig"].as_array().unwrap() {
            for name in entry["name"].as_array().unwrap() {
                methods.push(((text(&name["service"]), text(&name["method"])), entry));
            }
        }
        methods.sort_by(|a, b| a.0.cmp(&b.0));
        methods
    }

    #[test]
    fn the_service_config_names_every_method_exactly_once() {
        let config = serde_json::from_str(SERVICE_CONFIG).unwrap();
        let configured: Vec<_> = configured_methods(&config)
            .into_iter()
            .map(|(method, _)| method)
            .collect();
        assert_eq!(configured, published_methods());
    }

    #[test]
    fn retries_are_for_unavailable_alone_and_watches_have_no_timeout() {
        let config = serde_json::from_str(SERVICE_CONFIG).unwrap();
        let methods: BTreeMap<_, _> = configured_methods(&config).into_iter().collect();
        for ((_, method), entry) in methods {
            let policy = &entry["retryPolicy"];
            if !policy.is_null() {
                assert_eq!(
                    policy["retryableStatusCodes"],
                    serde_json::json!(["UNAVAILABLE"])
                );
                assert!(policy["maxAttempts"].as_u64().unwrap() <= 5, "{method}");
            }
            assert_eq!(
                entry["timeout"].is_null(),
                method.starts_with("Watch"),
                "{method}"
            );
        }
    }
}
