//! `keywright incidents approve`.

use std::path::PathBuf;

use clap::Args;
use keywright::respond::approval::{self, Asked};
use keywright::store::record::Line;

use super::open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::span;
use crate::cli::rekey::Rekey;
use crate::cli::signed::signer;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright incidents approve i-3f2a90c1 --plan 5d41402abc4b2a76\n\nWhere [respond] approvers are named, each signs with an SSH key of theirs:\n  keywright incidents approve i-3f2a90c1 --plan 5d41402abc4b2a76 --text > approval.txt\n  ssh-keygen -Y sign -n keywright -f ~/.ssh/id_ed25519 approval.txt\n  keywright incidents approve i-3f2a90c1 --plan 5d41402abc4b2a76 --signed approval.txt"
)]
pub(super) struct ApproveArgs {
    /// The incident
    #[arg(value_name = "INCIDENT")]
    id: String,
    /// The plan, by its hash: `incidents show` says it
    #[arg(long, value_name = "HASH")]
    plan: String,
    /// Print what is to be signed, and approve nothing
    #[arg(long, conflicts_with = "signed")]
    text: bool,
    /// How long the signature is to be good for, at most a day
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = span, requires = "text")]
    within: u64,
    /// The signed text; its signature stands beside it in FILE.sig
    #[arg(long, value_name = "FILE")]
    signed: Option<PathBuf>,
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
    let id = incident.is.id.clone();
    let asked = Asked { incident: &id, plan: &plan };
    if args.text {
        let until = rekey.now() + i64::try_from(args.within * 1000).unwrap_or(0).min(approval::LONGEST);
        let text = approval::text(&asked, until);
        ui.lines(&text.lines().map(Into::into).collect::<Vec<_>>());
        return Ok(Exit::Clean);
    }
    let signed = args.signed.as_deref();
    let who = signer(&asked, signed, &incident.is.id, "keywright incidents approve", rekey)?;
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
        detail: format!("plan {plan}{}", if args.signed.is_some() { ", signed" } else { "" }),
        ..Line::default()
    };
    rekey.runtime.block_on(rekey.store.put_incident(&mut incident, Some(line)))?;
    rekey.anchor(ui);
    ui.lines(&[format!("approved; it goes on with: keywright respond {}", incident.is.id)]);
    Ok(Exit::Clean)
}
