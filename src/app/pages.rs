//! Page tokens: opaque, unforgeable, and good only for the list and the filter that they came from.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::seal::Sealer;
use crate::{
    domain::page::PageSize,
    error::{Error, Reason, Result},
};

/// The most bytes of rows in an answer: what gRPC clients take by default is 4 MiB, and a row grows on its way.
pub(super) const PAGE_BYTES: usize = 3 * 1024 * 1024;

/// How many of the rows, from the first on, go into one answer.
pub(super) fn fitting<T>(rows: &[T], weight: impl Fn(&T) -> usize) -> usize {
    let mut bytes = 0;
    let fits = |row: &&T| {
        bytes += weight(row);
        bytes <= PAGE_BYTES
    };
    rows.iter().take_while(fits).count()
}

/// What a list request says about its page.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// How many entries.
    pub size: PageSize,
    /// Where to go on; empty for the first page.
    pub token: String,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page begins; empty when this is the last.
    pub next_page_token: String,
}

/// A list as its tokens know it: its name and everything that decides what is in it and in which order.
pub struct Listing<'a> {
    sealer: &'a Sealer,
    purpose: String,
}

impl<'a> Listing<'a> {
    /// The list `name` under `filter`, for this caller's view of it.
    pub fn new(sealer: &'a Sealer, name: &str, filter: &impl std::fmt::Debug) -> Self {
        let hash = Sha256::digest(format!("{filter:?}"));
        let hash: String = hash[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            sealer,
            purpose: format!("page/{name}/{hash}"),
        }
    }

    /// The position that the token holds, `None` for the first page, INVALID_ARGUMENT for a token of another list or filter.
    pub fn position<P: DeserializeOwned>(&self, request: &PageRequest) -> Result<Option<P>> {
        if request.token.is_empty() {
            return Ok(None);
        }
        let opened = self.sealer.open_text(&self.purpose, &request.token);
        let position = opened.and_then(|plain| serde_json::from_slice(&plain).ok());
        position.map(Some).ok_or_else(|| {
            Error::invalid_because(
                Reason::PageTokenInvalid,
                "page_token",
                "must be a next_page_token of this list with the same filter and order; leave it empty for the first page",
            )
        })
    }

    /// Cuts `rows`, read with a limit of one more than the page's size, to a page.
    pub fn page<T, P: Serialize>(
        &self,
        request: &PageRequest,
        rows: Vec<T>,
        position: impl Fn(&T) -> P,
    ) -> Result<Page<T>> {
        self.page_by_weight(request, rows, |_| 0, position)
    }

    /// As [`Listing::page`], and shorter where the rows' bytes would be more than clients take in one message (AIP-158 allows it).
    pub fn page_by_weight<T, P: Serialize>(
        &self,
        request: &PageRequest,
        mut rows: Vec<T>,
        weight: impl Fn(&T) -> usize,
        position: impl Fn(&T) -> P,
    ) -> Result<Page<T>> {
        let size = usize::try_from(request.size.get()).unwrap_or(usize::MAX);
        // One row is always within what clients take.
        let size = fitting(&rows, weight).max(1).min(size);
        let more = rows.len() > size;
        rows.truncate(size);
        let next_page_token = match rows.last() {
            Some(last) if more => {
                let plain = serde_json::to_vec(&position(last)).map_err(Error::internal)?;
                self.sealer.seal_text(&self.purpose, &plain)?
            }
            _ => String::new(),
        };
        Ok(Page {
            items: rows,
            next_page_token,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CredentialsKey;

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&CredentialsKey::new(vec![byte; 32]).unwrap()).unwrap()
    }

    fn request(token: &str) -> PageRequest {
        PageRequest {
            size: PageSize::parse(2).unwrap(),
            token: token.to_owned(),
        }
    }

    #[test]
    fn a_token_leads_on_in_its_own_list_only() {
        let sealer_one = sealer(1);
        let list = Listing::new(&sealer_one, "things", &"open");
        let page = list.page(&request(""), vec![1, 2, 3], |n| *n).unwrap();
        assert_eq!(page.items, [1, 2]);
        let next = request(&page.next_page_token);
        assert_eq!(list.position(&next).unwrap(), Some(2));
        let last = list.page(&next, vec![3], |n| *n).unwrap();
        assert_eq!(last.next_page_token, "");

        let sealer_two = sealer(2);
        let mut forged = page.next_page_token.clone();
        forged.replace_range(
            40..41,
            if forged.as_bytes()[40] == b'A' {
                "B"
            } else {
                "A"
            },
        );
        let others = [
            Listing::new(&sealer_one, "things", &"closed").position::<i32>(&next),
            Listing::new(&sealer_one, "others", &"open").position::<i32>(&next),
            Listing::new(&sealer_two, "things", &"open").position::<i32>(&next),
            list.position::<i32>(&request(&forged)),
            list.position::<i32>(&request("nonsense")),
            list.position::<i32>(&request("ü")),
        ];
        for other in others {
            assert_eq!(other.unwrap_err().reason(), Reason::PageTokenInvalid);
        }
    }
}
