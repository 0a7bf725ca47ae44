//! The `clv` binary.

fn main() {}
