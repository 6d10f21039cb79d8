//! One page for a browser: it is whole by itself, asks the network for nothing, and reads well
//! without its script.
//!
//! - `summary`: the verdict, the numbers, what was read and what was not
//! - `card`: a secret with its places
//! - `rules`: what each rule that matched finds, and what to do
//! - `text`: text as HTML holds it
//! - `style.css`, `script.js`: taken into the page as they are
//!
//! The page's policy allows this style and this script by their hashes, and nothing else: no picture,
//! no frame, no form, no request, and no text that the script could turn into markup. Nothing from a
//! repository is in either. Secrets are masked even where `--show-secrets` was given: a page is made to
//! be passed on.
//!
//! A browser takes seconds to lay out a hundred thousand findings, so only the first are in the page
//! as elements. The rest stands in `<noscript>`: elements where there are no scripts, one text where
//! there are, which the script reads line by line.

mod card;
mod rules;
mod summary;
mod text;

use std::io::{self, Write};

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

pub use self::text::escaped;
use super::outcome::{Outcome, Style};
use super::tally::Tally;
use super::veil::veiled;
use crate::model::Finding;
use crate::model::text::shown;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What is asked of the other rooms: masked, always.
const MASKED: Style = Style { colour: false, width: 0, show_secrets: false };

/// Tells an outcome as a page.
pub(super) fn write(outcome: &Outcome<'_>, out: &mut dyn Write) -> io::Result<()> {
    let shown = outcome.shown();
    let tally = Tally::of(outcome, &shown);
    let title = escaped(&format!("{} · {}", summary::verdict(outcome, &tally), plain(outcome.target)));
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">", policy())?;
    writeln!(out, "<meta name=\"referrer\" content=\"no-referrer\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<meta name=\"color-scheme\" content=\"light dark\">")?;
    writeln!(out, "<meta name=\"generator\" content=\"Keywright {}\">", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>")?;
    summary::write(outcome, &tally, out)?;
    card::write(outcome, &shown, out)?;
    rules::write(&shown, out)?;
    writeln!(out, "<footer>Keywright {} · secrets are masked</footer>", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "<script>{SCRIPT}</script>\n</body>\n</html>")
}

/// What the page may do.
fn policy() -> String {
    let hash = |text: &str| BASE64.encode(&Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; \
         form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// Returns text that is in no finding as one harmless line.
fn plain(text: &str) -> String {
    shown(text.as_bytes())
}

/// Returns bytes of a finding as HTML: masked, harmless, escaped.
fn safe(bytes: &[u8], finding: &Finding) -> String {
    escaped(&shown(&veiled(bytes, finding, &MASKED)))
}

#[cfg(test)]
mod tests;
