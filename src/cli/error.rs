//! What went wrong, why, and what to do: the one place that knows every room's errors.

use keywright::git::GitError;
use keywright::git::hook::HookError;
use keywright::rule::RuleError;
use keywright::source::SourceError;

use super::exit::Exit;

/// An error as a letter to a person.
#[derive(Debug)]
pub(crate) struct CliError {
    /// What happened to which thing.
    pub(crate) what: String,
    /// Why, if that is known.
    pub(crate) why: String,
    /// What to do now.
    pub(crate) fix: String,
    /// The exit code.
    pub(crate) exit: Exit,
}

impl CliError {
    /// An error in what was asked for.
    pub(crate) fn usage(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), why: String::new(), fix: fix.into(), exit: Exit::Usage }
    }

    /// Standard output cannot be written.
    pub(crate) fn unprinted(error: &std::io::Error) -> Self {
        Self {
            what: "couldn't write to standard output".into(),
            why: error.to_string(),
            fix: "send it where it can be written".into(),
            exit: Exit::Incomplete,
        }
    }
}

impl From<RuleError> for CliError {
    fn from(error: RuleError) -> Self {
        let (what, why, fix) = match error {
            RuleError::Syntax { file, line, why } => {
                (format!("couldn't read {file}: line {line}"), why, "mend the TOML".into())
            }
            RuleError::Broken { file, line, rule, why, mend } => {
                (format!("couldn't read {file}: line {line}: rule `{rule}`"), why, mend)
            }
            RuleError::Refused { file, line, why, mend } => {
                (format!("{file} {why}: line {line}"), String::new(), mend)
            }
        };
        Self { what, why, fix, exit: Exit::Usage }
    }
}

impl From<GitError> for CliError {
    fn from(error: GitError) -> Self {
        let (what, why, fix, exit) = match error {
            GitError::Revision { name, why } => (
                format!("can't find `{name}` in this repository"),
                why,
                "see `git branch -a` and `git tag` for what is there; fetch it if it is not here yet",
                Exit::Usage,
            ),
            GitError::Open { path, why } => (
                format!("can't open the repository at {}", path.display()),
                why,
                "`git status` there tells more",
                Exit::Incomplete,
            ),
            GitError::Index { path, why } => (
                format!("can't read the index {}", path.display()),
                why,
                "`git status` tells more; `git reset` writes it anew",
                Exit::Incomplete,
            ),
            GitError::Refs(why) => {
                ("can't list the refs".into(), why, "`git for-each-ref` tells more", Exit::Incomplete)
            }
            GitError::Object { id, why } => {
                (format!("can't read object {id}"), why, "`git fsck` tells more", Exit::Incomplete)
            }
            GitError::Folder { path, why } => {
                (format!("can't read {}", path.display()), why, "make it readable", Exit::Incomplete)
            }
        };
        Self { what, why, fix: fix.into(), exit }
    }
}

impl From<SourceError> for CliError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Git(e) => e.into(),
            SourceError::Absent { path } => {
                Self::usage(format!("{path} is not there"), "name a file, a folder or a repository")
            }
            SourceError::Stdin(e) => Self {
                what: "can't read standard input".into(),
                why: e.to_string(),
                fix: "pipe something into it".into(),
                exit: Exit::Incomplete,
            },
        }
    }
}

impl From<HookError> for CliError {
    /// A hook's error says what to do behind its last semicolon.
    fn from(error: HookError) -> Self {
        let text = error.to_string();
        let (what, fix) = text.rsplit_once("; ").unwrap_or((&text, ""));
        Self::usage(what, fix)
    }
}
