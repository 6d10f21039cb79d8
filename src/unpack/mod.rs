//! What stands between stored bytes and text, under caps.
//!
//! - `pieces`: a stream of any length in pieces that overlap
//! - `text`: UTF-16 with a byte order mark into UTF-8; text told from binary

pub mod pieces;
pub mod text;
