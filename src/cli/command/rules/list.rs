//! `keywright rules list`: what is looked for.

use std::collections::BTreeMap;

use clap::Args;
use keywright::model::Severity;
use keywright::model::text::shown;
use serde::Serialize;

use super::known::{Choice, Known, Owner, Told, known};
use super::words::{Screen, count, wrap};
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// List the rules in force and where each comes from
///
/// Those of the program, of your own files, and of the repository around the current folder.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rules list\n  keywright rules list --provider github\n  keywright rules list --severity critical --format json | jq -r '.[].id'"
)]
pub(crate) struct ListArgs {
    /// Only one provider's
    #[arg(long, value_name = "PROVIDER")]
    provider: Option<String>,
    /// Only those with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Only those of this severity: info, low, medium, high or critical
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    severity: Option<Severity>,
    /// How to tell: human or json
    #[arg(long, short, value_name = "FORMAT", default_value = "human", hide_possible_values = true)]
    format: Told,
    #[command(flatten)]
    choice: Choice,
}

fn severity(word: &str) -> Result<Severity, String> {
    Severity::from_word(word).ok_or_else(|| "it is one of: info, low, medium, high, critical".into())
}

/// Lists them.
pub(super) fn run(args: &ListArgs, ui: &Ui) -> Result<Exit, CliError> {
    let all = known(&args.choice, ui)?;
    let is_wanted = |k: &&Known| {
        let card = &k.rule.card;
        args.provider
            .as_ref()
            .is_none_or(|p| card.provider.as_ref().is_some_and(|q| p.eq_ignore_ascii_case(q)))
            && args.tag.as_ref().is_none_or(|tag| card.tags.iter().any(|t| t.eq_ignore_ascii_case(tag)))
            && args.severity.is_none_or(|s| s == card.severity)
    };
    let wanted: Vec<&Known> = all.iter().filter(is_wanted).collect();
    let text = match args.format {
        Told::Human => human(&wanted, all.len(), Screen::of(ui)),
        Told::Json => json(&wanted),
    };
    ui.print(|out| out.write_all(text.as_bytes())).map_err(|e| CliError::unprinted(&e))?;
    Ok(Exit::Clean)
}

/// The least room a description needs beside the other columns.
const ROOM: usize = 28;

fn human(wanted: &[&Known], of: usize, screen: Screen) -> String {
    let provider = |k: &Known| shown(k.rule.card.provider.as_deref().unwrap_or("-").as_bytes());
    let id = |k: &Known| shown(k.rule.card.id.as_bytes());
    let widest = |text: &dyn Fn(&Known) -> String, head: &str| {
        wanted.iter().map(|k| text(k).chars().count()).chain([head.len()]).max().unwrap_or(0)
    };
    let (ids, providers) = (widest(&id, "rule"), widest(&provider, "provider"));
    let before = ids + 2 + providers + 2 + "critical".len() + 2 + "confidence".len() + 2;
    let is_wide = before + ROOM <= screen.width;
    let mut out = String::new();
    if !wanted.is_empty() {
        let head =
            format!("{:ids$}  {:providers$}  {:8}  {:10}", "rule", "provider", "severity", "confidence");
        out += &screen.faint(&if is_wide { head + "  description" } else { head });
        out.push('\n');
    }
    for k in wanted {
        let card = &k.rule.card;
        let mut line = format!(
            "{}  {:providers$}  {}  {:10}",
            screen.bold(&format!("{:ids$}", id(k))),
            provider(k),
            screen.severity(card.severity, &format!("{:8}", card.severity.word())),
            k.rule.confidence.word(),
        );
        let from = if k.owner == Owner::BuiltIn {
            String::new()
        } else {
            format!(" ({}:{})", k.sheet.name, k.stated().line)
        };
        let margin = if is_wide { before } else { 4 };
        for (at, part) in wrap(&(card.description.clone() + &from), screen.width - margin).iter().enumerate()
        {
            if at == 0 && is_wide {
                line += &format!("  {part}");
            } else {
                line = format!("{}\n{}{part}", line.trim_end(), " ".repeat(margin));
            }
        }
        out += line.trim_end();
        out.push('\n');
    }
    if !wanted.is_empty() {
        out.push('\n');
    }
    out + &wrap(&summary(wanted, of), screen.width).join("\n") + "\n"
}

/// `12 of 250 rules: 10 built in (github 7, gitlab 3), 2 from mine.toml`
fn summary(wanted: &[&Known], of: usize) -> String {
    let mut files: BTreeMap<(Owner, &str), usize> = BTreeMap::new();
    for k in wanted {
        let name = if k.owner == Owner::BuiltIn { "" } else { k.sheet.name.as_str() };
        *files.entry((k.owner, name)).or_default() += 1;
    }
    let parts: Vec<String> = files
        .into_iter()
        .map(|((owner, name), n)| match owner {
            Owner::BuiltIn => format!("{n} built in"),
            Owner::Operator => format!("{n} from {}", shown(name.as_bytes())),
            Owner::Repository => format!("{n} from this repository's {}", shown(name.as_bytes())),
        })
        .collect();
    let number = if wanted.len() == of {
        count(of, "rule")
    } else {
        format!("{} of {}", wanted.len(), count(of, "rule"))
    };
    let colon = if parts.is_empty() { "" } else { ": " };
    format!("{number}{colon}{}", parts.join(", "))
}

#[derive(Serialize)]
struct RuleShape<'a> {
    id: &'a str,
    provider: Option<&'a str>,
    provider_name: Option<&'a str>,
    description: &'a str,
    severity: &'a str,
    confidence: &'a str,
    tags: &'a [String],
    docs: Option<&'a str>,
    remedy: &'a str,
    from: &'a str,
    file: &'a str,
    line: usize,
}

fn json(wanted: &[&Known]) -> String {
    let shapes: Vec<RuleShape<'_>> = wanted
        .iter()
        .map(|k| {
            let card = &k.rule.card;
            RuleShape {
                id: &card.id,
                provider: card.provider.as_deref(),
                provider_name: k.sheet.provider("name"),
                description: &card.description,
                severity: card.severity.word(),
                confidence: k.rule.confidence.word(),
                tags: &card.tags,
                docs: card.docs.as_deref(),
                remedy: &card.remedy,
                from: k.owner.word(),
                file: &k.sheet.name,
                line: k.stated().line,
            }
        })
        .collect();
    serde_json::to_string_pretty(&shapes).expect("words and numbers can be written") + "\n"
}
