//! What a notice looks like as a mail: plain text, and headers in which no line of anybody's can begin.

use data_encoding::HEXLOWER;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use sha2::{Digest as _, Sha256};

use super::super::Notice;
use crate::model::text::shown;

/// The longest title in a subject, in characters.
const TITLE: usize = 160;
/// The longest line, in characters.
const LINE: usize = 2000;
/// How many facts and lines are written.
const LINES: usize = 2000;

/// Writes it.
pub(super) fn written(notice: &Notice, from: &Mailbox, to: &[Mailbox]) -> Result<Message, String> {
    let name = HEXLOWER.encode(&Sha256::digest(notice.id.as_bytes()));
    let mut letter = Message::builder()
        .from(from.clone())
        .subject(format!("[keywright] {}", line(&notice.title, TITLE)))
        // The same news has the same name: who gets it twice sees it once.
        .message_id(Some(format!("<{}@{}>", &name[..32], from.email.domain())))
        .raw_header(raw("Auto-Submitted", "auto-generated"))
        .header(ContentType::TEXT_PLAIN);
    for one in to {
        letter = letter.to(one.clone());
    }
    if notice.urgent {
        letter = letter.raw_header(raw("Importance", "high")).raw_header(raw("X-Priority", "1"));
    }
    letter.body(text(notice)).map_err(|e| format!("the mail cannot be written: {e}"))
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.into())
}

fn text(notice: &Notice) -> String {
    let mut out = line(&notice.title, LINE) + "\n\n";
    let width = notice.facts.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).min(24);
    for (name, value) in notice.facts.iter().take(LINES) {
        out += &format!("{:width$}  {}\n", line(name, LINE), line(value, LINE));
    }
    if !notice.facts.is_empty() && !notice.lines.is_empty() {
        out.push('\n');
    }
    for one in notice.lines.iter().take(LINES) {
        out += line(one, LINE).trim_end();
        out.push('\n');
    }
    let left = notice.lines.len().saturating_sub(LINES) + notice.facts.len().saturating_sub(LINES);
    if left > 0 {
        out += &format!("… and {left} lines more\n");
    }
    out
}

/// One line without harm, and with an end.
fn line(text: &str, longest: usize) -> String {
    let text = shown(text.as_bytes());
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(notice: &Notice) -> String {
        let from: Mailbox = "Keys <keys@example.com>".parse().unwrap();
        let to = ["a@example.com".parse().unwrap(), "Büro <b@example.com>".parse().unwrap()];
        String::from_utf8(written(notice, &from, &to).unwrap().formatted()).unwrap()
    }

    fn notice() -> Notice {
        Notice {
            id: "incident-7".into(),
            title: "a key stood in acme/shop".into(),
            facts: vec![("repository".into(), "acme/shop".into()), ("since".into(), "2026-04-25".into())],
            lines: vec!["It is dead.".into(), "From here on: nothing to do".into()],
            urgent: false,
        }
    }

    #[test]
    fn a_notice_is_readable() {
        let told = letter(&notice());
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        for line in [
            "From: Keys <keys@example.com>",
            "Subject: [keywright] a key stood in acme/shop",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(head.lines().any(|l| l == line), "{head}");
        }
        assert!(head.contains("@example.com>\r\n") && !head.contains("X-Priority"), "{head}");
        let wanted = "a key stood in acme/shop\n\nrepository  acme/shop\nsince       2026-04-25\n\nIt is dead.\nFrom here on: nothing to do\n";
        assert_eq!(body.replace("\r\n", "\n"), wanted);
        assert!(letter(&Notice { urgent: true, ..notice() }).contains("\r\nX-Priority: 1\r\n"));
    }

    #[test]
    fn no_line_of_anybodys_becomes_a_header_or_an_end() {
        let evil = "x\r\nBcc: evil@example.com\r\n\r\n.\r\nMAIL FROM:<evil>\u{2028}\u{1b}[31m";
        let told = letter(&Notice {
            id: evil.into(),
            title: evil.into(),
            facts: vec![(evil.into(), evil.into())],
            lines: vec![evil.into(), ".".into()],
            urgent: false,
        });
        assert!(!told.lines().any(|l| l.starts_with("Bcc") || l.starts_with("MAIL FROM")), "{told}");
        assert!(!told.contains('\u{1b}') && !told.contains("evil@example.com>"), "{told}");
        let ids = |id: &str| {
            let told = letter(&Notice { id: id.into(), ..notice() });
            told.lines().find(|l| l.starts_with("Message-ID")).unwrap().to_owned()
        };
        assert!(ids("a") == ids("a") && ids("a") != ids("b"));
    }

    #[test]
    fn a_mail_has_an_end() {
        let long = letter(&Notice {
            title: "t".repeat(10_000),
            facts: Vec::new(),
            lines: vec!["l".repeat(100); 10_000],
            ..notice()
        });
        assert!(long.len() < 400_000 && long.contains("lines more"), "{}", long.len());
    }
}
