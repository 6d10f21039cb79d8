//! `keywright incidents dismiss`, `close` and `reopen`: what a person says about one.

use clap::Args;
use keywright::model::credential::Liveness;
use keywright::model::incident::Stage;
use keywright::store::record::Line;

use super::open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::{Rekey, actor};
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright incidents dismiss i-3f2a90c1 --reason 'a test account, without rights'\n  keywright incidents close i-3f2a90c1 --reason 'ended by hand'\n  keywright incidents reopen i-3f2a90c1 --reason 'seen again'"
)]
pub(super) struct SettleArgs {
    /// The incident
    #[arg(value_name = "INCIDENT")]
    id: String,
    /// Why, for the audit
    #[arg(long, value_name = "WHY")]
    reason: String,
}

pub(super) fn dismiss(args: &SettleArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    settle(args, Stage::Dismissed, "dismissed", rekey, ui)
}

pub(super) fn close(args: &SettleArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    settle(args, Stage::Closed, "closed", rekey, ui)
}

pub(super) fn reopen(args: &SettleArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    settle(args, Stage::Open, "reopened", rekey, ui)
}

fn settle(args: &SettleArgs, to: Stage, verb: &str, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let mut incident = open(rekey, &args.id)?;
    let refused = |what: &str, fix: &str| CliError::usage(format!("{} {what}", incident.is.id), fix);
    if args.reason.trim().is_empty() {
        return Err(refused("is settled with a reason only", "say why: --reason WHY"));
    }
    if incident.is.stage == Stage::Answering && to != Stage::Open {
        return Err(refused(
            "is being contained",
            "let it go on: keywright respond; or put its rotation back: keywright rotations rollback",
        ));
    }
    if to == Stage::Open && incident.is.stage == Stage::Answering {
        return Err(refused("is under way", "let it go on: keywright respond"));
    }
    let is_alive = incident.is.liveness.as_ref().is_some_and(|l| l.is == Liveness::Alive);
    if is_alive && to == Stage::Closed {
        return Err(refused(
            "works, by the last look at it",
            "end it first, then: keywright respond; or dismiss it, which says that it may live",
        ));
    }
    let now = rekey.now();
    incident.is.stage = to;
    incident.is.note.clone_from(&args.reason);
    incident.run_at = None;
    if to == Stage::Open {
        incident.is.times.closed = None;
        (incident.is.rotation, incident.is.plan_hash) = (None, None);
        incident.is.approvals.clear();
    } else {
        incident.is.times.closed = Some(now);
    }
    let line = Line {
        at: now,
        actor: actor(),
        action: format!("incident.{verb}"),
        key: incident.is.key.clone().unwrap_or_default(),
        provider: incident.is.provider.clone(),
        rotation: incident.is.id.clone(),
        status: "success".into(),
        reason: "leak:commit".into(),
        detail: args.reason.clone(),
        ..Line::default()
    };
    rekey.runtime.block_on(rekey.store.put_incident(&mut incident, Some(line)))?;
    rekey.anchor(ui);
    ui.lines(&[format!("{} is {}", incident.is.id, incident.is.stage)]);
    Ok(Exit::Clean)
}
