//! The command line entry: nothing to ask for yet.

fn main() {}
