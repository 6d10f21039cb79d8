//! Keywright's command line.

fn main() {}
