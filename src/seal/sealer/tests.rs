use std::sync::LazyLock;

use proptest::prelude::*;

use super::super::{armoured, from_armour};
use super::*;

fn sealer() -> Sealer {
    let folder = tempfile::tempdir().unwrap();
    Sealer::new(KeyFile::make(&folder.path().join("key")).unwrap())
}

/// Runs what waits for nobody.
fn now<F: Future>(story: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(story)
}

#[test]
fn a_seal_opens_for_its_purpose_only() {
    let (ours, theirs) = (sealer(), sealer());
    now(ours.prove()).unwrap();
    for length in [0, 1, 64, 100_000] {
        let secret = Secret::new(vec![7; length]);
        let sealed = now(ours.seal(&secret, "rotation:r-1:reply")).unwrap();
        assert!(now(ours.open(&sealed, "rotation:r-1:reply")).unwrap() == secret);
        for other in ["rotation:r-2:reply", "rotation:r-1:repl", ""] {
            assert_eq!(now(ours.open(&sealed, other)).err(), Some(SealError::Spoiled), "{other}");
        }
        let said = now(theirs.open(&sealed, "rotation:r-1:reply")).err();
        assert!(matches!(said, Some(SealError::NotForUs(_))));
        assert_ne!(now(ours.seal(&secret, "rotation:r-1:reply")).unwrap(), sealed);
    }
    let long = Secret::new(vec![0; LONGEST + 1]);
    assert_eq!(now(ours.seal(&long, "c")).err(), Some(SealError::TooLong(LONGEST + 1)));
}

#[test]
fn sealed_bytes_hold_nothing_of_the_secret() {
    let secret = Secret::new(b"nothing of this may be seen".to_vec());
    let sealed = now(sealer().seal(&secret, "c")).unwrap();
    let stands = |part: &[u8]| sealed.bytes().windows(part.len()).any(|w| w == part);
    assert!(b"nothing of this may be seen".windows(4).all(|part| !stands(part)));
}

#[test]
fn a_changed_byte_opens_nothing() {
    let sealer = sealer();
    let sealed = now(sealer.seal(&Secret::new(b"secret".to_vec()), "c")).unwrap();
    for at in 0..sealed.bytes().len() {
        let mut bytes = sealed.bytes().to_vec();
        bytes[at] ^= 1;
        assert!(now(sealer.open(&Sealed::new(bytes), "c")).is_err(), "byte {at}");
        assert!(now(sealer.open(&Sealed::new(sealed.bytes()[..at].to_vec()), "c")).is_err(), "cut at {at}");
    }
}

#[test]
fn a_derived_key_is_the_same_each_time_and_another_for_each_purpose() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let sealer = || Sealer::new(KeyFile::read_or_make(&path).unwrap());
    assert_eq!(sealer().derive("audit"), sealer().derive("audit"));
    assert_ne!(sealer().derive("audit"), sealer().derive("identity"));
    assert_ne!(sealer().derive("audit").to_vec(), std::fs::read(&path).unwrap());
}

#[test]
fn armour_survives_a_terminal_and_a_copy() {
    let sealer = sealer();
    let sealed = now(sealer.seal(&Secret::new(vec![1; 200]), "c")).unwrap();
    let text = armoured(&sealed);
    assert!(text.lines().all(|line| line.len() <= 64) && text.is_ascii(), "{text}");
    let copied = format!("keywright: disk full\r\n{}\r\nmore", text.replace('\n', "\r\n   "));
    assert_eq!(from_armour(&copied).unwrap(), sealed);
    for broken in ["", &text[1..], &text[..text.len() - 4], &text.replace("END", "BEGIN")] {
        assert!(from_armour(broken).is_err(), "{broken}");
    }
}

static SEALER: LazyLock<Sealer> = LazyLock::new(sealer);

proptest! {
    /// Nothing that stands in a store or on a screen ends the program.
    #[test]
    fn any_bytes_are_refused_without_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..300), whole in any::<bool>()) {
        if whole {
            bytes.splice(0..0, *b"KWS1\x01");
        }
        let sealed = Sealed::new(bytes);
        prop_assert!(now(SEALER.open(&sealed, "c")).is_err());
        prop_assert_eq!(from_armour(&armoured(&sealed)).unwrap(), sealed);
    }

    /// What is taken apart is what was put together.
    #[test]
    fn an_envelope_reads_back(
        made in prop::collection::vec(("[ -~]{0,255}", prop::collection::vec(any::<u8>(), 0..500)), 1..=MOST),
        body in prop::collection::vec(any::<u8>(), aead::EXTRA..200),
    ) {
        let recipients: Vec<_> = made.into_iter().map(|(id, wrapped)| Recipient { id, wrapped }).collect();
        let sealed = envelope::written(&recipients, &body).unwrap();
        let read = envelope::read(&sealed).unwrap();
        prop_assert_eq!((read.recipients, read.body), (recipients, &body[..]));
    }

    #[test]
    fn any_text_is_refused_as_armour_without_a_panic(text in "\\PC{0,200}") {
        prop_assert!(from_armour(&text).is_err());
        let text = format!("-----BEGIN KEYWRIGHT SEALED-----{text}-----END KEYWRIGHT SEALED-----");
        let _ = from_armour(&text);
    }
}
