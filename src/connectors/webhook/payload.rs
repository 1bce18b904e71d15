//! What a webhook's receiver is told of a ticket.

use serde_json::{Value, json};

use crate::connectors::{
    markup::{Dialect, render},
    parcel::{Parcel, Person},
};

/// The longest text form of a description, in code points. What it is cut from is in the HTML.
const TEXT_MAX: usize = 64 * 1024;

/// The message's body. It says the same however often it is sent, as long as the ticket is the same.
pub(super) fn of(parcel: &Parcel) -> Value {
    let text = render(&parcel.description, Dialect::Plain, TEXT_MAX);
    let files = parcel.files.iter().map(|file| {
        json!({
            "id": file.attachment_id.to_string(),
            "filename": file.filename,
            "content_type": file.content_type,
            "size_bytes": file.size_bytes,
        })
    });
    json!({
        "type": "ticket.dispatched",
        "timestamp": parcel.create_time,
        "data": {
            "id": parcel.ticket_id.to_string(),
            "number": parcel.number,
            "title": parcel.title,
            "description_html": parcel.description,
            "description_text": text.text,
            "status": parcel.status,
            "priority": parcel.priority,
            "category": parcel.category,
            "environment": parcel.environment,
            "affected_service": parcel.affected_service,
            "team": parcel.team,
            "tags": parcel.tags,
            "custom_fields": parcel.custom_fields,
            "creator": person(&parcel.creator),
            "assignee": parcel.assignee.as_ref().map(person),
            "create_time": parcel.create_time,
            "attachments": files.collect::<Vec<_>>(),
        },
    })
}

fn person(person: &Person) -> Value {
    json!({ "id": person.id, "name": person.name, "email": person.email })
}
