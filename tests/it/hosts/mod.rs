//! Where repositories live, asked as the response asks.
//!
//! - `plain`: real git over http

mod plain;
