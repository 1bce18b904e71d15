//! What the descriptor sets tell of the served methods, and the reflection services that show them to clients.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use prost::Message as _;
use prost_types::FileDescriptorSet;
use serde_json::Value;
use tonic_reflection::server::{
    Builder,
    v1::{ServerReflection, ServerReflectionServer},
    v1alpha,
};

use crate::{
    error::{Error, Result},
    proto,
};

/// Every set of files whose methods this server serves.
const SERVED: [&[u8]; 4] = [
    proto::FILE_DESCRIPTOR_SET,
    tonic_health::pb::FILE_DESCRIPTOR_SET,
    tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
    tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
];

/// The full names of the contract's services.
pub(super) fn services() -> Result<Vec<String>> {
    let files = decode(proto::FILE_DESCRIPTOR_SET)?.file;
    Ok(files
        .iter()
        .flat_map(|file| {
            let package = file.package();
            file.service
                .iter()
                .map(move |service| format!("{package}.{}", service.name()))
        })
        .collect())
}

/// The paths of all methods with a stream in either direction.
pub(super) fn streaming() -> Result<HashSet<String>> {
    let mut paths = HashSet::new();
    for set in SERVED {
        for file in decode(set)?.file {
            for service in &file.service {
                let prefix = format!("/{}.{}", file.package(), service.name());
                let streaming = service
                    .method
                    .iter()
                    .filter(|m| m.client_streaming() || m.server_streaming());
                paths.extend(streaming.map(|method| format!("{prefix}/{}", method.name())));
            }
        }
    }
    Ok(paths)
}

/// The paths of the methods that are published to take longer than this, and how long each may.
pub(super) fn longer_than(usual: Duration) -> Result<HashMap<String, Duration>> {
    let config: Value = serde_json::from_str(proto::SERVICE_CONFIG).map_err(Error::internal)?;
    let mut longer = HashMap::new();
    for entry in config["methodConfig"].as_array().into_iter().flatten() {
        let seconds = entry["timeout"]
            .as_str()
            .and_then(|it| it.strip_suffix('s'));
        let Some(seconds) = seconds.and_then(|it| it.parse().ok()) else {
            continue;
        };
        let timeout = Duration::from_secs(seconds);
        let names = entry["name"].as_array().into_iter().flatten();
        for name in names.filter(|_| timeout > usual) {
            let text = |part: &str| name[part].as_str().unwrap_or_default();
            let path = format!("/{}/{}", text("service"), text("method"));
            longer.insert(path, timeout);
        }
    }
    Ok(longer)
}

/// Reflection in its current form.
pub(super) fn reflection() -> Result<ServerReflectionServer<impl ServerReflection>> {
    builder().build_v1().map_err(Error::internal)
}

/// Reflection in its older form, the only one that Python's client and older tools know.
pub(super) fn reflection_alpha()
-> Result<v1alpha::ServerReflectionServer<impl v1alpha::ServerReflection>> {
    builder().build_v1alpha().map_err(Error::internal)
}

/// With the types of error details, without which a client can show them as bytes only.
fn builder() -> Builder<'static> {
    [
        proto::FILE_DESCRIPTOR_SET,
        tonic_types::pb::FILE_DESCRIPTOR_SET,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
    ]
    .into_iter()
    .fold(
        Builder::configure(),
        Builder::register_encoded_file_descriptor_set,
    )
}

fn decode(set: &[u8]) -> Result<FileDescriptorSet> {
    FileDescriptorSet::decode(set).map_err(Error::internal)
}
