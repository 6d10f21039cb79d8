//! Sealed bytes as text: the last resort when nothing can be written any more.

use data_encoding::BASE64;

use crate::model::credential::Sealed;

use super::envelope::LONGEST;
use super::error::SealError;

const BEGIN: &str = "-----BEGIN KEYWRIGHT SEALED-----";
const END: &str = "-----END KEYWRIGHT SEALED-----";
const WIDTH: usize = 64;

/// Returns sealed bytes as text that survives a terminal and a copy.
#[must_use]
pub fn armoured(sealed: &Sealed) -> String {
    let text = BASE64.encode(sealed.bytes());
    let mut out = format!("{BEGIN}\n");
    for line in text.as_bytes().chunks(WIDTH) {
        out.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
        out.push('\n');
    }
    out + END + "\n"
}

/// Reads them back from a text that holds them among other lines.
pub fn from_armour(text: &str) -> Result<Sealed, SealError> {
    let begun = text.split_once(BEGIN).ok_or(SealError::Malformed("there is no BEGIN line"))?.1;
    let inside = begun.split_once(END).ok_or(SealError::Malformed("there is no END line"))?.0;
    if inside.len() > 2 * LONGEST {
        return Err(SealError::TooLong(inside.len()));
    }
    let text: Vec<u8> = inside.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bytes = BASE64.decode(&text).map_err(|_| SealError::Malformed("what stands between is no base64"))?;
    Ok(Sealed::new(bytes))
}
