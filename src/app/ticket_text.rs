//! What a ticket says in words: descriptions as they are kept, and what search knows of them.

use super::html;
use crate::{
    db::{
        Tx, comment, ticket,
        ticket_search::{self, Document},
    },
    domain::{
        search,
        ticket::{CommentVisibility, DESCRIPTION_MAX_BYTES},
    },
    error::{Error, Result},
};

/// How much of a ticket's comments is indexed, in bytes; the newest come first.
const INDEXED: usize = 512 * 1024;
/// How many comments are read at once for it.
const BATCH: u64 = 100;

/// The HTML as it is kept. Escaping can make it longer than what came in, so the limit holds for both.
pub(crate) fn clean_html(field: &str, text: &str) -> Result<String> {
    let clean = html::sanitise(text);
    if clean.len() > DESCRIPTION_MAX_BYTES {
        return Err(Error::invalid(
            field,
            "must have at most 65536 bytes once it is sanitised",
        ));
    }
    Ok(clean)
}

/// What search knows of a ticket without comments.
pub(crate) fn document(ticket: &ticket::Model) -> Document {
    Document {
        ticket_id: ticket.id,
        number: ticket.number,
        title: ticket.title.0.clone(),
        description: html::words(&ticket.description),
        public_comments: String::new(),
        internal_comments: String::new(),
    }
}

/// Makes search know the ticket as it is in this transaction.
pub(crate) async fn reindex(tx: &Tx, ticket: &ticket::Model) -> Result<()> {
    let mut document = document(ticket);
    let mut before = None;
    loop {
        let comments = comment::newest(tx, ticket.id, before, BATCH).await?;
        for comment in &comments {
            let words = match comment.visibility {
                CommentVisibility::Public => &mut document.public_comments,
                CommentVisibility::Internal => &mut document.internal_comments,
            };
            // No two comments say a thing together.
            words.push(search::BREAK);
            words.push_str(&html::words(&comment.body));
        }
        before = comments.last().map(|last| (last.create_time, last.id));
        let read = document.public_comments.len() + document.internal_comments.len();
        if read >= INDEXED || comments.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            break;
        }
    }
    Ok(ticket_search::index(tx, &[document]).await?)
}
