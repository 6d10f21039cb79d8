//! `keywright usage`: what was done with a key while it was public.

use std::path::PathBuf;

use clap::Args;
use keywright::model::rotation::Moment;
use keywright::model::text::shown;
use keywright::provider::Activity;
use keywright::respond::import::{LARGEST, read};
use keywright::respond::letter::{Facts, letter};
use keywright::respond::review::{Exposure, Review, Use, is_our_check, review};
use keywright::respond::timeline::draw;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::{Form, moment};
use crate::cli::rekey::{Rekey, actor};
use crate::cli::table::{date, table};
use crate::cli::ui::Ui;

/// Show what was done with a key while strangers could have it, and what of that was unusual
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright usage scraper --from 2026-11-20T10:00:00Z            as its provider tells it\n  keywright usage scraper --from 3d --import events.csv         as a file tells it\n  keywright usage scraper --from 3d --letter > letter.txt       to the provider, never with the secret\n\nA file: CSV with a line of names, a JSON list, or one JSON object a line, with time, host, status, sent, received, ip, id.\n\nExit codes: 0 nothing unusual, 1 something was, 3 the uses could not be had"
)]
pub(crate) struct UsageArgs {
    /// The key, by its name in the inventory
    #[arg(value_name = "KEY")]
    key: String,
    /// The first moment it was public: a time, a day, or so long ago (3d, 12h)
    #[arg(long, value_name = "WHEN")]
    from: String,
    /// The proof of its death [default: now]
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// Uses out of a file, instead of the provider's
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
    /// How it is told: human or json
    #[arg(long, value_enum, default_value_t = Form::Human, hide_possible_values = true, conflicts_with = "letter")]
    format: Form,
    /// Print a letter to the provider about what was unusual
    #[arg(long)]
    letter: bool,
    /// Settings of your own
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How far back habits are looked for, before the exposure: thirty days.
const HABITS: Moment = 30 * 86_400_000;

/// Runs the command.
pub(crate) fn run(args: &UsageArgs, ui: &Ui) -> Result<Exit, CliError> {
    let rekey = Rekey::open(args.config.as_deref())?;
    let key = rekey.key(&args.key)?;
    let now = rekey.now();
    let exposure = Exposure {
        from: moment(&args.from, now).map_err(|how| CliError::usage("--from is no time", how))?,
        until: match &args.until {
            Some(text) => moment(text, now).map_err(|how| CliError::usage("--until is no time", how))?,
            None => now,
        },
    };
    if exposure.from >= exposure.until {
        return Err(CliError::usage(
            "the exposure ends before it begins",
            "--from is the earlier of the two",
        ));
    }
    let provider = rekey.provider(&key.provider, &key.settings)?;
    let (uses, gaps) = match &args.import {
        Some(path) => from_file(path)?,
        None => {
            let failed = |error: keywright::model::credential::CallError| CliError {
                what: format!("can't see how {} was used", key.key_id),
                why: error.to_string(),
                fix: "check the admin credential; or name a file: --import FILE".into(),
                exit: Exit::Incomplete,
            };
            let listing = rekey.runtime.block_on(provider.list()).map_err(failed)?;
            let listed = listing.keys.iter().find(|k| k.key_id == key.key_id).ok_or_else(|| {
                CliError::usage(
                    format!("{} is not listed by its provider", key.key_id),
                    "name a file: --import FILE",
                )
            })?;
            let from = exposure.from.saturating_sub(HABITS);
            match rekey.runtime.block_on(provider.events(listed, from)).map_err(failed)? {
                Activity::Events(events) => {
                    let gap = (!events.is_whole).then(|| "the provider did not tell all of it".to_owned());
                    (events.seen.into_iter().map(Use::from).collect(), gap)
                }
                Activity::Summary { last_used, why, .. } => {
                    let used = last_used.map_or("never".into(), date);
                    return Err(CliError {
                        what: format!("{} tells no events", provider.card().name),
                        why: format!("last used {used}; {why}"),
                        fix: "review what they send you: --import FILE".into(),
                        exit: Exit::Incomplete,
                    });
                }
                Activity::NotOffered => {
                    return Err(CliError {
                        what: format!("{} tells no events", provider.card().name),
                        why: "its interface has none".into(),
                        fix: "export them from its pages, or take your own logs: --import FILE".into(),
                        exit: Exit::Incomplete,
                    });
                }
            }
        }
    };
    if let Some(gap) = &gaps {
        ui.warn(gap);
    }
    let mut uses = uses;
    if let Some(target) = provider.check_goes_to() {
        uses.retain(|seen| !is_our_check(seen, target));
    }
    let review = review(&uses, exposure);
    let found = if review.flags.is_empty() { Exit::Clean } else { Exit::Leaks };
    if args.letter {
        let to = provider.card().abuse.clone().unwrap_or_else(|| "the provider's security team".into());
        let facts = Facts { to: &to, provider: &provider.card().name, key_id: &key.key_id, from: &actor() };
        match letter(&facts, &review) {
            Some(text) => ui.lines(&text.lines().map(Into::into).collect::<Vec<_>>()),
            None => ui.note("nothing was unusual: there is nothing to write"),
        }
        return Ok(found);
    }
    match args.format {
        Form::Json => ui.lines(&[as_json(&review).to_string()]),
        Form::Human => ui.lines(&as_text(&key.name, &key.key_id, &uses, &review, ui.width())),
    }
    Ok(if gaps.is_some() && found == Exit::Clean { Exit::Incomplete } else { found })
}

fn from_file(path: &std::path::Path) -> Result<(Vec<Use>, Option<String>), CliError> {
    let unread = |why: String| CliError {
        what: format!("can't read the uses in {}", path.display()),
        why,
        fix: "CSV with a line of names, a JSON list, or one JSON object a line".into(),
        exit: Exit::Incomplete,
    };
    let meta = std::fs::metadata(path).map_err(|e| unread(e.to_string()))?;
    if meta.len() > LARGEST {
        return Err(unread("it is larger than 256 MiB".into()));
    }
    let imported = read(&std::fs::read(path).map_err(|e| unread(e.to_string()))?).map_err(unread)?;
    let gap = match (imported.unread, imported.timeless) {
        (0, 0) => None,
        (unread, 0) => Some(format!("{unread} entries could not be read")),
        (0, timeless) => Some(format!("{timeless} uses have no time: they count as within the exposure")),
        (unread, timeless) => {
            Some(format!("{unread} entries could not be read, and {timeless} uses have no time"))
        }
    };
    Ok((imported.uses, gap))
}

fn as_text(name: &str, key_id: &str, uses: &[Use], review: &Review, width: usize) -> Vec<String> {
    let Exposure { from, until } = review.exposure;
    let mut lines = vec![
        format!("{name} · {key_id} · public from {} to {}", date(from), date(until)),
        format!(
            "  {} uses, {} bytes sent, {} received; {} uses before",
            review.uses, review.sent, review.received, review.before
        ),
    ];
    let first = uses.iter().filter_map(|u| u.at).min().unwrap_or(from).min(from);
    if let Some([bars, below]) = draw(uses, first, until, review.exposure, width.saturating_sub(4).min(100)) {
        lines.push(String::new());
        lines.push(format!("  {bars}"));
        lines.push(format!("  {below}"));
        lines.push(format!("  {} to {}; ^ public", date(first), date(until)));
    }
    lines.push(String::new());
    if !review.has_habits {
        lines.push("  too few uses before to tell habits: hours and spikes were not looked at".into());
    }
    if review.flags.is_empty() {
        lines.push("  nothing unusual".into());
        return lines;
    }
    let rows = review.flags.iter().map(|f| {
        let when = f.first.map_or(String::new(), date);
        [f.sign.to_string(), shown(f.what.as_bytes()), f.uses.to_string(), f.sent.to_string(), when]
    });
    lines.extend(
        table(["UNUSUAL", "WHAT", "USES", "SENT", "FIRST"], rows).iter().map(|line| format!("  {line}")),
    );
    lines
}

fn as_json(review: &Review) -> serde_json::Value {
    json!({
        "from": review.exposure.from, "until": review.exposure.until,
        "uses": review.uses, "sent": review.sent, "received": review.received,
        "before": review.before, "has_habits": review.has_habits,
        "flags": review.flags.iter().map(|f| json!({
            "sign": f.sign.word(), "what": f.what, "uses": f.uses, "sent": f.sent,
            "first": f.first, "last": f.last, "ids": f.ids,
        })).collect::<Vec<_>>(),
    })
}
