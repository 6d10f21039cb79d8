//! `keywright incidents approve`.

use std::path::{Path, PathBuf};

use clap::Args;
use keywright::model::incident::Incident;
use keywright::respond::approval::{self, Asked, approvers};
use keywright::store::record::Line;

use super::open;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::flag::span;
use crate::cli::rekey::{Rekey, actor};
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

/// The largest text or signature that is read, in bytes.
const LARGEST: u64 = 64 << 10;

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
    if args.text {
        let asked = Asked { incident: &incident.is.id, plan: &plan };
        let until = rekey.now() + i64::try_from(args.within * 1000).unwrap_or(0).min(approval::LONGEST);
        let text = approval::text(&asked, until);
        ui.lines(&text.lines().map(Into::into).collect::<Vec<_>>());
        return Ok(Exit::Clean);
    }
    let who = who(args, &incident.is, &plan, rekey)?;
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

/// Returns who approves: by signature where approvers are named, else whoever runs this.
fn who(args: &ApproveArgs, incident: &Incident, plan: &str, rekey: &Rekey) -> Result<String, CliError> {
    let refused = |what: String, why: String| CliError {
        what,
        why,
        fix: "see `keywright incidents approve --help`, and [respond] approvers in your settings".into(),
        exit: Exit::Usage,
    };
    let lines = &rekey.respond.approvers;
    match (&args.signed, lines.is_empty()) {
        (None, true) => Ok(actor()),
        (None, false) => Err(refused(
            format!("{} is approved by a signature", incident.id),
            "the settings name who may approve".into(),
        )),
        (Some(_), true) => Err(refused("nobody may sign".into(), "the settings name no approvers".into())),
        (Some(file), false) => {
            let wrong = |why: String| refused(format!("{} is no approval", file.display()), why);
            let known = approvers(lines).map_err(|e| wrong(e.to_string()))?;
            let text = read(file).map_err(wrong)?;
            let text = String::from_utf8(text).map_err(|_| wrong("it is no text".into()))?;
            let mut beside = file.clone().into_os_string();
            beside.push(".sig");
            let signature = read(Path::new(&beside)).map_err(|e| wrong(format!("its signature: {e}")))?;
            let asked = Asked { incident: &incident.id, plan };
            approval::verify(&asked, &text, &signature, &known, rekey.now()).map_err(|e| wrong(e.to_string()))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let size = std::fs::metadata(path).map_err(|e| e.to_string())?.len();
    if size > LARGEST {
        return Err("it is too large".into());
    }
    std::fs::read(path).map_err(|e| e.to_string())
}
