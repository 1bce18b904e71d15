//! Users: recorded as they call, told of by the auth service, and where they call from.

mod peer;
mod record;
