//! Lists of refs, as hosts tell them and as nobody should.

use super::*;

const A: &str = "1111111111111111111111111111111111111111";
const B: &str = "2222222222222222222222222222222222222222";
const C: &str = "3333333333333333333333333333333333333333";

/// Lines with their lengths; an empty one is a flush.
fn lines(texts: &[&str]) -> Vec<u8> {
    let one =
        |text: &&str| if text.is_empty() { "0000".into() } else { format!("{:04x}{text}", text.len() + 4) };
    texts.iter().map(one).collect::<String>().into_bytes()
}

fn list(texts: &[&str]) -> Vec<u8> {
    [lines(&["# service=git-upload-pack\n", ""]), lines(texts)].concat()
}

fn named(seen: &Seen) -> Vec<(&str, &str)> {
    seen.refs.iter().map(|r| (r.name.as_str(), r.tip.as_str())).collect()
}

#[test]
fn refs_are_read_with_what_tags_lead_to() {
    let first = format!("{A} HEAD\0multi_ack symref=HEAD:refs/heads/main agent=git/2\n");
    let (main, tag) = (format!("{A} refs/heads/main\n"), format!("{B} refs/tags/v1\n"));
    let peeled = format!("{C} refs/tags/v1^{{}}\n");
    let texts = [&first, &main, &tag, &peeled, ""];
    for body in [list(&texts), list(&[&["version 1\n"][..], &texts].concat())] {
        let seen = advertised(&body).unwrap();
        assert!(seen.is_whole && seen.visibility == Visibility::Public);
        assert_eq!(named(&seen), [("HEAD", A), ("refs/heads/main", A), ("refs/tags/v1", C)]);
    }
}

#[test]
fn an_empty_repository_can_be_public_too() {
    let none = format!("{} capabilities^{{}}\0agent=git/2\n", "0".repeat(40));
    for body in [list(&[&none, ""]), list(&[""])] {
        let seen = advertised(&body).unwrap();
        assert!(seen.is_whole && seen.refs.is_empty() && seen.visibility == Visibility::Public);
    }
}

#[test]
fn a_list_that_ends_early_is_not_whole() {
    let two = [format!("{A} refs/heads/a\n"), format!("{B} refs/heads/b\n")];
    let whole = list(&[&two[0], &two[1], ""]);
    for cut in 0..whole.len() {
        let seen = advertised(&whole[..cut]);
        assert!(seen.is_none_or(|s| !s.is_whole && !s.refs.is_empty()), "{cut}");
    }
    let seen = advertised(&whole[..whole.len() - 4]).unwrap();
    assert_eq!(
        (seen.refs.len(), seen.why.as_str()),
        (2, "it showed more than 2 refs to somebody who did not sign in")
    );
    // The second version: it may be read, and what it holds is not told here.
    let seen = advertised(&list(&["version 2\n", "ls-refs\n", ""])).unwrap();
    assert!(!seen.is_whole && seen.refs.is_empty());
}

#[test]
fn what_is_no_list_says_nothing() {
    let long = format!("{A} {}\n", "n".repeat(NAME + 1));
    for body in [
        b"<!DOCTYPE html>".to_vec(),
        Vec::new(),
        lines(&["# service=git-receive-pack\n", ""]),
        lines(&["# service=git-upload-pack\n"]),
        list(&["ERR access denied\n", ""]),
        list(&["not-an-id refs/heads/a\n", ""]),
        list(&["1111 refs/heads/a\n", ""]),
        list(&[A, ""]),
        list(&[&format!("{A} \n"), ""]),
        list(&[&long, ""]),
        list(&[&format!("{A} refs/tags/a^{{}}\n"), ""]),
        [list(&[]), b"0001".to_vec()].concat(),
        [list(&[]), b"+00a".to_vec()].concat(),
        [list(&[]), b"fff1x".to_vec()].concat(),
        [list(&[]), b"\xff\xff\xff\xff".to_vec()].concat(),
    ] {
        assert!(advertised(&body).is_none(), "{}", shown(&body));
    }
}

#[test]
fn names_are_shown_without_harm() {
    let seen = advertised(&list(&[&format!("{A} refs/heads/\u{1b}[31m\n"), ""])).unwrap();
    assert_eq!(seen.refs[0].name, r"refs/heads/\x1b[31m");
}

#[test]
fn a_commit_is_held_if_a_tip_leads_to_it() {
    let seen = |whole: bool, tips: &[&str]| {
        let texts: Vec<_> = tips.iter().map(|tip| format!("{tip} refs/heads/a\n")).collect();
        let mut texts: Vec<_> = texts.iter().map(String::as_str).collect();
        texts.extend(whole.then_some(""));
        advertised(&list(&texts)).unwrap()
    };
    // B is a child of A; C is not known here.
    let is_ancestor =
        |commit: &str, tip: &str| (tip != C).then_some(commit == tip || (commit, tip) == (A, B));
    for (tips, whole, holds) in [
        (&[B][..], true, Some(true)),
        (&[B], false, Some(true)),
        (&[C, B], true, Some(true)),
        (&["4444444444444444444444444444444444444444"], true, Some(false)),
        (&["4444444444444444444444444444444444444444"], false, None),
        (&[C], true, None),
        (&[], true, Some(false)),
    ] {
        let told = seen(whole || tips.is_empty(), tips).exposed(&[A.into()], is_ancestor);
        assert_eq!((told.visibility, told.holds), (Visibility::Public, holds), "{tips:?}");
    }
    // A tip that is asked for needs nobody who knows it.
    assert_eq!(seen(true, &[C]).exposed(&[C.into()], |_, _| None).holds, Some(true));
    // A list that nobody could read holds nothing that is known.
    let nothing = unknown("x").exposed(&[A.into()], |_, _| Some(true));
    assert_eq!((nothing.visibility, nothing.holds), (Visibility::Unknown, None));
}
