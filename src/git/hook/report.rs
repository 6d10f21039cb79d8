//! What was done and how it stands, as values, each with two lines for a person: what is, and
//! what comes next.

use std::path::PathBuf;

use super::error::show;
use super::kind::{Kind, Manager};

/// What an installation or its removal did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The hook.
    pub kind: Kind,
    /// Its file.
    pub hook: PathBuf,
    /// What was done to it.
    pub done: Done,
    /// The hook that was there before: installed, it is kept under this name and runs after ours;
    /// removed, it stood under this name and has its own again.
    pub kept: Option<PathBuf>,
    /// Who else writes hooks here: husky, whose file ours are lines in, or the writer of `kept`.
    pub manager: Option<Manager>,
    /// Whether the file is in the work tree, shared through git. It then names no path of this machine.
    pub shared: bool,
    /// Whether the file serves every repository, because `core.hooksPath` is set for all of them.
    pub everywhere: bool,
    /// A hook of ours that git did not run, because `core.hooksPath` points elsewhere; removed too.
    pub unused: Option<PathBuf>,
}

/// What was done to a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// It was put in.
    Installed,
    /// It was ours and is now as this version writes it.
    Updated,
    /// It was in already; nothing was changed.
    Unchanged,
    /// It is the script from `hooks/`, put there by hand; nothing was changed.
    ByHand,
    /// The pre-commit framework runs it as its legacy hook; nothing was changed.
    TakenOver,
    /// It was taken out.
    Removed,
    /// There was none of ours to take out; nothing was changed.
    Absent,
}

impl Report {
    /// Returns one line that says what was done.
    #[must_use]
    pub fn what(&self) -> String {
        let (kind, hook) = (self.kind.name(), show(&self.hook));
        let mut line = match self.done {
            Done::Installed => format!("installed the {kind} hook: {hook}"),
            Done::Updated => format!("updated the {kind} hook: {hook}"),
            Done::Unchanged => format!("the {kind} hook is installed already: {hook}"),
            Done::ByHand => format!("the {kind} hook was put here by hand and is left alone: {hook}"),
            Done::TakenOver => format!("the pre-commit framework runs keywright's hook already: {hook}"),
            Done::Removed => format!("removed the {kind} hook: {hook}"),
            Done::Absent => format!("no {kind} hook of keywright's is installed: {hook}"),
        };
        match (&self.kept, self.done) {
            (Some(_), Done::Removed) => line.push_str("; the hook that was there before is back"),
            (Some(kept), _) => {
                let whose =
                    self.manager.map_or("the hook that was there".into(), |m| format!("{}'s hook", m.name()));
                line.push_str(&format!("; {whose} is kept as {} and runs after it", show(kept)));
            }
            (None, _) if self.manager == Some(Manager::Husky) => line.push_str(" (lines in husky's hook)"),
            (None, _) => {}
        }
        if let Some(unused) = &self.unused {
            line.push_str(&format!("; and one that git did not run: {}", show(unused)));
        }
        line
    }

    /// Returns one line that says what comes next.
    #[must_use]
    pub fn next(&self) -> String {
        let name = self.kind.name();
        match self.done {
            Done::Removed => {
                format!("{} goes unchecked from now on; back with `{}`", self.kind.checks(), self.kind.install())
            }
            Done::Absent => format!("nothing to do; put one in with `{}`", self.kind.install()),
            Done::ByHand => "delete the file to be rid of it, or to let `keywright hook install` write its own".into(),
            Done::TakenOver => "nothing to do; `pre-commit uninstall` gives the hook back".into(),
            Done::Installed | Done::Updated | Done::Unchanged if self.shared => {
                "commit that file; whoever works here then needs keywright on PATH".into()
            }
            Done::Installed | Done::Updated | Done::Unchanged => match self.manager {
                Some(manager @ (Manager::Lefthook | Manager::PreCommit | Manager::Prek)) => format!(
                    "{} may write its hook anew: put `keywright hook run {name}` into its configuration too",
                    manager.name()
                ),
                _ if self.everywhere => {
                    "core.hooksPath is set for all your repositories, so commits in every one of them are checked".into()
                }
                _ => format!(
                    "{} is now checked for leaked keys; `keywright hook status` shows how it stands",
                    self.kind.checks()
                ),
            },
        }
    }
}

/// How a hook stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookStatus {
    /// The hook.
    pub kind: Kind,
    /// The file asked about: the one git runs, or with husky the one husky runs.
    pub hook: PathBuf,
    /// What it is.
    pub state: State,
    /// Whether git would run it: the file, or with husky husky's runner, is executable.
    pub executable: bool,
    /// Whether husky runs it.
    pub husky: bool,
    /// Whether the folder serves every repository.
    pub everywhere: bool,
    /// A hook of ours that git does not run, because `core.hooksPath` points elsewhere.
    pub unused: Option<PathBuf>,
    /// The folder of hooks for all repositories, with one of ours, that this one's `core.hooksPath` goes before.
    pub shadowed: Option<PathBuf>,
}

/// What a hook file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Absent,
    /// Ours.
    Installed {
        /// The program it records; `None` if it looks on PATH alone.
        binary: Option<Recorded>,
        /// The hook it runs after itself.
        kept: Option<PathBuf>,
    },
    /// Ours, with changes made by hand.
    Edited,
    /// Ours, written by another version.
    OtherVersion(u32),
    /// The script from `hooks/`, put there by hand.
    ByHand,
    /// The pre-commit framework's, which runs ours as its legacy hook.
    TakenOver {
        /// Our file.
        legacy: PathBuf,
    },
    /// The one for all repositories of the user.
    Everywhere {
        /// Whether it runs keywright.
        runs: bool,
    },
    /// Somebody else's.
    Other(Option<Manager>),
}

/// The program a hook records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its path.
    pub path: PathBuf,
    /// Whether it is there and can be run.
    pub exists: bool,
}

impl HookStatus {
    /// Tells whether git, as things stand, runs keywright.
    #[must_use]
    pub fn is_run(&self) -> bool {
        let is_not = matches!(
            self.state,
            State::Absent | State::Other(_) | State::Edited | State::Everywhere { runs: false }
        );
        self.executable && !is_not
    }

    /// Returns one line that says how it stands.
    #[must_use]
    pub fn what(&self) -> String {
        let (kind, hook) = (self.kind.name(), show(&self.hook));
        if let (Some(unused), false) = (&self.unused, self.is_run()) {
            return format!(
                "installed, but git will not run it: {} (core.hooksPath points to {})",
                show(unused),
                self.hook.parent().map_or_else(String::new, show)
            );
        }
        if let (Some(folder), false) = (&self.shadowed, self.is_run()) {
            return format!(
                "not installed here: core.hooksPath points to {}, before the {kind} hook of all your repositories in {}",
                self.hook.parent().map_or_else(String::new, show),
                show(folder)
            );
        }
        let mut line = match &self.state {
            State::Everywhere { runs: true } => {
                format!("{kind} hook installed for all your repositories: {hook}")
            }
            State::Absent | State::Everywhere { .. } => format!("no {kind} hook: {hook}"),
            State::Installed { kept: Some(kept), .. } => {
                format!("{kind} hook installed: {hook}; it runs {} after itself", show(kept))
            }
            State::Installed { .. } => format!("{kind} hook installed: {hook}"),
            State::Edited => format!("{kind} hook installed, but changed by hand: {hook}"),
            State::OtherVersion(n) => format!("{kind} hook installed by another version (v{n}): {hook}"),
            State::ByHand => format!("{kind} hook put there by hand: {hook}"),
            State::TakenOver { legacy } => {
                format!("{kind} hook installed and run by the pre-commit framework: {}", show(legacy))
            }
            State::Other(Some(manager)) => {
                format!("not installed; {} has a {kind} hook: {hook}", manager.name())
            }
            State::Other(None) => format!("not installed; another {kind} hook is there: {hook}"),
        };
        if !self.executable && self.state != State::Absent {
            line.push_str(if self.husky {
                "; husky's own file for it is missing"
            } else {
                "; not executable, so git will not run it"
            });
        }
        line
    }

    /// Returns one line that says what to do, if anything.
    #[must_use]
    pub fn next(&self) -> String {
        let line = match &self.state {
            State::Edited => "see what was changed, delete the file, and run `keywright hook install`",
            State::Everywhere { runs: false } => {
                return format!(
                    "put it in with `keywright hook install --global --type {}`",
                    self.kind.name()
                );
            }
            State::Absent | State::Other(_) => {
                return format!("put it in with `{}`; a hook that is there is kept", self.kind.install());
            }
            State::OtherVersion(_) => return format!("write it anew with `{}`", self.kind.install()),
            _ if !self.executable && self.husky => "run `npm install` (or `npx husky`)",
            _ if !self.executable => return format!("mend it with `{}`", self.kind.install()),
            State::Installed { binary: Some(Recorded { path, exists: false }), .. } => {
                return format!(
                    "{} is gone, so keywright is looked for on PATH; run `keywright hook install` to record this one",
                    show(path)
                );
            }
            _ => "nothing to do",
        };
        line.into()
    }

    /// Tells a hook of ours that git does not run as it should.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        let is_others =
            matches!(self.state, State::Absent | State::Other(_) | State::Everywhere { runs: false });
        !self.is_run() && (!is_others || self.unused.is_some() || self.shadowed.is_some())
    }
}
