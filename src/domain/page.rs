//! Pages of a list: how many entries, from where.

use crate::error::Broken;

/// How many entries a page has at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(u64);

impl PageSize {
    /// When the request says nothing.
    pub const DEFAULT: u64 = 50;
    /// A larger wish is cut to this.
    pub const MAX: u64 = 100;

    /// 0 is the default, above the maximum is cut, below 0 is refused (AIP-158).
    pub fn parse(wanted: i32) -> Result<Self, Broken> {
        match u64::try_from(wanted) {
            Ok(0) => Ok(Self(Self::DEFAULT)),
            Ok(size) => Ok(Self(size.min(Self::MAX))),
            Err(_) => Err(Broken::new("must not be negative")),
        }
    }

    /// The number of entries.
    pub fn get(self) -> u64 {
        self.0
    }
}
