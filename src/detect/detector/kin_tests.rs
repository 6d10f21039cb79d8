//! Texts made from one another: what is found must be what looking at each of them whole finds.

use proptest::prelude::*;

use super::*;
use crate::model::{Copied, Learnt};
use crate::rule::template::fill;
use crate::rule::{Trust, read};

/// A rule for each way of being searched for, with windows small enough to be cut by every seam.
const RULES: &str = r#"
[[rules]]
id = "anchored"
regex = 'acme_([a-z0-9]{8})\b'
not_before = '[a-z]'
[[rules]]
id = "inside"
regex = '[a-z]{0,6}=[a-z0-9]{4,9}zqxj(?P<secret>[0-9]{3,5})'
[[rules]]
id = "behind"
regex = '(?P<secret>[a-z0-9]{8})[ =]{0,3}@@zq'
[[rules]]
id = "open"
regex = 'jqzv(?:[a-z0-9]+\n)+vzqj'
window = 60
[[rules]]
id = "open-before"
regex = '[0-9]+[a-z\n]*kkqj'
window = 40
[[rules]]
id = "open-behind"
regex = 'x[a-z]{1,30}?vvkq[a-z\n-]*9'
window = 40
[[rules]]
id = "gated"
regex = '\b[0-9]{7}\b'
keywords = ["acme"]
[[rules]]
id = "always"
regex = '\b[0-9]{9}\b'
[[rules]]
id = "at-the-edges"
regex = '(?:\Ajjq_|(?-m:^)jqj_)[a-z0-9]{4}|vvqz_[a-z0-9]{3}(?-m:$)'
[[rules]]
id = "paired"
regex = 'pqqp_([a-z0-9]{6})'
[[rules.required]]
id = "anchored"
withinLines = 2
[[rules]]
id = "long"
regex = 'qzvkjxqzwvkjqzxv-([a-z0-9]{8})\b'
[[rules]]
id = "worded"
regex = 'wqqw_([a-z0-9]{6})'
keywords = ["zqword"]
[[rules.allowlists]]
regexTarget = "line"
regexes = ['let go']
"#;

const PIECES: &[&str] = &[
    "acme_",
    "{lower:8}",
    "zqxj",
    "{hex:4}",
    "12345",
    "=",
    " ",
    "\n",
    "\n",
    "jqzv",
    "vzqj",
    "kkqj",
    "@@zq",
    "jjq_",
    "jqj_",
    "vvqz_",
    "pqqp_",
    "wqqw_",
    "zqword",
    "let go",
    "1234567",
    "123456789",
    "token = \"{base62:24}\"\n",
    "secret",
    "password: {base62:12}\n",
    "api_key",
    "_key = ",
    "{base62:32}",
    "keywright:allow",
    "AKIA",
    "ghp_{base62:30}",
    "\"",
    "YWNtZV9xOHpyMXZ0MCAx",
    "the quick brown fox\n",
    "https://user:{base62:14}@db.acme.io/x\n",
    "\u{e9}",
    "-----BEGIN ",
];

fn detector() -> Detector {
    let mut set = RuleSet::builtin();
    set.add(read("test.toml", RULES).unwrap(), Trust::Operator).unwrap();
    Detector::new(set)
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    (prop::sample::select(PIECES), 0u64..4).prop_map(|(shape, seed)| fill(shape, seed).unwrap().into_bytes())
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

/// A part of a delta.
#[derive(Clone, Debug)]
enum Op {
    /// Copies so many bytes from about there, both in thousandths of the base.
    Copy(usize, usize),
    /// Copies from here to there.
    Bytes(usize, usize),
    Insert(Vec<u8>),
}

fn delta() -> impl Strategy<Value = Vec<Op>> {
    let few = prop_oneof![
        3 => (0usize..=1000, 0usize..=1000).prop_map(|(from, length)| Op::Copy(from, length)),
        1 => (0usize..=1).prop_map(|end| Op::Copy(end * 900, 1000)),
        1 => Just(Op::Copy(0, 1000)),
        2 => piece().prop_map(Op::Insert),
        1 => prop::collection::vec(any::<u8>(), 0..3).prop_map(Op::Insert),
    ];
    prop::collection::vec(few, 0..6)
}

fn apply(base: &[u8], delta: &[Op]) -> (Vec<u8>, Vec<Copied>) {
    let (mut text, mut copies): (Vec<u8>, Vec<Copied>) = Default::default();
    for op in delta {
        let (from, to) = match op {
            Op::Insert(bytes) => {
                text.extend(bytes);
                continue;
            }
            Op::Bytes(from, to) => (*from, *to),
            Op::Copy(from, length) => {
                let from = base.len() * from / 1000;
                (from, base.len().min(from + base.len() * length / 1000))
            }
        };
        if to > from {
            copies.push(Copied { from, to: text.len(), length: to - from });
            text.extend(&base[from..to]);
        }
    }
    (text, copies)
}

fn told(hits: &[Hit]) -> Vec<String> {
    let tell = |h: &Hit| {
        let places = (h.span.clone(), h.line, h.column, h.end_line, h.end_column);
        format!(
            "{} {places:?} {:?} {} {:?} {:?} {:?}",
            h.rule.id, h.confidence, h.line_text, h.key_id, h.checks, h.mark
        )
    };
    hits.iter().map(tell).collect()
}

fn holds(detector: &Detector, first: &[u8], deltas: &[Vec<Op>]) -> Result<(), TestCaseError> {
    let mut base = (first.to_vec(), None::<Learnt>);
    let mut next = Some((first.to_vec(), Vec::new()));
    let mut deltas = deltas.iter();
    while let Some((text, copies)) = next {
        let kin = Kin::new(base.1.as_ref(), &copies, true);
        let extent = Extent::whole(text.len());
        let found = told(&detector.detect_kin(&text, &extent, Some(&kin)));
        let whole = told(&detector.detect(&text, &extent));
        prop_assert_eq!(
            found,
            whole,
            "{:?}\nfrom {:?}\nby {:?}",
            String::from_utf8_lossy(&text),
            String::from_utf8_lossy(&base.0),
            copies
        );
        let learnt = kin.into_learnt();
        next = deltas.next().map(|delta| apply(&text, delta));
        base = (text, learnt);
    }
    Ok(())
}

#[test]
fn what_is_found_in_a_chain_of_deltas_is_what_is_found_in_each_text() {
    let detector = detector();
    let chain = (text(), prop::collection::vec(delta(), 0..6));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(CASES));
    runner.run(&chain, |(first, deltas)| holds(&detector, &first, &deltas)).unwrap();
}

const CASES: u32 = 400;

/// Takes every stretch out of a text, puts something else there, and looks at what comes of it.
#[test]
fn a_seam_at_any_place_changes_nothing_but_what_it_changes() {
    let detector = detector();
    for text in [
        "acme_q8zr1vt0x",
        "x acme_q8zr1vt0 y",
        "a=abcd1zqxj12 3",
        "abcd123 = @@zq",
        "jjq_abcd\njqj_abcdvvqz_abc\n",
        "jqzvab\ncd\nvzqj kkqj1a\nkkqj",
        "pqqp_q8zr1v\n\n\nacme_q8zr1vt0 ",
        "wqqw_q8zr1v let go\nzqword",
    ] {
        for from in 0..=text.len() {
            for to in from..=text.len() {
                for between in ["", " ", "x", "1", "\n"] {
                    let inserted =
                        vec![Op::Bytes(0, from), Op::Insert(between.into()), Op::Bytes(to, text.len())];
                    holds(&detector, text.as_bytes(), &[inserted]).unwrap();
                }
            }
        }
    }
}

#[test]
fn a_new_window_takes_a_quiet_neighbour_in() {
    let detector = detector();
    let quiet = format!("{}vvkq{}9 ", "a".repeat(60), "b".repeat(20));
    assert!(told(&detector.detect(quiet.as_bytes(), &Extent::whole(quiet.len()))).is_empty());
    let delta = vec![Op::Insert(b"xavvkq".into()), Op::Bytes(0, quiet.len())];
    let (text, _) = apply(quiet.as_bytes(), &delta);
    assert_eq!(detector.detect(&text, &Extent::whole(text.len())).len(), 1);
    holds(&detector, quiet.as_bytes(), &[delta]).unwrap();
}

#[test]
fn the_longest_literal_is_found_where_a_seam_makes_it() {
    let detector = detector();
    let key = "qzvkjxqzwvkjqzxv-q8zr1vt0 ";
    for at in 0..key.len() {
        let (front, back) = key.split_at(at);
        let base = format!("x {front}##{back}y");
        let seam = 2 + at;
        let delta = vec![Op::Bytes(0, seam), Op::Bytes(seam + 2, base.len())];
        let (text, _) = apply(base.as_bytes(), &delta);
        assert_eq!(detector.detect(&text, &Extent::whole(text.len())).len(), 1);
        holds(&detector, base.as_bytes(), &[delta]).unwrap();
    }
}

#[test]
fn what_a_base_taught_is_used() {
    let detector = detector();
    let text = format!("{}acme_q8zr1vt0 \n", "the quick brown fox\n".repeat(100));
    let base = Kin::new(None, &[], true);
    let hits = detector.detect_kin(text.as_bytes(), &Extent::whole(text.len()), Some(&base));
    assert_eq!(hits.len(), 1);
    // What lies inside the copy is believed, not looked for: other bytes stand there now.
    let learnt = base.into_learnt();
    let copies = [Copied { from: 0, to: 0, length: text.len() }];
    let lie = text.replace("quick", "acme_").replace("brown fox", "q8zr1vt0 ");
    let kin = Kin::new(learnt.as_ref(), &copies, false);
    let found = detector.detect_kin(lie.as_bytes(), &Extent::whole(lie.len()), Some(&kin));
    assert_eq!(found.len(), 1);
}
