//! The ways on for somebody whom a hook has stopped: exact commands, for what git was about to do.

use std::collections::BTreeSet;
use std::path::PathBuf;

use keywright::git::Repository;
use keywright::git::push::Update;
use keywright::model::text::{shown, tame};
use keywright::model::{CommitCard, Finding, Place};
use keywright::report::{Outcome, counts};

/// How many files, commits and fingerprints a line names.
const MOST: usize = 3;

/// What git was about to do.
pub(crate) enum Act {
    /// Make a commit of what is staged.
    Commit,
    /// Make a commit with the message that this file holds.
    Message(PathBuf),
    /// Send these refs.
    Push(Vec<Update>),
    /// Take these refs in.
    Receive(Vec<Update>),
}

impl Act {
    /// Says that it was stopped.
    pub(crate) fn stopped(&self) -> &'static str {
        match self {
            Self::Commit | Self::Message(_) => "The commit was stopped",
            Self::Push(_) => "The push was stopped",
            Self::Receive(_) => "The push was refused",
        }
    }

    /// Returns the ways on from leaks, a line each behind the first.
    pub(crate) fn ways(&self, outcome: &Outcome<'_>, repo: Option<&Repository>) -> Vec<String> {
        let leaks: Vec<&Finding> = outcome.findings.iter().filter(|f| counts(f, outcome)).collect();
        let mut lines = vec![String::new(), "Three ways on:".to_owned()];
        let mut way = |name: &str, steps: Vec<String>| {
            for (at, step) in steps.into_iter().enumerate() {
                lines.push(tame(format!("  {:<19}{step}", if at == 0 { name } else { "" })));
            }
        };
        way("take it out", self.out(&leaks, repo));
        way("it is no leak", self.let_be(&leaks));
        way("it is out already", over(&leaks));
        lines
    }

    fn out(&self, leaks: &[&Finding], repo: Option<&Repository>) -> Vec<String> {
        match self {
            Self::Commit => match paths(leaks.iter().copied()) {
                Some(files) => vec![format!("edit the file, then: git add {files}")],
                None => vec!["edit the file, then add it again".into()],
            },
            Self::Message(file) => {
                let file = word(file.as_os_str().as_encoded_bytes());
                let file = file.unwrap_or_else(|| "\"$(git rev-parse --git-path COMMIT_EDITMSG)\"".into());
                vec![format!("git commit --edit --file={file}    (your message is kept there)")]
            }
            Self::Push(updates) | Self::Receive(updates) => committed(leaks, updates, repo),
        }
    }

    fn let_be(&self, leaks: &[&Finding]) -> Vec<String> {
        // A message that was not stored yet is found nowhere: only a whole fingerprint names what is in it.
        let whole = matches!(self, Self::Message(_));
        let prints: BTreeSet<&str> = leaks
            .iter()
            .map(|f| if whole { f.fingerprint.as_str() } else { f.fingerprint.short() })
            .collect();
        let more = prints.len() > MOST;
        let named: Vec<&str> = prints.into_iter().take(MOST).collect();
        let mut steps = vec![format!("keywright ignore add {} --reason \"why\"", named.join(" "))];
        if more {
            steps.push("and so for each of the others".into());
        }
        if matches!(self, Self::Receive(_)) {
            steps.push("this server heeds it once its own default branch holds it".into());
        }
        steps
    }
}

/// What helps where a secret has left this machine: it is no secret any more.
fn over(leaks: &[&Finding]) -> Vec<String> {
    #[cfg(feature = "rekey")]
    {
        let _ = leaks;
        vec!["keywright respond --scan .    (pushed, pasted or mailed: only a new key helps)".into()]
    }
    #[cfg(not(feature = "rekey"))]
    {
        let remedies: BTreeSet<&str> = leaks.iter().map(|f| f.hit.rule.remedy.as_str()).collect();
        let mut steps: Vec<String> =
            remedies.into_iter().filter(|r| !r.is_empty()).take(MOST).map(|r| shown(r.as_bytes())).collect();
        if steps.is_empty() {
            steps.push("end the key where it was made, and make a new one".into());
        }
        steps
    }
}

/// What takes a secret out of commits that are made already.
fn committed(leaks: &[&Finding], updates: &[Update], repo: Option<&Repository>) -> Vec<String> {
    let mut steps = Vec::new();
    let tips: BTreeSet<String> = updates.iter().filter_map(|u| u.new).map(|id| id.to_string()).collect();
    let is_tip = |id: &str| tips.contains(id);
    let held = leaks.iter().filter_map(|f| f.location.commit.as_ref().map(|commit| (*f, commit)));
    let (tip, older): (Vec<_>, Vec<_>) = held.partition(|(_, commit)| is_tip(&commit.id));
    let add = |leaks: &[(&Finding, &CommitCard)]| {
        let files = paths(leaks.iter().map(|(f, _)| *f).filter(|f| f.location.place == Place::History));
        files.map_or_else(String::new, |files| format!("git add {files} && "))
    };
    if !older.is_empty() {
        let oldest = older.iter().map(|(_, c)| *c).min_by(|a, b| a.date.cmp(&b.date));
        let oldest = oldest.map(|c| c.id.as_str()).unwrap_or_default();
        let is_root = repo.is_some_and(|repo| repo.commit(&format!("{oldest}^")).is_err());
        let base = if is_root { "--root".into() } else { format!("{:.10}^", oldest) };
        let named: BTreeSet<&str> = older.iter().map(|(_, c)| c.short()).collect();
        let more = if named.len() > MOST { ", ..." } else { "" };
        let named: Vec<&str> = named.into_iter().take(MOST).collect();
        steps.push(format!("git rebase --interactive --rebase-merges {base}"));
        steps.push(format!("  there, `edit` in front of {}{more}; take it out, then:", named.join(", ")));
        steps.push(format!("  {}git commit --amend && git rebase --continue", add(&older)));
    }
    if !tip.is_empty() {
        let is_text = tip.iter().any(|(f, _)| f.location.place == Place::CommitMessage);
        let amend = if is_text { "git commit --amend" } else { "git commit --amend --no-edit" };
        let first = if is_text && add(&tip).is_empty() { "" } else { "edit the file, then: " };
        steps.push(format!("{first}{}{amend}", add(&tip)));
    }
    if leaks.iter().any(|f| f.location.place == Place::TagMessage) {
        let names = updates.iter().filter_map(|u| u.name.strip_prefix(b"refs/tags/")).filter_map(word);
        let name = names.take(1).next().unwrap_or_else(|| "TAG".into());
        steps.push(format!("git tag --force --annotate {name} {name}^{{}}"));
    }
    if steps.is_empty() {
        steps.push("a ref names the file itself: delete that ref, and push without it".into());
    }
    if let Some(branch) = elsewhere(updates, repo) {
        steps.insert(0, format!("git switch {branch}"));
    }
    let last = steps.len() - 1;
    steps[last].push_str(", then push again");
    steps
}

/// Returns the branch that is sent, if another one is checked out.
fn elsewhere(updates: &[Update], repo: Option<&Repository>) -> Option<String> {
    let head = repo?.head()?;
    let is_here = updates.iter().any(|update| update.new == Some(head));
    let local = |update: &Update| word(update.local.as_ref()?.strip_prefix(b"refs/heads/")?);
    if is_here { None } else { updates.iter().find_map(local) }
}

/// Returns the files of leaks as words for a shell; `None` where one cannot be written as such.
fn paths<'f>(leaks: impl Iterator<Item = &'f Finding>) -> Option<String> {
    // A hook runs at the top, and who called git may stand in a folder below.
    let top = if std::env::var_os("GIT_PREFIX").is_some_and(|p| !p.is_empty()) { ":/" } else { "" };
    let mut words = BTreeSet::new();
    for finding in leaks {
        if !finding.repeats.is_empty() {
            return None;
        }
        words.insert(word(&[top.as_bytes(), finding.location.path.bytes()].concat())?);
    }
    let more = if words.len() > MOST { " ..." } else { "" };
    let words: Vec<String> = words.into_iter().take(MOST).collect();
    (!words.is_empty()).then(|| words.join(" ") + more)
}

/// Returns bytes as one word for a shell; `None` if they hold what no screen should show.
fn word(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty() && shown(bytes) == *text)?;
    let text = if text.starts_with('-') { format!("./{text}") } else { text.to_owned() };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%=:,".contains(c);
    Some(if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_or_none() {
        assert_eq!(word(b"deploy/a.env").as_deref(), Some("deploy/a.env"));
        assert_eq!(word(b"-rf").as_deref(), Some("./-rf"));
        assert_eq!(word(b"it's; rm -rf ~").as_deref(), Some(r"'it'\''s; rm -rf ~'"));
        assert_eq!(word("naïve.txt".as_bytes()).as_deref(), Some("'naïve.txt'"));
        for hostile in [&b"a\nb"[..], b"a\x1b[31m", b"\xff", "a\u{202e}b".as_bytes(), b""] {
            assert_eq!(word(hostile), None);
        }
    }
}
