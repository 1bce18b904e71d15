//! Completes the statuses that tonic and its services make themselves: each one that leaves the server carries details.

use std::time::Duration;

use http::HeaderMap;
use tonic::{Code, Status};

use super::call::Call;
use crate::{
    api::{MAX_MESSAGE_BYTES, status},
    error::{Error, Reason},
};

/// How tonic 0.14 begins the texts of its INTERNAL statuses for requests that are broken on the wire: the client's fault, not docket's.
const BROKEN_REQUEST: [&str; 5] = [
    "failed to decode Protobuf message",
    "Missing request message",
    "protocol error:",
    "Unexpected EOF decoding stream",
    "Error decompressing",
];

/// The messages of free-form JSON.
const JSON: [&str; 3] = ["Struct", "Value", "ListValue"];

/// Which field of the request could not be read, as far as prost 0.14 tells: its texts name each message and field on the way,
/// the innermost first, as in `Ticket.title: CreateTicketRequest.ticket: `, and then what is wrong. Within JSON they are all alike.
fn broken(message: &str) -> Error {
    let told = message.strip_prefix(BROKEN_REQUEST[0]).unwrap_or_default();
    let mut parts: Vec<&str> = told.split(": ").skip(1).collect();
    let why = parts.pop().unwrap_or_default();
    let fields = parts.iter().rev().filter_map(|part| part.split_once('.'));
    let own = fields.take_while(|(message, _)| !JSON.contains(message));
    let path: Vec<&str> = own.map(|(_, field)| field).collect();
    let rule = match (path.is_empty(), why) {
        (_, "recursion limit reached") => "nests too deep",
        (true, _) => "the request is not a message of this method",
        (false, _) => "is not encoded as a message of this method has it",
    };
    Error::invalid(path.join("."), rule)
}

/// Completes the status in headers or trailers, if there is one and it is an error. Returns its code.
pub(super) fn complete(headers: &mut HeaderMap, call: &Call) -> Code {
    let Some(status) = Status::from_header_map(headers) else {
        return Code::Ok;
    };
    let completed = match status.code() {
        Code::Ok => return Code::Ok,
        Code::Internal if has_details(&status) => status::internal(call.id()),
        _ if has_details(&status) => return status.code(),
        _ => detailed(&status, call),
    };
    // What it writes is base64 and percent-encoded, so that it always fits a header.
    let _ = completed.add_header(headers);
    completed.code()
}

/// Whether there are details, which then hold an `ErrorInfo`: docket makes none without.
fn has_details(status: &Status) -> bool {
    !status.details().is_empty()
}

fn detailed(bare: &Status, call: &Call) -> Status {
    let message = bare.message();
    let or = |default: &'static str| if message.is_empty() { default } else { message }.to_owned();
    let soon = Duration::from_secs(1);
    match bare.code() {
        Code::Unimplemented => {
            let method = call.method.trim_start_matches('/');
            let details = status::info(Reason::Unimplemented, [("method", method)]);
            status::status(
                Code::Unimplemented,
                &or("this server has no such method"),
                details,
            )
        }
        Code::OutOfRange => {
            let max = MAX_MESSAGE_BYTES.to_string();
            let details = status::info(Reason::MessageTooLarge, [("max_bytes", max)]);
            let message = format!("the request is larger than {MAX_MESSAGE_BYTES} bytes");
            status::status(Code::ResourceExhausted, &message, details)
        }
        Code::InvalidArgument => Error::invalid("", or("the request is not valid")).into(),
        Code::Internal if BROKEN_REQUEST.iter().any(|text| message.starts_with(text)) => {
            tracing::debug!(message, "broken request");
            broken(message).into()
        }
        Code::NotFound => Error::not_found("resource", or("asked for")).into(),
        Code::Unauthenticated => Error::Unauthenticated.into(),
        Code::DeadlineExceeded => Error::DeadlineExceeded.into(),
        Code::PermissionDenied => Error::denied(or("this is not allowed")).into(),
        Code::ResourceExhausted => {
            let message = or("too much is asked for");
            status::later(bare.code(), Reason::ResourceExhausted, &message, soon)
        }
        Code::Unavailable => {
            let message = or("the server cannot answer now");
            status::later(bare.code(), Reason::Unavailable, &message, soon)
        }
        code => {
            tracing::error!(?code, message, "status without details");
            status::internal(call.id())
        }
    }
}
