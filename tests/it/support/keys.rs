//! Keys that are made when the test runs, so that none stands in a file.

use keywright::rule::template::fill;

/// Returns a key of a kind.
pub(crate) fn key(kind: &str) -> String {
    nth_key(kind, 1)
}

/// Returns another key of the same kind for each number.
pub(crate) fn nth_key(kind: &str, number: u64) -> String {
    let template = match kind {
        "github" => "ghp_{base62:30}{github-crc32}",
        "stripe" => "sk_live_{base62:24}",
        "openai" => "sk-proj-{base62:74}T3BlbkFJ{base62:74}",
        "atlasvpn id" => "avp_live_{hex:12}",
        "atlasvpn basicAuth" => "avp_live_{hex:12}:{hex:64}",
        "aws id" => "AKIA{base32:16}",
        other => panic!("no key of the kind {other} is known here"),
    };
    filled(template, number)
}

/// Fills a template.
pub(crate) fn filled(template: &str, number: u64) -> String {
    fill(template, number).unwrap()
}
