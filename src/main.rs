//! The `keywright` program: reads its arguments, runs one command, tells how it ended.

fn main() {}
