//! What holds for any stream, however it comes in.

use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::model::{Extent, Severity};
use crate::rule::{builtin, template::fill};

fn redaction() -> &'static Redaction {
    static ONE: OnceLock<Redaction> = OnceLock::new();
    ONE.get_or_init(|| Redaction::new(RuleSet::builtin(), Confidence::Low, Mask::Label))
}

/// Redacts a text that comes in the given parts; behind each, nothing more is waiting.
fn redacted<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut stream, mut out) = (redaction().stream(None), Vec::new());
    for part in parts {
        stream.feed(part, &mut out);
        stream.idle(&mut out);
    }
    stream.finish(&mut out);
    out
}

fn whole(text: &[u8]) -> Vec<u8> {
    let (mut stream, mut out) = (redaction().stream(None), Vec::new());
    stream.feed(text, &mut out);
    stream.finish(&mut out);
    out
}

/// What is written before anything after `text` is known.
fn at_once(text: &str) -> String {
    let (mut stream, mut out) = (redaction().stream(None), Vec::new());
    stream.feed(text.as_bytes(), &mut out);
    stream.idle(&mut out);
    String::from_utf8(out).unwrap()
}

fn pem() -> String {
    fill("{ed25519-pem}", 7).unwrap()
}

#[test]
fn a_line_goes_out_before_the_next_one_comes() {
    assert_eq!(at_once("one\ntwo\nthr"), "one\ntwo\n");
    let key = fill("sk_live_{base62:24}", 1).unwrap();
    assert_eq!(at_once(&format!("key {key}\n")), "key [REDACTED:stripe-live-key]\n");
    assert_eq!(at_once("password:\n"), "password:\n");
}

#[test]
fn a_private_key_waits_for_its_last_line() {
    let pem = pem();
    for (at, _) in pem.match_indices('\n') {
        assert_eq!(at_once(&format!("before\n{}", &pem[..=at]))[..7], *"before\n");
        if at + 2 < pem.len() {
            assert_eq!(at_once(&format!("before\n{}", &pem[..=at])), "before\n");
        }
    }
    assert_eq!(at_once(&format!("before\n{pem}\nafter\n")), "before\n[REDACTED:private-key]\nafter\n");
}

#[test]
fn a_private_key_that_never_ends_is_masked() {
    let pem = pem();
    let lines: Vec<&str> = pem.lines().collect();
    let cut = lines[..lines.len() - 1].join("\n");
    let text = format!("a\n{cut}\nno key, 1\nno key, 2\nno key, 3\n");
    assert_eq!(at_once(&text), "a\n[REDACTED:private-key]\nno key, 1\nno key, 2\nno key, 3\n");
    assert_eq!(redacted([cut.as_bytes()]), b"[REDACTED:private-key]");
    let half = &cut[..cut.len() - 9];
    assert_eq!(redacted([half.as_bytes()]), b"[REDACTED:private-key]");
}

#[test]
fn two_keys_that_share_a_line_wait_together() {
    let pem = pem();
    let two = format!("{}{}", pem.trim_end(), pem.trim_end());
    assert_eq!(at_once(&format!("a\n{two}")), "a\n");
    let end = two.rfind("-----END").unwrap();
    assert_eq!(at_once(&format!("a\n{}", &two[..end])), "a\n");
    assert_eq!(at_once(&format!("a\n{two}\n")), "a\n[REDACTED:private-key][REDACTED:private-key]\n");
}

#[test]
fn a_private_key_of_any_length_is_masked() {
    let line = format!("{}\n", "Qa7/".repeat(16));
    let text = format!("a\n-----BEGIN RSA {}\n{}b c\nd e\nf g\n", "PRIVATE KEY-----", line.repeat(4000));
    for size in [1 << 20, 70_000, 9000] {
        let out = redacted(text.as_bytes().chunks(size));
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with("a\n[REDACTED:private-key]") && out.ends_with("b c\nd e\nf g\n"), "{out}");
        assert!(!out.contains("Qa7/"), "{size}: {} bytes", out.len());
    }
}

#[test]
fn everything_else_goes_through_as_it_is() {
    for text in [
        &b""[..],
        b"\0\xff\xfe\r\n\r",
        b"\xff",
        b"\xff\xfe\0\0a\0\0\0",
        b"no end",
        b"\xfe\xff\xd8\0",
        b"\xff\xfea",
    ] {
        assert_eq!(whole(text), text);
        assert_eq!(redacted(text.chunks(1)), text);
    }
}

#[test]
fn utf16_stays_utf16() {
    let text = format!("ä 🗝 token = {}\r\nafter 🗝\r\n", fill("ghp_{base62:30}{github-crc32}", 1).unwrap());
    let expected = "ä 🗝 token = [REDACTED:github-personal-token]\r\nafter 🗝\r\n";
    let little = |t: &str| -> Vec<u8> { t.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let big = |t: &str| -> Vec<u8> { t.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    // A lone half of a character is no text, and comes out again.
    let dressed = |mark: &[u8], text: Vec<u8>, half: &[u8]| [mark, &text[..], half].concat();
    for (mark, code, half) in [
        (&b"\xff\xfe"[..], &little as &dyn Fn(&str) -> Vec<u8>, &b"\x3d\xd8x"[..]),
        (b"\xfe\xff", &big, b"\xd8\x3dx"),
    ] {
        let expected = dressed(mark, code(expected), half);
        let text = dressed(mark, code(&text), half);
        assert_eq!(whole(&text), expected);
        for size in [1, 3, 7, 64] {
            assert_eq!(redacted(text.chunks(size)), expected, "{size}");
        }
    }
}

#[test]
fn a_line_of_any_length_goes_out_in_parts_and_cuts_no_key() {
    let key = fill("ghp_{base62:30}{github-crc32}", 3).unwrap();
    let mut text = String::new();
    let mut keys = 0;
    while text.len() < 5 << 20 {
        text += &"some words, ".repeat(997);
        text += &key;
        text.push(' ');
        keys += 1;
    }
    let mut stream = redaction().stream(None);
    let (mut out, mut most) = (Vec::new(), 0);
    for (at, part) in text.as_bytes().chunks(65_521).enumerate() {
        stream.feed(part, &mut out);
        stream.idle(&mut out);
        most = most.max(at * 65_521 - out.len().min(at * 65_521));
    }
    stream.finish(&mut out);
    assert_eq!(stream.masked(), keys);
    assert_eq!(String::from_utf8(out).unwrap(), text.replace(&key, "[REDACTED:github-personal-token]"));
    assert!(most < 2 << 20, "{most} bytes were held");
}

#[test]
fn what_is_redacted_stays_as_it_is() {
    let examples = examples();
    for (seed, (rule, template)) in examples.iter().enumerate() {
        let once = whole(format!("a\n{}\nb\n", fill(template, seed as u64).unwrap()).as_bytes());
        let (once, twice) = (String::from_utf8_lossy(&once).into_owned(), whole(&once));
        assert_eq!(String::from_utf8_lossy(&twice), once, "{rule}");
    }
}

/// Every example of every built-in rule, with the rule's id.
fn examples() -> Vec<(String, String)> {
    let rules = builtin::files().into_iter().flat_map(|f| f.rules);
    rules.flat_map(|r| r.finds.iter().map(|t| (r.card.id.clone(), t.clone())).collect::<Vec<_>>()).collect()
}

/// The spans that a look at the whole text finds.
fn spans(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let hits = redaction().detector.detect(text, &Extent::whole(text.len()));
    hits.into_iter().filter(|h| h.rule.severity > Severity::Info).map(|h| h.span).collect()
}

/// Takes the labels out.
fn without_labels(mut text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = memchr::memmem::find(text, b"[REDACTED:") {
        out.extend_from_slice(&text[..at]);
        text = &text[at..][memchr::memchr(b']', &text[at..]).unwrap() + 1..];
    }
    out.extend_from_slice(text);
    out
}

proptest! {
    // A file of failures would hold keys.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_comes_out_the_same_however_it_comes_in(
        picked in prop::collection::vec((select(examples()), 0u64..1000, "([a-z]{1,9}[ =:,;.]{1,2}){0,6}(\r?\n)?"), 1..6),
        cuts in prop::collection::vec(any::<Index>(), 0..12),
        last in "\n?",
    ) {
        let mut text = String::new();
        for ((_, template), seed, line) in &picked {
            text += line;
            text += &fill(template, *seed).unwrap();
            text.push('\n');
        }
        text += &last;
        let mut at: Vec<usize> = cuts.iter().map(|c| c.index(text.len() + 1)).collect();
        at.extend([0, text.len()]);
        at.sort_unstable();
        let parts: Vec<&[u8]> = at.windows(2).map(|w| &text.as_bytes()[w[0]..w[1]]).collect();
        let (out, at_once) = (redacted(parts), whole(text.as_bytes()));
        prop_assert_eq!(String::from_utf8_lossy(&out), String::from_utf8_lossy(&at_once), "{}", text);
        let mut rest = text.clone().into_bytes();
        for span in spans(text.as_bytes()).into_iter().rev() {
            let secret = &text.as_bytes()[span.clone()];
            prop_assert!(secret.len() < 8 || memchr::memmem::find(&out, secret).is_none(), "{}", text);
            rest.drain(span);
        }
        let others = without_labels(&out);
        prop_assert_eq!(String::from_utf8_lossy(&others), String::from_utf8_lossy(&rest), "{}", text);
    }

    #[test]
    fn any_bytes_without_secrets_go_through(bytes: Vec<u8>, size in 1usize..40) {
        prop_assume!(spans(&crate::unpack::text::decoded(&bytes)).is_empty());
        prop_assert_eq!(redacted(bytes.chunks(size)), bytes);
    }
}
