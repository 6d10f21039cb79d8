//! Who agreed to a plan: an SSH signature over the incident, the plan's hash and an expiry (design.md §6), made by
//! `ssh-keygen -Y sign -n keywright`. Pure: the time and the keys are handed in.

mod key;
mod quorum;

use jiff::Timestamp;
use ssh_key::{HashAlg, LineEnding, SshSig};

use crate::model::rotation::Moment;
use crate::model::text::shown;

pub use key::{Approver, approvers};
pub use quorum::{Quorum, quorum};

/// What a signature is for; one that was made for another purpose is none.
pub const NAMESPACE: &str = "keywright";
/// How far ahead an approval may end, in milliseconds.
pub const LONGEST: Moment = 24 * 60 * 60 * 1000;
/// The first line of the text that is signed.
const HEAD: &str = "keywright approval v1";
/// The longest text and the longest signature that are looked at, in bytes.
const MOST: usize = 16 << 10;

/// What approval is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The incident's id.
    pub incident: &'a str,
    /// The plan's hash.
    pub plan: &'a str,
}

/// Why something is no approval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApprovalError {
    /// A line of the operator's approvers cannot be used.
    #[error("approver {number} in [respond] approvers {why}")]
    Approver {
        /// Which one, counted from one.
        number: usize,
        /// What is wrong with it, and what to write.
        why: String,
    },
    /// The text is none of those that are signed.
    #[error(
        "the text is no approval of Keywright's: sign what `keywright` printed, and change nothing in it"
    )]
    Text,
    /// It is about something else.
    #[error("it approves the {what} {theirs}, and approval is asked for {ours}")]
    Another {
        /// `incident` or `plan`.
        what: &'static str,
        /// What it names, shown without harm.
        theirs: String,
        /// What was asked for.
        ours: String,
    },
    /// It is over.
    #[error("it ended at {0}; sign a new one")]
    Expired(String),
    /// It would hold for too long.
    #[error("it would hold until {0}, and an approval holds for 24 hours at most")]
    TooLong(String),
    /// The signature cannot be read.
    #[error("the signature is none of SSH's; make one with `ssh-keygen -Y sign -n keywright -f KEY FILE`")]
    Armour,
    /// It was made for another purpose.
    #[error("the signature was made for `{0}`; sign with `-n keywright`")]
    Namespace(String),
    /// Nobody who may approve has the key.
    #[error("the signature is by the key {0}, which none of [respond] approvers has")]
    Stranger(String),
    /// The signature is not over this text.
    #[error("the signature by the key of {0} is not over this text")]
    Wrong(String),
}

/// Returns the text that is signed: what for, and until when, to the second.
///
/// ```
/// use keywright::respond::approval::{Asked, text};
/// let asked = Asked { incident: "i-0123", plan: "3f2a" };
/// let until = "2026-11-21T20:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond();
/// assert_eq!(text(&asked, until), "keywright approval v1\nincident i-0123\nplan 3f2a\nuntil 2026-11-21T20:00:00Z\n");
/// ```
#[must_use]
pub fn text(asked: &Asked<'_>, until: Moment) -> String {
    let plain = |name: &str| shown(name.as_bytes());
    format!("{HEAD}\nincident {}\nplan {}\nuntil {}\n", plain(asked.incident), plain(asked.plan), time(until))
}

/// Verifies an approval, and returns the approver's name. `text` is what was signed, `armoured` the signature
/// as `ssh-keygen` writes it.
///
/// # Errors
/// [`ApprovalError`], a letter. Nothing in `text` is believed before the signature is verified.
pub fn verify(
    asked: &Asked<'_>,
    text: &str,
    armoured: &[u8],
    approvers: &[Approver],
    now: Moment,
) -> Result<String, ApprovalError> {
    let until = read(asked, text)?;
    if until <= now {
        return Err(ApprovalError::Expired(time(until)));
    }
    if until > now.saturating_add(LONGEST) {
        return Err(ApprovalError::TooLong(time(until)));
    }
    let signed = unpacked(armoured).ok_or(ApprovalError::Armour)?;
    if signed.namespace() != NAMESPACE {
        let theirs: String = signed.namespace().chars().take(64).collect();
        return Err(ApprovalError::Namespace(shown(theirs.as_bytes())));
    }
    let Some(approver) = approvers.iter().find(|a| a.has(signed.public_key())) else {
        return Err(ApprovalError::Stranger(signed.public_key().fingerprint(HashAlg::Sha256).to_string()));
    };
    let data = SshSig::signed_data(NAMESPACE, signed.hash_alg(), text.as_bytes());
    let data = data.map_err(|_| ApprovalError::Armour)?;
    if approver.signed(&data, signed.signature()) {
        Ok(approver.name.clone())
    } else {
        Err(ApprovalError::Wrong(approver.name.clone()))
    }
}

/// Reads a signature out of its armour, if it is in the very form that `ssh-keygen` writes.
fn unpacked(armoured: &[u8]) -> Option<SshSig> {
    let armoured = std::str::from_utf8(armoured).ok().filter(|text| text.len() <= MOST)?;
    let signed = SshSig::from_pem(armoured).ok()?;
    // The reader is lenient with lengths that stand in it: what it read is written again and held against it.
    let written = signed.to_pem(LineEnding::LF).ok()?;
    let is_whole = written.lines().eq(armoured.trim().lines());
    (is_whole && signed.version() == SshSig::VERSION && signed.reserved().is_empty()).then_some(signed)
}

/// Reads until when a text holds; it must be the very text that was asked for.
fn read(asked: &Asked<'_>, signed: &str) -> Result<Moment, ApprovalError> {
    let mut lines = signed.lines();
    if signed.len() > MOST || lines.next() != Some(HEAD) {
        return Err(ApprovalError::Text);
    }
    for (what, ours) in [("incident", asked.incident), ("plan", asked.plan)] {
        let line = lines.next().and_then(|line| line.strip_prefix(what)?.strip_prefix(' '));
        let theirs = line.ok_or(ApprovalError::Text)?;
        if theirs != shown(ours.as_bytes()) {
            let theirs: String = theirs.chars().take(64).collect();
            return Err(ApprovalError::Another {
                what,
                theirs: shown(theirs.as_bytes()),
                ours: shown(ours.as_bytes()),
            });
        }
    }
    let until = lines.next().and_then(|line| line.strip_prefix("until ")?.parse::<Timestamp>().ok());
    let until = until.ok_or(ApprovalError::Text)?.as_millisecond();
    // Whatever else could be written there is not what a person was shown.
    if signed == text(asked, until) { Ok(until) } else { Err(ApprovalError::Text) }
}

fn time(at: Moment) -> String {
    Timestamp::from_millisecond(at)
        .map_or_else(|_| "?".into(), |t| t.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ASKED: Asked<'_> = Asked { incident: "i-0123456789ab", plan: "3f2a90c1d4e5f607" };
    const NOW: Moment = 1_795_290_000_000;

    fn refused(text: &str) -> ApprovalError {
        verify(&ASKED, text, b"", &[], NOW).unwrap_err()
    }

    #[test]
    fn a_text_is_the_one_that_was_asked_for_or_none() {
        let good = text(&ASKED, NOW + 60_000);
        assert_eq!(refused(&good), ApprovalError::Armour, "only the signature is missing");
        for (from, to) in [
            ("v1", "v2"),
            ("\nplan", "\n plan"),
            ("plan ", "plan"),
            ("Z\n", "Z"),
            ("Z\n", "Z\n\n"),
            ("Z\n", "Z\nincident i-other\n"),
            ("Z\n", "+00:00\n"),
            ("Z\n", ".5Z\n"),
            ("\n", "\r\n"),
            ("until ", "until soon"),
            ("keywright", "\u{feff}keywright"),
        ] {
            assert_eq!(refused(&good.replace(from, to)), ApprovalError::Text, "{from:?} {to:?}");
        }
        let long = format!("{good}{}", "x".repeat(MOST));
        assert_eq!(refused(&long), ApprovalError::Text);
    }

    #[test]
    fn another_incident_or_plan_is_not_approved() {
        for (other, word) in [
            (Asked { incident: "i-ffffffffffff", ..ASKED }, "the incident i-ffffffffffff"),
            (Asked { plan: "0000000000000000", ..ASKED }, "the plan 0000000000000000"),
            (Asked { plan: "3f2a90c1d4e5f607 ", ..ASKED }, "the plan"),
            (Asked { plan: "3f2a\u{1b}[31m", ..ASKED }, "the plan 3f2a"),
        ] {
            let told = refused(&text(&other, NOW + 60_000)).to_string();
            assert!(told.contains(word), "{told}");
        }
    }

    #[test]
    fn an_approval_ends_and_does_not_reach_far() {
        for (until, is_expired) in [(NOW, true), (NOW - 1000, true), (NOW + LONGEST + 1000, false)] {
            let told = refused(&text(&ASKED, until));
            let fits = matches!(
                (&told, is_expired),
                (ApprovalError::Expired(_), true) | (ApprovalError::TooLong(_), false)
            );
            assert!(fits, "{told:?}");
        }
        for until in [NOW + 1000, NOW + LONGEST] {
            assert_eq!(refused(&text(&ASKED, until)), ApprovalError::Armour);
        }
        let far = text(&ASKED, NOW + 1000).replace("2026", "9999");
        assert!(matches!(refused(&far), ApprovalError::TooLong(_)));
    }

    proptest! {
        /// Any text and any signature: refused, and no panic.
        #[test]
        fn garbage_approves_nothing(text in "\\PC{0,200}", armoured in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(verify(&ASKED, &text, &armoured, &[], NOW).is_err());
            prop_assert!(verify(&ASKED, &super::text(&ASKED, NOW + 1000), &armoured, &[], NOW).is_err());
        }

        /// A frame around anything at all.
        #[test]
        fn framed_garbage_approves_nothing(blob in proptest::collection::vec(any::<u8>(), 0..400), is_begun in any::<bool>()) {
            let mut bytes = if is_begun { b"SSHSIG\0\0\0\x01".to_vec() } else { Vec::new() };
            bytes.extend(blob);
            let mut armoured = "-----BEGIN SSH SIGNATURE-----\n".to_owned();
            let base64 = data_encoding::BASE64.encode(&bytes);
            for line in base64.as_bytes().chunks(70) {
                armoured += std::str::from_utf8(line).unwrap();
                armoured.push('\n');
            }
            armoured += "-----END SSH SIGNATURE-----\n";
            prop_assert!(verify(&ASKED, &text(&ASKED, NOW + 1000), armoured.as_bytes(), &[], NOW).is_err());
        }
    }
}
