//! Approvals, signed by the real `ssh-keygen`.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use keywright::model::rotation::Moment;
use keywright::respond::approval::{
    ApprovalError, Approver, Asked, LONGEST, NAMESPACE, approvers, text, verify,
};

use crate::support::program::cleared;

const ASKED: Asked<'_> = Asked { incident: "i-0123456789ab", plan: "3f2a90c1d4e5f607" };
const NOW: Moment = 1_795_290_000_000;
const UNTIL: Moment = NOW + 3_600_000;

/// A folder with somebody's key in it.
struct Signer {
    room: tempfile::TempDir,
    name: String,
}

impl Signer {
    fn new(name: &str, kind: &[&str]) -> Self {
        let signer = Self { room: tempfile::tempdir().unwrap(), name: name.to_owned() };
        let key = signer.key();
        let words = ["-q", "-N", "", "-C", "a comment", "-t"];
        keygen(signer.room.path(), words.iter().chain(kind).copied(), &["-f".as_ref(), key.as_ref()]);
        signer
    }

    fn key(&self) -> PathBuf {
        self.room.path().join("key")
    }

    /// Returns the operator's line.
    fn line(&self) -> String {
        let public = std::fs::read_to_string(self.room.path().join("key.pub")).unwrap();
        format!("{} {}", self.name, public.trim_end())
    }

    /// Signs a text, as a person would.
    fn signs(&self, text: &str) -> Vec<u8> {
        self.signs_for(NAMESPACE, text, &[])
    }

    fn signs_for(&self, namespace: &str, text: &str, more: &[&str]) -> Vec<u8> {
        let file = self.room.path().join("text");
        std::fs::write(&file, text).unwrap();
        let _ = std::fs::remove_file(self.room.path().join("text.sig"));
        let words = ["-q", "-Y", "sign", "-n", namespace];
        let key = self.key();
        keygen(
            self.room.path(),
            words.iter().chain(more).copied(),
            &["-f".as_ref(), key.as_ref(), file.as_ref()],
        );
        std::fs::read(self.room.path().join("text.sig")).unwrap()
    }
}

fn keygen<'w>(room: &Path, words: impl Iterator<Item = &'w str>, paths: &[&Path]) {
    let mut command = cleared("ssh-keygen", room);
    command.args(words).args(paths).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success(), "ssh-keygen (openssh-client) refused");
}

fn who(signers: &[&Signer]) -> Vec<Approver> {
    approvers(&signers.iter().map(|s| s.line()).collect::<Vec<_>>()).unwrap()
}

#[test]
fn every_kind_of_key_that_is_taken_approves() {
    let bob = Signer::new("bob", &["ed25519"]);
    for kind in [
        &["ed25519"][..],
        &["ecdsa", "-b", "256"],
        &["ecdsa", "-b", "384"],
        &["rsa", "-b", "2048"],
        &["rsa", "-b", "3072"],
    ] {
        let alice = Signer::new("alice", kind);
        let (later, known) = (text(&ASKED, UNTIL + 1000), who(&[&bob, &alice]));
        let text = text(&ASKED, UNTIL);
        for hash in ["sha512", "sha256"] {
            let signed = alice.signs_for(NAMESPACE, &text, &["-O", &format!("hashalg={hash}")]);
            assert_eq!(
                verify(&ASKED, &text, &signed, &known, NOW).as_deref(),
                Ok("alice"),
                "{kind:?} {hash}"
            );
            // The same signature over anything else is none.
            assert_eq!(
                verify(&ASKED, &later, &signed, &known, NOW),
                Err(ApprovalError::Wrong("alice".into()))
            );
        }
    }
}

#[test]
fn an_approval_is_of_this_incident_this_plan_and_now() {
    let alice = Signer::new("alice", &["ed25519"]);
    let known = who(&[&alice]);
    let of = |asked: &Asked<'_>, until: Moment| {
        let text = text(asked, until);
        verify(&ASKED, &text, &alice.signs(&text), &known, NOW)
    };
    assert_eq!(of(&ASKED, NOW + LONGEST).as_deref(), Ok("alice"));
    assert!(matches!(
        of(&Asked { plan: "ffffffffffffffff", ..ASKED }, UNTIL),
        Err(ApprovalError::Another { what: "plan", .. })
    ));
    assert!(matches!(
        of(&Asked { incident: "i-9", ..ASKED }, UNTIL),
        Err(ApprovalError::Another { what: "incident", .. })
    ));
    assert!(matches!(of(&ASKED, NOW), Err(ApprovalError::Expired(_))));
    assert!(matches!(of(&ASKED, NOW + LONGEST + 1000), Err(ApprovalError::TooLong(_))));
    // A text that only begins like one.
    let longer = format!("{}and everything else\n", text(&ASKED, UNTIL));
    assert_eq!(verify(&ASKED, &longer, &alice.signs(&longer), &known, NOW), Err(ApprovalError::Text));
}

#[test]
fn a_signature_for_another_purpose_or_by_another_key_is_none() {
    let (alice, mallory) = (Signer::new("alice", &["ed25519"]), Signer::new("mallory", &["ed25519"]));
    let (text, known) = (text(&ASKED, UNTIL), who(&[&alice]));
    for namespace in ["git", "file", "keywright2", "Keywright"] {
        let signed = alice.signs_for(namespace, &text, &[]);
        assert_eq!(
            verify(&ASKED, &text, &signed, &known, NOW),
            Err(ApprovalError::Namespace(namespace.into()))
        );
    }
    let told = verify(&ASKED, &text, &mallory.signs(&text), &known, NOW).unwrap_err().to_string();
    assert!(told.contains("SHA256:") && told.contains("[respond] approvers"), "{told}");
    assert!(matches!(verify(&ASKED, &text, &alice.signs(&text), &[], NOW), Err(ApprovalError::Stranger(_))));
    // Alice's public key over mallory's signature: of one length, so they can be put together.
    let blob = |signed: &[u8]| {
        let body: String =
            std::str::from_utf8(signed).unwrap().lines().filter(|l| !l.starts_with('-')).collect();
        data_encoding::BASE64.decode(body.as_bytes()).unwrap()
    };
    let (mut forged, theirs) = (blob(&alice.signs(&text)), blob(&mallory.signs(&text)));
    let at = forged.len() - 64;
    forged[at..].copy_from_slice(&theirs[at..]);
    let forged = armoured(&forged);
    assert_eq!(verify(&ASKED, &text, &forged, &known, NOW), Err(ApprovalError::Wrong("alice".into())));
}

fn armoured(blob: &[u8]) -> Vec<u8> {
    let base64 = data_encoding::BASE64.encode(blob);
    let lines: Vec<_> = base64.as_bytes().chunks(70).map(|l| std::str::from_utf8(l).unwrap()).collect();
    format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n")).into_bytes()
}

#[test]
fn no_bit_of_a_signature_can_be_changed_and_no_end_cut_off() {
    for kind in [&["ed25519"][..], &["ecdsa", "-b", "256"]] {
        let alice = Signer::new("alice", kind);
        let (text, known) = (text(&ASKED, UNTIL), who(&[&alice]));
        let signed = alice.signs(&text);
        let body: String =
            std::str::from_utf8(&signed).unwrap().lines().filter(|l| !l.starts_with('-')).collect();
        let blob = data_encoding::BASE64.decode(body.as_bytes()).unwrap();
        assert_eq!(verify(&ASKED, &text, &armoured(&blob), &known, NOW).as_deref(), Ok("alice"));
        for at in 0..blob.len() {
            for bit in 0..8 {
                let mut changed = blob.clone();
                changed[at] ^= 1 << bit;
                let told = verify(&ASKED, &text, &armoured(&changed), &known, NOW);
                assert!(told.is_err(), "{kind:?}: byte {at}, bit {bit}");
            }
            assert!(
                verify(&ASKED, &text, &armoured(&blob[..at]), &known, NOW).is_err(),
                "{kind:?}: cut at {at}"
            );
        }
        let longer = [&blob[..], b"\0"].concat();
        assert!(verify(&ASKED, &text, &armoured(&longer), &known, NOW).is_err());
        // But for the line end at the end, the frame is part of it.
        for at in 0..signed.len() - 1 {
            assert_eq!(verify(&ASKED, &text, &signed[..at], &known, NOW), Err(ApprovalError::Armour), "{at}");
        }
        let long = [&signed[..], &vec![b'\n'; 20 << 10]].concat();
        assert_eq!(verify(&ASKED, &text, &long, &known, NOW), Err(ApprovalError::Armour));
    }
}

#[test]
fn a_key_that_is_not_taken_is_told_when_it_is_written_down() {
    for (kind, why) in
        [(&["ecdsa", "-b", "521"][..], "a kind that is not taken"), (&["rsa", "-b", "1024"], "under 2,048")]
    {
        let told = approvers(&[Signer::new("alice", kind).line()]).unwrap_err().to_string();
        assert!(told.contains(why), "{told}");
    }
    // A private key in the wrong place is not repeated.
    let alice = Signer::new("alice", &["ed25519"]);
    let private = std::fs::read_to_string(alice.key()).unwrap().replace('\n', " ");
    let told = approvers(&[format!("alice {private}")]).unwrap_err().to_string();
    assert!(!private.split(' ').any(|word| word.len() > 20 && told.contains(word)), "{told}");
}
