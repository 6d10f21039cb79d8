//! UTF-16 with a byte order mark into UTF-8; text told from binary.

use std::borrow::Cow;

/// How many bytes are asked whether they are text, as git does.
const SNIFFED: usize = 8000;

/// Tells whether the bytes are binary: a NUL among the first eight thousand, and no UTF-16.
#[must_use]
pub fn is_binary(bytes: &[u8]) -> bool {
    utf16_order(bytes).is_none() && memchr::memchr(0, &bytes[..bytes.len().min(SNIFFED)]).is_some()
}

/// The byte orders of UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

/// Returns the byte order that a byte order mark states.
#[must_use]
pub fn utf16_order(bytes: &[u8]) -> Option<Order> {
    match bytes {
        // FF FE 00 00 would be UTF-32.
        [0xff, 0xfe, rest @ ..] if !rest.starts_with(&[0, 0]) => Some(Order::Little),
        [0xfe, 0xff, ..] => Some(Order::Big),
        _ => None,
    }
}

/// Returns the text in UTF-8; what is not UTF-16 with a byte order mark comes back as it is.
///
/// Lines are the same in both; columns count the bytes of the UTF-8.
///
/// ```
/// use keywright::unpack::text::decoded;
/// assert_eq!(&*decoded(b"\xff\xfek\0=\01\0"), b"k=1");
/// assert_eq!(&*decoded(b"k=1"), b"k=1");
/// ```
#[must_use]
pub fn decoded(bytes: &[u8]) -> Cow<'_, [u8]> {
    match utf16_order(bytes) {
        None => Cow::Borrowed(bytes),
        Some(order) => Cow::Owned(utf16(&bytes[2..], order)),
    }
}

/// Decodes UTF-16 without its mark; what is no character becomes U+FFFD.
#[must_use]
pub fn utf16(bytes: &[u8], order: Order) -> Vec<u8> {
    let units = bytes.chunks_exact(2).map(|pair| match order {
        Order::Little => u16::from_le_bytes([pair[0], pair[1]]),
        Order::Big => u16::from_be_bytes([pair[0], pair[1]]),
    });
    let mut out = String::with_capacity(bytes.len() / 2);
    out.extend(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
    out.into_bytes()
}
