//! `keywright incidents show`.

use clap::Args;
use keywright::model::text::shown;
use keywright::notify::Notice;
use keywright::store::notices::NoticeRecord;
use serde_json::json;

use super::open;
use crate::cli::desk::head;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::Form;
use crate::cli::rekey::Rekey;
use crate::cli::table::date;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright incidents show i-3f2a90c1\n  keywright incidents show i-3f2a90c1 --format json"
)]
pub(super) struct ShowArgs {
    /// The incident
    #[arg(value_name = "INCIDENT")]
    id: String,
    /// How it is told: human or json
    #[arg(long, value_enum, default_value_t = Form::Human, hide_possible_values = true)]
    format: Form,
}

/// How many places are shown.
const PLACES: usize = 20;
/// How many notices are shown: the last ones.
const NOTICES: usize = 20;

pub(super) fn run(args: &ShowArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let incident = open(rekey, &args.id)?.is;
    let places = rekey.runtime.block_on(rekey.store.sightings(&incident.id))?;
    let notices = rekey.runtime.block_on(rekey.store.notices_of(&incident.id))?;
    if args.format == Form::Json {
        let told: Vec<_> = notices.iter().map(as_json).collect();
        ui.lines(&[json!({ "incident": incident, "places": places, "notices": told }).to_string()]);
        return Ok(Exit::Clean);
    }
    let mut lines = vec![head(&incident)];
    let mut line = |name: &str, text: String| lines.push(format!("  {name:<10} {}", shown(text.as_bytes())));
    line(
        "stage",
        if incident.note.is_empty() {
            incident.stage.to_string()
        } else {
            format!("{}: {}", incident.stage, incident.note)
        },
    );
    if let Some(key) = &incident.key {
        line("key", key.clone());
    }
    for (name, text) in [
        ("live", incident.liveness.as_ref().map(|s| format!("{}: {}", s.is, s.why))),
        ("whose", incident.ownership.as_ref().map(|s| format!("{}: {}", s.is, s.why))),
        ("exposed", incident.exposed.as_ref().map(|s| format!("{}: {}", s.is, s.why))),
        ("decided", incident.decision.as_ref().map(|d| format!("{}: {} ({})", d.action, d.because, d.by))),
        ("rotation", incident.rotation.clone()),
    ] {
        if let Some(text) = text {
            line(name, text);
        }
    }
    let times = &incident.times;
    for (name, at) in [
        ("committed", times.committed),
        ("public", times.public),
        ("detected", times.detected),
        ("decided", times.decided),
        ("contained", times.contained),
        ("delivered", times.delivered),
        ("dead", times.dead),
        ("reviewed", times.reviewed),
        ("closed", times.closed),
    ] {
        if let Some(at) = at {
            line(name, date(at));
        }
    }
    if let Some(ms) = incident.exposure(rekey.now()) {
        line("exposure", format!("{} minutes", ms / 60_000));
    }
    if let Some(ms) = incident.outage {
        line("outage", format!("{}.{:03} s", ms / 1000, ms % 1000));
    }
    for notice in notices.iter().rev().take(NOTICES).rev() {
        let (word, text) = in_words(notice);
        line(word, text);
    }
    for place in places.iter().take(PLACES) {
        let commit = place.commit.get(..10).unwrap_or_default();
        lines.push(format!("  {}:{}  {} {commit}", place.path, place.line, place.place));
    }
    let more = places.len().saturating_sub(PLACES) as u64 + incident.unlisted;
    if more > 0 {
        lines.push(format!("  and {more} more places"));
    }
    ui.lines(&lines);
    Ok(Exit::Clean)
}

/// Says how far a notice is.
fn in_words(notice: &NoticeRecord) -> (&'static str, String) {
    let NoticeRecord { channel, tries, error, .. } = notice;
    let title = title(notice);
    match (notice.sent, notice.next_try) {
        (Some(at), _) => ("told", format!("{channel}, {}: {title}", date(at))),
        (None, Some(_)) if *tries == 0 => ("not told", format!("{channel}: {title}; the next run sends it")),
        (None, Some(at)) => {
            let why = if error.is_empty() { "nobody knows what came of it" } else { error };
            ("not told", format!("{channel}: {title}; {tries} tries ({why}), next at {}", date(at)))
        }
        (None, None) => ("not told", format!("{channel}: {title}; given up after {tries} tries ({error})")),
    }
}

fn title(notice: &NoticeRecord) -> String {
    serde_json::from_str::<Notice>(&notice.body).map_or_else(|_| notice.id.clone(), |n| n.title)
}

fn as_json(notice: &NoticeRecord) -> serde_json::Value {
    json!({
        "id": notice.id, "channel": notice.channel, "title": title(notice), "urgent": notice.urgent,
        "noted": notice.noted, "tries": notice.tries, "next_try": notice.next_try, "sent": notice.sent,
        "error": notice.error,
    })
}
