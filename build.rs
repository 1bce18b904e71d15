//! Compiles the contract with protox, in Rust alone: a descriptor set for reflection, and tonic's client and server code.

use std::error::Error;
use std::path::{Path, PathBuf};

use prost::Message as _;

const ROOT: &str = "proto";
const PACKAGE: &str = "proto/docket/v1";
/// Fields whose bytes are handed on as they came, without a copy.
const HANDED_ON: [&str; 3] = [
    ".docket.v1.UploadAttachmentRequest.chunk",
    ".docket.v1.UploadChunkRequest.data",
    ".docket.v1.DownloadAttachmentResponse.data",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={ROOT}");
    let descriptors = protox::compile(proto_files()?, [ROOT])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(
        out.join("docket_descriptor.bin"),
        descriptors.encode_to_vec(),
    )?;
    let mut code = tonic_prost_build::configure()
        .build_client(true)
        .build_server(true);
    for field in HANDED_ON {
        code = code.bytes(field);
    }
    code.compile_fds(descriptors)?;
    Ok(())
}

/// The files of the package, sorted, so that the descriptor set does not depend on the file system's order.
fn proto_files() -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in Path::new(PACKAGE).read_dir()? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
