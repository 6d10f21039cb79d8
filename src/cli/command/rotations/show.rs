//! `keywright rotations show`.

use clap::Args;
use keywright::model::rotation::State;
use keywright::rotate::read_plan;
use keywright::store::record::Outcome;

use super::record;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::Rekey;
use crate::cli::table::date;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(after_help = "Examples:\n  keywright rotations show r-3f2a90c1")]
pub(super) struct ShowArgs {
    /// The rotation, or the beginning of its name
    #[arg(value_name = "ROTATION")]
    id: String,
    /// Print what the provider answered, unsealed: only on a terminal, and only what could not be understood
    #[arg(long)]
    reply: bool,
}

pub(super) fn run(args: &ShowArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let record = record(rekey, &args.id)?;
    let plan = read_plan(&record)?;
    let journal = rekey.runtime.block_on(rekey.store.journal(&record.id))?;
    if args.reply {
        return reply(rekey, &record.id, &journal, &plan.provider, ui);
    }
    let mut lines = vec![
        format!("{} · {} · {} · {} · {}", record.id, record.key, record.mode, record.reason, record.state),
        format!("  begun {} by {} · plan {}", date(record.begun), record.actor, record.plan_hash),
    ];
    if !record.note.is_empty() {
        lines.extend(record.note.lines().map(|line| format!("  ! {line}")));
    }
    let went_back = matches!(record.state, State::RollingBack | State::RolledBack);
    for step in plan.steps.iter().chain(plan.back.iter().filter(|_| went_back)) {
        let tries: Vec<_> = journal.iter().filter(|e| e.step == step.name).collect();
        let (mark, when) = match tries.last().map(|e| (e.begun, e.end.as_ref())) {
            None => ('·', String::new()),
            Some((begun, None)) => ('…', format!("  begun {}", date(begun))),
            Some((_, Some(end))) => {
                let mark = match end.outcome {
                    Outcome::Done => '✓',
                    Outcome::Failed => '✗',
                    Outcome::Unknown => '?',
                };
                (mark, format!("  {}", date(end.at)))
            }
        };
        let count = if tries.len() > 1 { format!("  ({} tries)", tries.len()) } else { String::new() };
        lines.push(format!("  {mark} {}{when}{count}", step.words));
    }
    ui.lines(&lines);
    Ok(Exit::Clean)
}

fn reply(
    rekey: &Rekey,
    id: &str,
    journal: &[keywright::store::record::Entry],
    provider: &str,
    ui: &Ui,
) -> Result<Exit, CliError> {
    if !ui.is_for_a_person() || std::env::var_os("CI").is_some() {
        return Err(CliError::usage(
            "an answer is shown on a terminal only",
            "run it in a terminal, outside CI",
        ));
    }
    for entry in journal.iter().rev().filter(|e| matches!(e.step.as_str(), "mint" | "roll")) {
        let name = format!("reply:{}", entry.number);
        if let Some(sealed) = rekey.runtime.block_on(rekey.store.sealed(id, &name))? {
            let context = format!("rotation:{id}:{name}:{provider}");
            let reply = rekey.runtime.block_on(rekey.sealer.open(&sealed, &context))?;
            ui.secret(&reply);
            return Ok(Exit::Clean);
        }
    }
    Err(CliError::usage(
        format!("{id} has no sealed answer"),
        "it was wiped when the rotation was over, or none came",
    ))
}
