//! Where repositories live, asked as the response asks.
//!
//! - `plain`: real git over http
//! - `github`: GitHub's own interface

mod github;
mod plain;
