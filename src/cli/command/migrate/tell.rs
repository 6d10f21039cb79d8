//! The plan, told to a person.

use std::collections::BTreeSet;

use keywright::import::Foreign;
use keywright::model::Finding;
use keywright::model::text::shown;

use super::MigrateArgs;
use super::files::Files;
use super::plan::{Plan, Section};
use super::veil::Veil;
use crate::cli::ui::Ui;

/// How many of a kind are listed unless everything is asked for.
const LISTED: usize = 20;

/// Tells the plan.
pub(super) fn tell(files: &Files, plan: &Plan<'_>, veil: &Veil<'_>, args: &MigrateArgs, ui: &Ui) {
    let most = if args.verbose { usize::MAX } else { LISTED };
    let mut out = Lines { lines: Vec::new(), most, veil };
    if files.foreign.is_empty() {
        out.line(
            "no other scanner's files were found · `keywright migrate --help` lists which are looked for",
        );
        return ui.lines(&out.lines);
    }
    for (foreign, section) in files.foreign.iter().zip(&plan.sections) {
        out.file(foreign, section, plan, args.verbose);
    }
    out.second_look(plan);
    out.kept(plan);
    out.in_clear(&files.foreign);
    out.end(plan, args.write);
    ui.lines(&out.lines);
}

struct Lines<'v> {
    lines: Vec<String>,
    most: usize,
    veil: &'v Veil<'v>,
}

impl Lines<'_> {
    fn line(&mut self, text: impl Into<String>) {
        self.lines.push(text.into());
    }

    /// Lists texts below a heading, up to the bound.
    fn list(&mut self, texts: impl ExactSizeIterator<Item = String>) {
        let more = texts.len().saturating_sub(self.most);
        for text in texts.take(self.most) {
            self.line(format!("    {text}"));
        }
        if more > 0 {
            self.line(format!("    {more} more (--verbose lists them)"));
        }
    }

    fn file(&mut self, foreign: &Foreign, section: &Section, plan: &Plan<'_>, verbose: bool) {
        let count = foreign.entries.len();
        self.line(format!(
            "{} ({}): {}",
            shown(foreign.file.as_bytes()),
            foreign.tool,
            counted(count, "entry", "entries")
        ));
        if !section.hides.is_empty() {
            self.line(format!("  hides {}", counted(section.hides.len(), "finding", "findings")));
            let hides = section.hides.iter().map(|(at, entries)| {
                let rules: BTreeSet<&str> =
                    entries.iter().filter_map(|entry| foreign.entries[*entry].rule.as_deref()).collect();
                let says: BTreeSet<&str> = entries
                    .iter()
                    .filter(|entry| foreign.entries[**entry].rule.is_none())
                    .map(|entry| foreign.entries[*entry].says.as_str())
                    .collect();
                let why: Vec<&str> = rules.into_iter().chain(says).collect();
                let why = self.veil.over(&why.join(", "));
                format!("{} · {why} → {}", one(&plan.findings[*at]), plan.findings[*at].hit.rule.id)
            });
            self.list(hides.collect::<Vec<_>>().into_iter());
        }
        let veil = self.veil;
        let entry = |at: &usize| {
            let entry = &foreign.entries[*at];
            let line = if entry.line > 0 { format!("line {}: ", entry.line) } else { String::new() };
            format!("{line}{}", veil.over(&entry.says))
        };
        for (entries, one, many) in [
            (
                &section.no_finding,
                "is about something Keywright takes for no secret",
                "are about something Keywright takes for no secret",
            ),
            (&section.idle, "hides nothing that is here", "hide nothing that is here"),
        ] {
            if !entries.is_empty() {
                self.line(format!("  {}", counted(entries.len(), one, many)));
                if verbose {
                    self.list(entries.iter().map(entry).collect::<Vec<_>>().into_iter());
                }
            }
        }
        if !section.unsure.is_empty() {
            self.line(format!(
                "  {} nothing: which secret is meant can't be told",
                counted(section.unsure.len(), "lets", "let")
            ));
            let unsure = section.unsure.iter().map(|(at, why)| format!("{} · {why}", entry(at)));
            self.list(unsure.collect::<Vec<_>>().into_iter());
        }
        if !foreign.untranslated.is_empty() {
            self.line("  not carried over");
            let skipped = foreign.untranslated.iter().map(|skip| {
                let line = if skip.line > 0 { format!("line {}: ", skip.line) } else { String::new() };
                format!("{line}{}: {}", veil.over(&skip.what), veil.over(&skip.why))
            });
            self.list(skipped.collect::<Vec<_>>().into_iter());
        }
        self.line("");
    }

    fn second_look(&mut self, plan: &Plan<'_>) {
        if plan.second_look.is_empty() {
            return;
        }
        self.line("Worth a second look, before it stays hidden");
        let looks = plan.second_look.iter().map(|(at, why)| format!("{} · {why}", one(&plan.findings[*at])));
        self.list(looks.collect::<Vec<_>>().into_iter());
        self.line("");
    }

    fn kept(&mut self, plan: &Plan<'_>) {
        if plan.kept.is_empty() {
            return;
        }
        self.line("Hidden there, and told here all the same: the secret also stands where nobody hid it");
        let kept = plan.kept.iter().map(|(at, other)| {
            format!("{} · also at {}", one(&plan.findings[*at]), place(&plan.findings[*other]))
        });
        self.list(kept.collect::<Vec<_>>().into_iter());
        self.line("");
    }

    fn in_clear(&mut self, foreign: &[Foreign]) {
        let clear: Vec<&Foreign> = foreign.iter().filter(|f| f.in_clear > 0).collect();
        if clear.is_empty() {
            return;
        }
        self.line("Secrets in clear");
        let clear = clear.iter().map(|f| {
            let count = counted(f.in_clear, "value stands", "values stand");
            format!(
                "{}: {count} in it in clear; delete it. What was committed is leaked: rotate it",
                shown(f.file.as_bytes())
            )
        });
        self.list(clear.collect::<Vec<_>>().into_iter());
        self.line("");
    }

    fn end(&mut self, plan: &Plan<'_>, is_written: bool) {
        let mut parts = Vec::new();
        if !plan.entries.is_empty() {
            parts.push(format!("  .keywrightignore   {}", counted(plan.entries.len(), "entry", "entries")));
        }
        if !plan.globs.is_empty() {
            parts.push(format!(
                "  keywright.toml     {}",
                counted(plan.globs.len(), "ignored path", "ignored paths")
            ));
            parts.extend(
                plan.globs.iter().take(self.most).map(|(glob, _)| format!("    {}", self.veil.over(glob))),
            );
        }
        if !plan.rules.is_empty() {
            parts.push(format!("  keywright.toml     {}", counted(plan.rules.len(), "rule", "rules")));
            parts.extend(
                plan.rules.iter().take(self.most).map(|rule| format!("    {}", self.veil.over(&rule.id))),
            );
        }
        if plan.already > 0 {
            self.line(format!("{} let be here already", counted(plan.already, "finding is", "findings are")));
        }
        match (parts.is_empty(), is_written) {
            (true, _) => self.line("There is nothing new to write."),
            (false, true) => {
                self.line("Written");
                self.lines.extend(parts);
                self.line("Commit both files, and take the other scanners' away when `keywright scan` says what you expect.");
            }
            (false, false) => {
                self.line("Would be written");
                self.lines.extend(parts);
                self.line("Nothing was written. To write it: keywright migrate --write");
            }
        }
    }
}

/// A finding in one line.
fn one(finding: &Finding) -> String {
    format!("{}  {}  {}", finding.fingerprint.short(), place(finding), finding.hit.masked)
}

/// A finding's place; a path that repeats a secret is not shown.
pub(super) fn place(finding: &Finding) -> String {
    let location = &finding.location;
    if !finding.repeats.is_empty() {
        return format!("(a path that repeats a secret):{}", location.line);
    }
    if location.path.bytes().is_empty() {
        return location.place.word().into();
    }
    format!("{}:{}", location.path, location.line)
}

fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
