//! What each rule that matched finds, and what to do about a leak: once, for all its findings.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::text::{escaped, link};
use super::{plain, safe};
use crate::model::{Finding, RuleCard};

/// Writes the rules of these findings, each a definition that its id leads to.
pub(super) fn write(findings: &[&Finding], out: &mut dyn Write) -> io::Result<()> {
    let rules: BTreeMap<&str, &Finding> = findings.iter().map(|f| (f.hit.rule.id.as_str(), *f)).collect();
    if rules.is_empty() {
        return Ok(());
    }
    writeln!(out, "<section id=\"rules\" aria-labelledby=\"rules-head\">")?;
    writeln!(out, "<h2 id=\"rules-head\">What to do, by rule</h2>\n<dl>")?;
    for (id, finding) in rules {
        write_rule(id, &finding.hit.rule, out)?;
    }
    writeln!(out, "</dl>\n</section>")
}

fn write_rule(id: &str, rule: &RuleCard, out: &mut dyn Write) -> io::Result<()> {
    let text = |text: &str| escaped(&plain(text));
    let severity = rule.severity.word();
    write!(out, "<dt data-rule=\"{0}\" data-severity=\"{severity}\">{0}", text(id))?;
    let kind = rule.provider.as_deref().map_or_else(String::new, |name| format!("{} · ", text(name)));
    let (what, remedy) = (text(&rule.description), text(&rule.remedy));
    write!(out, "<dd>{what}<dd>{kind}{severity}<dd>{remedy}")?;
    // What it says is where it leads.
    if let Some(page) = rule.docs.as_deref().and_then(link) {
        let page = text(page);
        let name = page.trim_start_matches("https://");
        write!(out, "<dd><a href=\"{page}\" rel=\"noopener noreferrer\">{name}</a>")?;
    }
    writeln!(out)
}

/// Returns a finding's rule as HTML.
pub(super) fn name(finding: &Finding) -> String {
    safe(finding.hit.rule.id.as_bytes(), finding)
}
