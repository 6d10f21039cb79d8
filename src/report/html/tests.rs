use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::super::Format;
use super::super::sample::{self, PLAIN, finding, in_history, told};
use super::{SCRIPT, STYLE};
use crate::model::{
    Check, Coverage, Finding, Fingerprint, Path, Place, Severity, Skip, SkipReason, Status, Suppression,
    Verdict,
};

/// Text that would do something in a page that took it as it is.
const HARM: &str =
    "</script></style></noscript></p>\"'><img src=x onerror=alert(1)>&lt;<!--\u{202e}\n<p>##[x]";

fn page(findings: &[Finding], coverage: &Coverage) -> String {
    told(Format::Html, &sample::outcome(findings, coverage), &PLAIN)
}

/// One finding whose every text is the given one, in a file and in a message, and a suppressed one.
fn zoo(text: &str) -> (Vec<Finding>, Coverage) {
    let mut coverage = Coverage { objects_expected: 3, objects_read: 2, ..Coverage::default() };
    coverage.skip(Skip { reason: SkipReason::Missing, what: text.into(), mend: text.into() });
    let every = || {
        let mut finding = in_history(finding("r", Severity::High, text, 1));
        let commit = finding.location.commit.as_mut().unwrap();
        (commit.author, commit.email) = (text.into(), text.into());
        finding.location.refs = vec![text.into(), format!("refs/heads/{text}")];
        (finding.hit.line_text, finding.hit.masked) = (text.into(), text.into());
        finding.hit.key_id = Some(text.into());
        finding.hit.checks = vec![Check { name: "checksum", verdict: Verdict::Failed, why: text.into() }];
        let rule = std::sync::Arc::get_mut(&mut finding.hit.rule).unwrap();
        (rule.id, rule.description, rule.remedy) = (text.into(), text.into(), text.into());
        rule.provider = Some(text.into());
        // A page's address with such signs becomes no link; neither does a bare word.
        rule.docs = Some(if text == HARM { format!("https://example.com/{text}") } else { text.into() });
        finding
    };
    let (mut message, mut let_be) = (every(), every());
    (message.location.place, message.location.path) = (Place::CommitMessage, Path::new(""));
    let_be.suppression = Some(Suppression {
        kind: "inline",
        by: text.into(),
        owner: Some(text.into()),
        reason: Some(text.into()),
    });
    (vec![every(), message, let_be], coverage)
}

/// Returns the page without what stands in its style and its script.
fn markup(page: &str) -> String {
    page.replace(STYLE, "").replace(SCRIPT, "")
}

/// Lists the tags of a page: `<a href rel>`, values left out.
fn tags(page: &str) -> Vec<String> {
    let page = markup(page);
    let tags = page.split('<').skip(1).map(|rest| {
        let tag = rest.split_once('>').expect("a tag ends").0;
        let unquoted: Vec<_> = tag.split('"').step_by(2).collect();
        unquoted.join("")
    });
    tags.collect()
}

#[test]
fn the_policy_names_this_style_and_this_script() {
    let page = page(&[], &Coverage::default());
    let inside = |open: &str, close: &str| {
        let parts: Vec<_> = page.split(open).collect();
        assert_eq!(parts.len(), 2, "one {open}");
        BASE64.encode(&Sha256::digest(parts[1].split_once(close).unwrap().0))
    };
    let style = format!("style-src 'sha256-{}';", inside("<style>", "</style>"));
    let script = format!("script-src 'sha256-{}';", inside("<script>", "</script>"));
    let policy =
        page.split_once("Content-Security-Policy\" content=\"").unwrap().1.split_once('"').unwrap().0;
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(policy.contains(&style) && policy.contains(&script), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    // It holds for what comes behind it only.
    assert!(page.find("Content-Security-Policy") < page.find("<style>"));
}

#[test]
fn text_from_a_repository_adds_no_tag_and_no_attribute() {
    let whole = |text: &str| {
        let (findings, coverage) = zoo(text);
        let warnings = [text.to_owned()];
        let mut outcome = sample::outcome(&findings, &coverage);
        (outcome.warnings, outcome.target) = (&warnings, text);
        told(Format::Html, &outcome, &PLAIN)
    };
    let (harm, plain) = (whole(HARM), whole("a"));
    assert_eq!(tags(&harm), tags(&plain));
    assert!(
        markup(&harm).contains("&lt;img src=x onerror=alert(1)&gt;&amp;lt;&lt;!--\\u{202e}\\x0a&lt;p&gt;")
    );
}

#[test]
fn every_line_of_the_list_is_what_the_script_takes_it_for() {
    let (findings, coverage) = zoo(HARM);
    let page = page(&findings, &coverage);
    let list = page.split_once("<div id=\"list\">\n").unwrap().1.split_once("</div>").unwrap().0;
    for line in list.lines() {
        match line.split_once([' ', '>']).unwrap().0 {
            "<article" => assert_eq!(line.matches("<p>").count(), 7, "{line}"),
            "<li" => assert_eq!(line.matches("<p>").count(), 12, "{line}"),
            _ => assert_eq!(line, "</ol></article>"),
        }
    }
    assert_eq!(list.matches("<li").count(), 3);
}

#[test]
fn nothing_in_the_page_is_fetched_or_runs_but_its_script() {
    let findings = [in_history(finding("r", Severity::High, "a", 1))];
    let page = page(&findings, &Coverage::default());
    assert!(
        page.contains(
            "<a href=\"https://example.com/keys\" rel=\"noopener noreferrer\">example.com/keys</a>"
        )
    );
    assert!(page.contains("<meta name=\"referrer\" content=\"no-referrer\">"));
    for tag in tags(&page) {
        let mut words = tag.split(' ').map(|word| word.split('=').next().unwrap());
        let element = words.next().unwrap();
        assert!(
            !["img", "link", "iframe", "object", "embed", "form", "base", "svg"].contains(&element),
            "{tag}"
        );
        for name in words {
            assert!(
                !name.starts_with("on") && !["src", "srcset", "style", "action"].contains(&name),
                "{tag}"
            );
        }
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    let sinks = ["innerHTML", "outerHTML", "insertAdjacent", "write(", "eval", "Function(", "DOMParser"];
    for word in
        sinks.into_iter().chain(["fetch", "XMLHttp", "WebSocket", "import", "location", "Storage", "cookie"])
    {
        assert!(!SCRIPT.contains(word), "{word}");
    }
}

#[test]
fn secrets_are_masked_even_where_they_were_to_be_shown() {
    let mut named = in_history(finding("r", Severity::High, &sample::secret(), 1));
    named.location.refs = vec![format!("refs/heads/{}", sample::secret())];
    let (findings, coverage) = ([named], Coverage::default());
    let clear = super::Style { show_secrets: true, ..PLAIN };
    let page = told(Format::Html, &sample::outcome(&findings, &coverage), &clear);
    assert!(!page.contains(&sample::secret()));
    assert!(page.contains("<p>…qqqq<p>"));
}

#[test]
fn the_top_says_what_was_found_and_what_was_not_read() {
    let mut coverage = Coverage { objects_expected: 1204, objects_read: 1203, ..Coverage::default() };
    coverage.skip(Skip { reason: SkipReason::Missing, what: "blob 0a".into(), mend: "git fetch".into() });
    let unread = page(&[], &coverage);
    for words in [
        "<h1>No leaks in what could be read</h1>",
        "1,203 of 1,204 stored objects",
        "not read: 1 × missing <span>do: git fetch</span>",
        "<li>blob 0a",
        "repository demo · 2024-05-06 07:08 UTC",
    ] {
        assert!(unread.contains(words), "{words}\n{}", markup(&unread));
    }
    let mut lost = in_history(finding("r", Severity::High, "b", 1));
    lost.status = Status::Unreachable;
    let found = page(&[finding("r", Severity::High, "a", 1), lost], &Coverage::default());
    for words in [
        "<h1>1 leak</h1>",
        "at 1 place in 1 file",
        "<b>1</b> unreachable",
        "<p>unreachable: no ref leads to it<p>",
    ] {
        assert!(found.contains(words), "{words}\n{}", markup(&found));
    }
    assert!(!found.contains("there may be more"));
    let part = page(&[finding("r", Severity::High, "a", 1)], &coverage);
    assert!(
        part.contains("<h1>1 leak</h1>") && part.contains("Not everything could be read: there may be more.")
    );
    assert!(page(&[], &Coverage::default()).contains("<h1>No leaks</h1>"));
}

#[test]
fn what_is_too_long_for_elements_is_still_in_the_page() {
    let findings: Vec<_> = (0..3000)
        .map(|n| {
            let mut finding = finding("r", Severity::High, "a.env", n);
            if n >= 100 {
                finding.fingerprint = Fingerprint::new("f".repeat(64));
            }
            finding
        })
        .collect();
    let page = page(&findings, &Coverage::default());
    let (first, rest) = page.split_once("<noscript>").unwrap();
    assert_eq!(
        (first.matches("<li class=\"leak").count(), rest.matches("<li class=\"leak").count()),
        (150, 2850)
    );
    // A secret goes on in the next portion under the same name.
    assert_eq!(page.matches(&format!("<p>{}<p>", "f".repeat(64))).count(), 3);
    assert_eq!((page.matches("<noscript>").count(), page.matches("</noscript>").count()), (2, 2));
}

#[test]
fn every_colour_of_text_can_be_read_on_its_ground() {
    let colour = |name: &str, dark: usize| {
        let line = STYLE
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("--{name}: light-dark(")))
            .unwrap();
        let hex = line.split('#').nth(dark + 1).unwrap().get(..6).unwrap();
        [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0)
    };
    let light = |rgb: [f64; 3]| {
        let part = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        0.2126 * part(rgb[0]) + 0.7152 * part(rgb[1]) + 0.0722 * part(rgb[2])
    };
    let contrast = |a, b| {
        let (a, b): (f64, f64) = (light(a), light(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    };
    for dark in [0, 1] {
        for text in ["ink", "soft", "link", "critical", "high", "medium", "low", "good"] {
            let text_colour = colour(text, dark);
            let card = colour("card", dark);
            // The ground of a badge is a ninth of its own colour.
            let badge = [0, 1, 2].map(|n| 0.11 * text_colour[n] + 0.89 * card[n]);
            for ground in [colour("page", dark), card, colour("well", dark), badge] {
                assert!(
                    contrast(text_colour, ground) >= 4.5,
                    "{text}, dark {dark}: {}",
                    contrast(text_colour, ground)
                );
            }
        }
        assert!(contrast(colour("ink", dark), colour("mark", dark)) >= 4.5);
    }
}
