//! What is written to a provider when a leaked key was abused (R23): its public name, times, hosts and
//! events; never the secret.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::review::Review;
use crate::model::rotation::Moment;
use crate::model::text::shown;

/// Who writes about what.
pub struct Facts<'a> {
    /// Where to.
    pub to: &'a str,
    /// The provider's name.
    pub provider: &'a str,
    /// The key's public name.
    pub key_id: &'a str,
    /// Who writes.
    pub from: &'a str,
}

/// Writes the letter. `None`: nothing unusual was found, so there is nothing to write.
#[must_use]
pub fn letter(facts: &Facts<'_>, review: &Review) -> Option<String> {
    if review.flags.is_empty() {
        return None;
    }
    let mut text = format!(
        "To: {}\nSubject: Abuse of a leaked key: {}\n\nHello,\n\n\
         our key {} ({}) was public from {} to {}. In that time it was used {} times, and some of that was not us:\n\n",
        facts.to,
        shown(facts.key_id.as_bytes()),
        shown(facts.key_id.as_bytes()),
        facts.provider,
        time(review.exposure.from),
        time(review.exposure.until),
        review.uses,
    );
    for flag in &review.flags {
        let span = match (flag.first, flag.last) {
            (Some(first), Some(last)) => format!(", {} to {}", time(first), time(last)),
            _ => String::new(),
        };
        let what = shown(flag.what.as_bytes());
        let _ =
            writeln!(text, "- {}: {what} ({} uses, {} bytes sent{span})", flag.sign, flag.uses, flag.sent);
        if !flag.ids.is_empty() {
            let ids: Vec<_> = flag.ids.iter().map(|id| shown(id.as_bytes())).collect();
            let _ = writeln!(text, "  events: {}", ids.join(", "));
        }
    }
    let _ = write!(
        text,
        "\nThe secret was replaced, and the old one is refused. Please mark these events as abuse in your audit \
         trail, and tell us what else you see for this key in that time.\n\nThank you,\n{}\n",
        shown(facts.from.as_bytes())
    );
    Some(text)
}

fn time(at: Moment) -> String {
    Timestamp::from_millisecond(at)
        .map_or_else(|_| "?".into(), |t| t.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::super::review::{Exposure, Use, review};
    use super::*;

    const FACTS: Facts<'_> =
        Facts { to: "security@provider.example", provider: "Example", key_id: "id_1", from: "Ann" };

    #[test]
    fn the_letter_names_key_times_hosts_and_events() {
        // R23
        let uses = [Use {
            id: Some("ev-7".into()),
            at: Some(1_700_000_000_000),
            host: Some("evil.example\nBcc: all".into()),
            sent: 5,
            ..Use::default()
        }];
        let exposure = Exposure { from: 1_699_999_000_000, until: 1_700_000_100_000 };
        let text = letter(&FACTS, &review(&uses, exposure)).unwrap();
        for part in ["id_1", "2023-11-14 22:13:20 UTC", "evil.example", "ev-7", "Ann"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("\nBcc"), "{text}");
    }

    #[test]
    fn nothing_unusual_is_no_letter() {
        assert_eq!(letter(&FACTS, &review(&[], Exposure { from: 0, until: 1 })), None);
    }
}
