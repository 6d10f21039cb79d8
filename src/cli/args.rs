//! The commands and their flags.

use clap::{Parser, Subcommand};

use super::command::gitleaks::{DetectArgs, DirArgs, GitArgs, ProtectArgs, StdinArgs};
#[cfg(feature = "rekey")]
use super::command::{
    audit::AuditArgs, drill::DrillArgs, freeze::FreezeArgs, incidents::IncidentsArgs, keys::KeysArgs,
    pull_request::PullRequestArgs, respond::RespondArgs, rotate::RotateArgs, rotations::RotationsArgs,
    usage::UsageArgs, verify::VerifyArgs,
};
use super::command::{
    completions::CompletionsArgs, doctor::DoctorArgs, hook::HookArgs, ignore::IgnoreArgs, man::ManArgs,
    migrate::MigrateArgs, redact::RedactArgs, rules::RulesArgs, scan::ScanArgs,
};
use super::ui::Color;

/// Finds leaked keys in git and re-keys what they open.
#[derive(Parser)]
#[command(
    name = "keywright",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    after_help = "Examples:\n  keywright scan                    this repository: working tree, index and all of history\n  keywright scan --staged           only what the next commit would bring in\n  keywright hook install            block the next commit that has a key in it\n  keywright drill                   a leak and its answer, rehearsed on this machine in under a minute\n  keywright rotate KEY --dry-run    what replacing a key of yours would do, step by step\n\ngitleaks' commands (detect, protect, git, dir, stdin) are understood with its flags: keywright git --help\n\nExit codes: 0 clean, 1 leaks, 2 wrong use or settings, 3 not everything could be read, 4 a person is needed, 5 a rotation waits or was undone, 6 a sealed secret needs rescue now, 70 a bug"
)]
pub(crate) struct Cli {
    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", hide_possible_values = true, hide_default_value = true)]
    pub(crate) color: Color,
    /// Say nothing but findings and errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands. Each says what it is for beside its flags: a line here would hide its longer help.
#[derive(Subcommand)]
pub(crate) enum Command {
    Scan(Box<ScanArgs>),
    Hook(HookArgs),
    Doctor(DoctorArgs),
    Ignore(IgnoreArgs),
    Migrate(MigrateArgs),
    Rules(RulesArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
    Redact(RedactArgs),
    #[cfg(feature = "rekey")]
    Keys(KeysArgs),
    #[cfg(feature = "rekey")]
    Rotate(RotateArgs),
    #[cfg(feature = "rekey")]
    Rotations(RotationsArgs),
    #[cfg(feature = "rekey")]
    Audit(AuditArgs),
    #[cfg(feature = "rekey")]
    Usage(UsageArgs),
    #[cfg(feature = "rekey")]
    Verify(VerifyArgs),
    #[cfg(feature = "rekey")]
    Incidents(IncidentsArgs),
    #[cfg(feature = "rekey")]
    Respond(RespondArgs),
    #[cfg(feature = "rekey")]
    Freeze(FreezeArgs),
    #[cfg(feature = "rekey")]
    PullRequest(Box<PullRequestArgs>),
    #[cfg(feature = "rekey")]
    Drill(DrillArgs),
    #[command(hide = true)]
    Detect(Box<DetectArgs>),
    #[command(hide = true)]
    Protect(Box<ProtectArgs>),
    #[command(hide = true)]
    Git(Box<GitArgs>),
    #[command(hide = true, aliases = ["directory", "file"])]
    Dir(Box<DirArgs>),
    #[command(hide = true)]
    Stdin(Box<StdinArgs>),
}
