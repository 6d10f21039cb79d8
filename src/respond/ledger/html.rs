//! The report as one page: it is whole by itself, asks the network for nothing and runs nothing. Its
//! policy allows its own style, by hash, and nothing else.

use std::fmt::Write as _;

use data_encoding::BASE64;
use sha2::{Digest, Sha256};

use super::facts::Facts;
use super::picture;
use super::words::{count, span, time};
use crate::model::text::shown;
use crate::report::html_text;

const STYLE: &str = include_str!("style.css");

/// Writes a report.
pub(super) fn write(facts: &Facts<'_>) -> String {
    let (verdict, mood) = facts.verdict();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        BASE64.encode(&Sha256::digest(STYLE))
    );
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Incident {}: {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        text(facts.incident.id),
        text(&verdict)
    );
    top(facts, &verdict, mood, &mut out);
    if let Some(svg) = picture::draw(facts) {
        let _ = writeln!(out, "<div class=\"wide picture\">{svg}</div>");
    }
    decided(facts, &mut out);
    moments(facts, &mut out);
    review(facts, &mut out);
    places(facts, &mut out);
    steps(facts, &mut out);
    left(facts, &mut out);
    evidence(facts, &mut out);
    let at = facts.written.as_deref().unwrap_or_default();
    let _ = writeln!(
        out,
        "<footer>Keywright {} · written {} · secrets are masked</footer>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION"),
        text(at)
    );
    out
}

/// Text from outside, as one harmless line.
fn text(of: &str) -> String {
    html_text(&shown(of.as_bytes()))
}

fn section(out: &mut String, title: &str) {
    let _ = writeln!(out, "<h2>{title}</h2>");
}

/// A table of cells that are HTML already; the first of a row names it.
fn table(out: &mut String, names: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let _ = write!(out, "<div class=\"wide\"><table>\n<thead><tr>");
    for name in names {
        let _ = write!(out, "<th scope=\"col\">{name}");
    }
    let _ = writeln!(out, "</thead><tbody>");
    for row in rows {
        let _ = writeln!(out, "<tr><td>{}", row.join("<td>"));
    }
    let _ = writeln!(out, "</tbody></table></div>");
}

fn top(facts: &Facts<'_>, verdict: &str, mood: &str, out: &mut String) {
    let incident = &facts.incident;
    let _ = writeln!(
        out,
        "<header class=\"{mood}\">\n<p class=\"brand\">Keywright <span>incident {}</span></p>\n<h1>{}</h1>",
        text(incident.id),
        text(verdict)
    );
    let known =
        [Some(incident.masked), Some(incident.provider), incident.key_id, incident.key, Some(incident.rule)];
    let known: Vec<_> = known.into_iter().flatten().filter(|t| !t.is_empty()).map(text).collect();
    let _ = writeln!(
        out,
        "<p class=\"facts\"><code>{}</code> · {} · {}</p>",
        known.join("</code> · <code>"),
        text(incident.severity),
        incident.stage
    );
    let minutes = facts.exposure.minutes.map_or("?".into(), |m| format!("{m:.1}"));
    let outage = facts.outage_ms.map_or("–".into(), span);
    let flags = facts.review.as_ref().map_or("–".into(), |r| r.flags.len().to_string());
    let seen = facts.places.len() as u64 + facts.unlisted;
    let refs = facts.left.map_or("–".into(), |left| left.refs.len().to_string());
    let _ = writeln!(
        out,
        "<ul class=\"numbers\">\n<li><b>{minutes}</b> minutes of exposure\n<li><b>{outage}</b> measured outage\n\
         <li><b>{flags}</b> kinds of unusual use\n<li><b>{seen}</b> {}\n<li><b>{refs}</b> refs still hold it\n</ul>",
        if seen == 1 { "place" } else { "places" }
    );
    let _ = writeln!(out, "<p class=\"note\">Exposure: {}.</p>", facts.exposure());
    if !incident.note.is_empty() {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", text(incident.note));
    }
    let _ = writeln!(out, "</header>");
}

fn decided(facts: &Facts<'_>, out: &mut String) {
    section(out, "What was shown, and who decided");
    let rows = facts.shown.iter().map(|answer| {
        let at = answer.ms.map(time).unwrap_or_default();
        vec![answer.question.into(), format!("<b>{}</b>", answer.answer), text(&answer.why), at]
    });
    let decision = facts.decision.map(|d| {
        let why = format!("{}: {}", text(&d.by), text(&d.because));
        vec!["what is done?".into(), format!("<b>{}</b>", d.action), why, time(d.at)]
    });
    let asked = Some(facts.asked_by).filter(|by| !by.is_empty()).map(|by| {
        vec!["who asked for approval?".into(), format!("<b>{}</b>", text(by)), String::new(), String::new()]
    });
    let approvals = facts.approvals.iter().map(|approval| {
        vec![
            "who approved?".into(),
            format!("<b>{}</b>", text(approval.by)),
            String::new(),
            time(approval.ms),
        ]
    });
    let names = ["question", "answer", "what showed it", "when"];
    table(out, &names, rows.chain(decision).chain(asked).chain(approvals));
}

fn moments(facts: &Facts<'_>, out: &mut String) {
    section(out, "Moments");
    let rows = facts.times.iter().map(|at| {
        let when = at.ms.map_or("–".into(), time);
        vec![format!("<b>{}</b>", at.name), when, at.after_ms.map(span).unwrap_or_default(), at.means.into()]
    });
    table(out, &["moment", "when", "after", "means"], rows);
}

fn places(facts: &Facts<'_>, out: &mut String) {
    section(out, "Where it was seen");
    let rows = facts.places.iter().map(|place| {
        let at = format!("<code>{}:{}</code>", text(&place.path), place.line);
        let commit = format!("<code>{}</code>", text(place.commit.get(..12).unwrap_or(&place.commit)));
        let cells = [&place.place, &place.date, &place.refs.join(", ")].map(|cell| text(cell));
        [vec![text(&place.repository), at, commit], cells.to_vec()].concat()
    });
    table(out, &["repository", "path and line", "commit", "kind", "date", "refs"], rows);
    if facts.unlisted > 0 {
        let _ = writeln!(out, "<p class=\"note\">{} more were counted and not listed.</p>", facts.unlisted);
    }
}

fn steps(facts: &Facts<'_>, out: &mut String) {
    section(out, "What was done");
    let rows = facts.steps.iter().map(|step| {
        let hash = format!("<code>{}</code>", text(step.hash.get(..16).unwrap_or(step.hash)));
        let cells = [step.actor, step.action, step.status, step.detail].map(text);
        [vec![step.number.to_string(), time(step.ms)], cells.to_vec(), vec![hash]].concat()
    });
    table(out, &["line", "when", "who", "what", "came to", "detail", "hash"], rows);
}

fn review(facts: &Facts<'_>, out: &mut String) {
    section(out, "What was done with it meanwhile");
    let Some(review) = &facts.review else {
        let _ = writeln!(out, "<p class=\"note\">Nothing was reviewed.</p>");
        return;
    };
    let habits = if review.has_habits { "" } else { ", too few to tell habits" };
    let _ = writeln!(
        out,
        "<p>{} from {} to {}, {} bytes sent and {} received; {} before that{habits}.</p>",
        count(review.uses, "use"),
        time(review.from),
        time(review.until),
        review.sent,
        review.received,
        count(review.before, "use"),
    );
    if review.flags.is_empty() {
        let _ = writeln!(out, "<p class=\"note\">Nothing unusual was seen.</p>");
    } else {
        let rows = review.flags.iter().map(|flag| {
            let cells = [flag.first, flag.last].map(|at| at.map(time).unwrap_or_default());
            let what = vec![
                format!("<b class=\"bad\">{}</b>", text(&flag.sign)),
                format!("<code>{}</code>", text(&flag.what)),
                flag.uses.to_string(),
                flag.sent.to_string(),
            ];
            [what, cells.to_vec(), vec![text(&flag.ids.join(", "))]].concat()
        });
        table(out, &["unusual", "what", "uses", "bytes sent", "first", "last", "events"], rows);
    }
    if let Some(letter) = &review.letter {
        let lines: Vec<_> = letter.lines().map(text).collect();
        let _ = writeln!(
            out,
            "<details><summary>The letter to the provider</summary><pre>{}</pre></details>",
            lines.join("\n")
        );
    }
}

fn left(facts: &Facts<'_>, out: &mut String) {
    section(out, "What is left to clean");
    let Some(left) = facts.left else {
        let _ = writeln!(out, "<p class=\"note\">Nobody has looked yet.</p>");
        return;
    };
    if left.is_clean() {
        let _ = writeln!(out, "<p><b class=\"good\">Nothing.</b></p>");
    } else {
        let refs = left
            .refs
            .iter()
            .map(|(name, n)| vec![format!("<code>{}</code>", text(name)), count(*n as u64, "object")]);
        let files = left
            .worktree
            .iter()
            .map(|path| vec![format!("<code>{}</code>", text(path)), "in the working tree".into()]);
        let others =
            [(left.unreachable, "objects without a ref"), (left.names, "folders with a file named after it")];
        let others =
            others.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| vec![what.into(), n.to_string()]);
        table(out, &["where", "how much"], refs.chain(files).chain(others));
        let lines: Vec<_> = left.advice().iter().map(|line| text(line)).collect();
        let _ = writeln!(out, "<ul class=\"todo\"><li>{}</ul>", lines.join("<li>"));
    }
    let gaps: String = left.gaps.iter().map(|gap| format!("; not {}", text(gap))).collect();
    let _ = writeln!(
        out,
        "<p class=\"note\">Looked at: {} and {}; {} could not be read{gaps}.</p>",
        count(left.objects, "stored object"),
        count(left.files, "file"),
        left.unread
    );
}

fn evidence(facts: &Facts<'_>, out: &mut String) {
    section(out, "Evidence");
    let _ = writeln!(
        out,
        "<p>The SHA-256 of it all: <code>{}</code></p>\n<details><summary>{}</summary>",
        facts.evidence.sha256,
        count(facts.evidence.lines.len() as u64, "line")
    );
    let rows = facts.evidence.lines.iter().map(|l| vec![text(&l.what), format!("<code>{}</code>", l.sha256)]);
    table(out, &["what", "SHA-256"], rows);
    let _ = writeln!(
        out,
        "<p class=\"note\">The lines themselves stand in the report's JSON. The hashes under <em>What was done</em> are \
         the audit's own: <code>keywright audit verify</code> follows them.</p></details>"
    );
}
