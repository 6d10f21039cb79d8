//! Telling people ahead which keys come due (R80, R84): once for each key and day.

use keywright::model::rotation::Mode;
use keywright::notify::Notice;
use keywright::respond::outbox::news;
use keywright::store::record::KeyRecord;

use crate::cli::error::CliError;
use crate::cli::office::send_waiting;
use crate::cli::rekey::Rekey;
use crate::cli::table::when;
use crate::cli::ui::Ui;

/// Writes down what is to be told of these keys and sends it; returns how many are new.
pub(super) fn tell(keys: &[KeyRecord], rekey: &Rekey, ui: &Ui) -> Result<usize, CliError> {
    let schedule = &rekey.settings.schedule;
    let channels = if schedule.notify.is_empty() { &rekey.respond.notify } else { &schedule.notify };
    if channels.is_empty() {
        return Err(CliError::usage(
            "nobody is named who could be told",
            "write [schedule] notify = [\"NAME\"] and the table [notify.NAME], see docs/notify.md",
        ));
    }
    let now = rekey.now();
    let mut told = 0;
    for key in keys {
        let Some(due) = key.due else { continue };
        let notice = notice(key, due, rekey);
        let what = notice.id.clone();
        let news = news("", &what, &notice, channels.clone())?;
        told += usize::from(rekey.runtime.block_on(rekey.store.note(&news, now))?);
    }
    send_waiting(rekey, ui);
    Ok(told)
}

fn notice(key: &KeyRecord, due: i64, rekey: &Rekey) -> Notice {
    let provider = rekey.provider(&key.provider, &key.settings).ok();
    let card = provider.as_ref().map(|p| p.card());
    let by_hand = card.is_none_or(|c| c.modes.first().is_none_or(|m| *m == Mode::Manual));
    let day = jiff::Timestamp::from_millisecond(due)
        .map_or_else(|_| "?".into(), |t| t.strftime("%Y-%m-%d").to_string());
    let masked = match key.last4.as_str() {
        "" => key.key_id.clone(),
        last4 => format!("{} (...{last4})", key.key_id),
    };
    let action = match by_hand {
        true => format!("a person makes the new key: keywright rotate {}", key.name),
        false => "none, where `keywright rotate --due --yes` is on a timer".into(),
    };
    let days = rekey.settings.schedule.skip / 86_400_000;
    let facts = [
        ("Service", card.map_or_else(|| key.provider.clone(), |c| c.name.clone())),
        ("Current key", masked),
        (
            "Next rotation",
            format!("{day} ({})", if due <= rekey.now() { "now".into() } else { when(due, rekey.now()) }),
        ),
        ("Action required", action),
        ("To postpone", format!("by {days} days: keywright keys skip {} --due {day}", key.name)),
    ];
    Notice {
        id: format!("due:{}:{day}", key.name),
        title: format!("\u{26a0}\u{fe0f} Upcoming key rotation: {}", key.name),
        facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        lines: Vec::new(),
        urgent: false,
    }
}
