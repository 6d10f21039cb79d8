//! `keywright incidents approve`.

use clap::Args;
use keywright::store::record::Line;

use super::open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::rekey::{Rekey, actor};
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(after_help = "Examples:\n  keywright incidents approve i-3f2a90c1 --plan 5d41402abc4b2a76")]
pub(super) struct ApproveArgs {
    /// The incident
    #[arg(value_name = "INCIDENT")]
    id: String,
    /// The plan, by its hash: `incidents show` says it
    #[arg(long, value_name = "HASH")]
    plan: String,
}

pub(super) fn run(args: &ApproveArgs, rekey: &Rekey, ui: &Ui) -> Result<Exit, CliError> {
    let mut incident = open(rekey, &args.id)?;
    let Some(plan) = incident.is.plan_hash.clone().filter(|_| !incident.is.stage.is_over()) else {
        return Err(CliError::usage(
            format!("{} waits for no approval", incident.is.id),
            "`keywright incidents show` says what it waits for",
        ));
    };
    if plan != args.plan {
        return Err(CliError::usage(
            format!("the plan of {} is {plan}, and {} was approved", incident.is.id, args.plan),
            "something changed since: look at it again, and approve that",
        ));
    }
    let who = actor();
    if incident.is.approvals.iter().any(|(by, _)| *by == who) {
        return Err(CliError::usage(format!("{who} has approved it already"), "somebody else must, too"));
    }
    let now = rekey.now();
    incident.is.approvals.push((who.clone(), now));
    let line = Line {
        at: now,
        actor: who,
        action: "incident.approved".into(),
        key: incident.is.key.clone().unwrap_or_default(),
        provider: incident.is.provider.clone(),
        rotation: incident.is.id.clone(),
        status: "success".into(),
        reason: "leak:commit".into(),
        detail: format!("plan {plan}"),
        ..Line::default()
    };
    rekey.runtime.block_on(rekey.store.put_incident(&mut incident, Some(line)))?;
    rekey.anchor(ui);
    ui.lines(&[format!("approved; it goes on with: keywright respond {}", incident.is.id)]);
    Ok(Exit::Clean)
}
