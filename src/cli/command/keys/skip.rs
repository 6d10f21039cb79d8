//! `keywright keys skip`: a rotation that is ahead is put off, within bounds (R85).

use std::path::PathBuf;

use clap::Args;
use keywright::model::rotation::Moment;
use keywright::respond::approval::{self, Asked};
use keywright::rotate::due::{POSTPONED, Skip, skip};
use keywright::store::record::{KeyRecord, Line};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::{moment, span};
use crate::cli::rekey::Rekey;
use crate::cli::signed::signer;
use crate::cli::table::date;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright keys skip prod-scraper --due 2026-12-01\n\nBy [schedule] skip_days (30), as often as [schedule] skips says (once), and never beyond [schedule] longest_days. A key that\nleaked is not postponed. Where [respond] approvers are named, one of them signs:\n  keywright keys skip prod-scraper --due 2026-12-01 --text > skip.txt\n  ssh-keygen -Y sign -n keywright -f ~/.ssh/id_ed25519 skip.txt\n  keywright keys skip prod-scraper --due 2026-12-01 --signed skip.txt"
)]
pub(super) struct SkipArgs {
    /// The key
    #[arg(value_name = "NAME")]
    name: String,
    /// The day it is due, as the notice says it: the same day is postponed once, however often this is run
    #[arg(long, value_name = "DAY")]
    due: Option<String>,
    /// Why, for the audit
    #[arg(long, value_name = "WHY", default_value = "")]
    reason: String,
    /// Print what is to be signed, and postpone nothing
    #[arg(long, conflicts_with = "signed")]
    text: bool,
    /// How long the signature is to be good for, at most a day
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = span, requires = "text")]
    within: u64,
    /// The signed text; its signature stands beside it in FILE.sig
    #[arg(long, value_name = "FILE")]
    signed: Option<PathBuf>,
}

pub(super) fn run(args: &SkipArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let key = rekey.key(&args.name)?;
    let now = rekey.now();
    let asked = args.due.as_deref().map(|day| day_of(day, now)).transpose()?;
    is_calm(&key, rekey)?;
    let refused = |why: String| CliError {
        why,
        ..CliError::usage(
            format!("{} is not postponed", key.name),
            format!("replace it: keywright rotate {}; or look at [schedule] in your settings", key.name),
        )
    };
    let (to, noted) = match skip(&rekey.settings.schedule, &key, asked, now).map_err(refused)? {
        Skip::Done(due) => {
            ui.lines(&[format!("{} was postponed already: it is due {}", key.name, date(due))]);
            return Ok(Exit::Clean);
        }
        Skip::To(to, noted) => (to, noted),
    };
    let Some(from) = key.due else { return Ok(Exit::Clean) };
    let (subject, plan) = (format!("key:{}", key.name), format!("postpone:{from}"));
    let wanted = Asked { incident: &subject, plan: &plan };
    if args.text {
        let until = now + i64::try_from(args.within * 1000).unwrap_or(0).min(approval::LONGEST);
        let text = approval::text(&wanted, until);
        ui.lines(&text.lines().map(Into::into).collect::<Vec<_>>());
        return Ok(Exit::Clean);
    }
    let who = signer(&wanted, args.signed.as_deref(), &key.name, "keywright keys skip", rekey)?;
    let mut later = key.clone();
    later.due = Some(to);
    if let Some(settings) = later.settings.as_object_mut() {
        settings.insert(POSTPONED.into(), noted);
    }
    let line = Line {
        at: now,
        actor: who,
        action: "key.postponed".into(),
        key: key.name.clone(),
        provider: key.provider.clone(),
        status: "success".into(),
        reason: args.reason.clone(),
        detail: format!("from {} to {}", date(from), date(to)),
        ..Line::default()
    };
    rekey.runtime.block_on(rekey.store.postpone_key(&later, from, line))?;
    rekey.anchor(ui);
    ui.lines(&[format!("{} is due {}", key.name, date(to))]);
    Ok(Exit::Clean)
}

/// Reads the day a key is due.
fn day_of(text: &str, now: Moment) -> Result<Moment, CliError> {
    text.parse::<jiff::civil::Date>()
        .ok()
        .and_then(|_| moment(text, now).ok())
        .ok_or_else(|| CliError::usage("--due is no day", "write it as the notice does: 2026-12-01"))
}

/// What leaked, and what is being replaced, is not put off.
fn is_calm(key: &KeyRecord, rekey: &Rekey) -> Result<(), CliError> {
    let incidents = rekey.runtime.block_on(rekey.store.incidents())?;
    let leaked = incidents.iter().find(|i| !i.is.stage.is_over() && i.is.key.as_ref() == Some(&key.name));
    if let Some(leaked) = leaked {
        return Err(CliError::usage(
            format!("{} leaked, and is not postponed ({})", key.name, leaked.is.id),
            format!("answer it: keywright respond {}", leaked.is.id),
        ));
    }
    let rotations = rekey.runtime.block_on(rekey.store.rotations())?;
    if let Some(open) = rotations.iter().find(|r| r.key == key.name && !r.state.is_over()) {
        return Err(CliError::usage(
            format!("{} is being replaced by {}", key.name, open.id),
            format!("keywright rotations show {}", open.id),
        ));
    }
    Ok(())
}
