//! `keywright audit`: what was done, by whom, and that nobody changed it since.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use keywright::report::csv::write_row;
use keywright::store::AuditVerdict;
use keywright::store::record::AuditRecord;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::Rekey;
use crate::cli::table::{date, table};
use crate::cli::ui::Ui;

/// What was done with keys, by whom: list, verify, export
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright audit list --key prod-scraper\n  keywright audit verify\n  keywright audit export --format csv > audit.csv\n\nEach line holds the hash of the one before it: a line that was edited, deleted or moved is found, and so is an end that was cut off."
)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    verb: Verb,
    /// Settings of your own
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Verb {
    /// Show the lines
    #[command(after_help = "Examples:\n  keywright audit list --key scraper")]
    List {
        /// Only this key's
        #[arg(long)]
        key: Option<String>,
        /// Only this rotation's
        #[arg(long)]
        rotation: Option<String>,
    },
    /// Prove that no line was edited, deleted, moved or cut off
    #[command(after_help = "Examples:\n  keywright audit verify")]
    Verify,
    /// Write every line, with its hash
    #[command(
        after_help = "Examples:\n  keywright audit export > audit.csv\n  keywright audit export --format jsonl"
    )]
    Export {
        /// How: csv or jsonl
        #[arg(long, value_enum, default_value_t = As::Csv, hide_possible_values = true)]
        format: As,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum As {
    /// A table that no spreadsheet runs as formulas
    Csv,
    /// One object a line
    Jsonl,
}

/// Runs the verb.
pub(crate) fn run(args: &AuditArgs, ui: &Ui) -> Result<Exit, CliError> {
    let rekey = Rekey::open(args.config.as_deref())?;
    let lines = rekey.runtime.block_on(rekey.store.audit_lines())?;
    match &args.verb {
        Verb::List { key, rotation } => {
            let wanted = lines.iter().filter(|l| key.as_ref().is_none_or(|k| *k == l.key));
            let wanted =
                wanted.filter(|l| rotation.as_ref().is_none_or(|r| l.rotation.starts_with(r.as_str())));
            let rows = wanted.map(|l| {
                let keys = match (l.old_last4.as_str(), l.new_last4.as_str()) {
                    ("", "") => String::new(),
                    (old, "") => format!("…{old}"),
                    ("", new) => format!("→ …{new}"),
                    (old, new) => format!("…{old} → …{new}"),
                };
                [
                    date(l.at),
                    l.actor.clone(),
                    l.action.clone(),
                    l.key.clone(),
                    keys,
                    l.status.clone(),
                    l.detail.clone(),
                ]
            });
            ui.lines(&table(["WHEN", "WHO", "WHAT", "KEY", "SECRET", "STATUS", "DETAIL"], rows));
            Ok(Exit::Clean)
        }
        Verb::Verify => verify(&rekey, lines.len(), ui),
        Verb::Export { format } => {
            ui.print(|out| {
                lines.iter().try_fold((), |(), l| match format {
                    As::Jsonl => writeln!(out, "{}", json(l)),
                    As::Csv => {
                        if l.number == 1 {
                            write_row(&FIELDS.map(Into::into), out)?;
                        }
                        write_row(&cells(l), out)
                    }
                })
            })
            .map_err(|e| CliError::unprinted(&e))?;
            Ok(Exit::Clean)
        }
    }
}

fn verify(rekey: &Rekey, count: usize, ui: &Ui) -> Result<Exit, CliError> {
    let verdict = rekey.runtime.block_on(rekey.store.verify_audit(rekey.read_anchor()?.as_ref()))?;
    match verdict {
        AuditVerdict::Whole { .. } => {
            ui.lines(&[format!("{count} lines, none edited, deleted, moved or cut off")]);
            Ok(Exit::Clean)
        }
        AuditVerdict::Broken { line, why } => Err(CliError {
            what: format!("the audit can't be believed from line {line} on"),
            why,
            fix: "compare with an export you kept; the lines before that one hold".into(),
            exit: Exit::Incomplete,
        }),
    }
}

const FIELDS: [&str; 13] = [
    "number",
    "timestamp",
    "actor",
    "action",
    "key",
    "service",
    "rotation",
    "old_last4",
    "new_last4",
    "status",
    "reason",
    "detail",
    "hash",
];

fn cells(line: &AuditRecord) -> [String; 13] {
    let at =
        jiff::Timestamp::from_millisecond(line.at).map_or_else(|_| line.at.to_string(), |t| t.to_string());
    let of = |text: &String| text.clone();
    [
        line.number.to_string(),
        at,
        of(&line.actor),
        of(&line.action),
        of(&line.key),
        of(&line.provider),
        of(&line.rotation),
        of(&line.old_last4),
        of(&line.new_last4),
        of(&line.status),
        of(&line.reason),
        of(&line.detail),
        of(&line.hash),
    ]
}

fn json(line: &AuditRecord) -> serde_json::Value {
    FIELDS
        .iter()
        .zip(cells(line))
        .map(|(name, cell)| ((*name).to_owned(), cell.into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
