//! Files that embed a key which is public by design, such as the forms key of a page (R68): where they are, and
//! a patch that puts the new one there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::model::text::shown;
use crate::model::{Event, Secret};
use crate::source::{Source, worktree::Worktree};

/// The largest file that a patch is made of, in bytes.
const LARGEST: u64 = 16 << 20;
/// How many lines stand round a change.
const CONTEXT: usize = 3;

/// What a look into folders came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Embedded {
    /// The files, each with how often it holds the key.
    pub files: BTreeMap<PathBuf, usize>,
    /// How many files could not be read.
    pub unread: u64,
}

/// Looks for a key in the files below a folder.
///
/// # Errors
/// The folder cannot be read, in words.
pub fn find(folder: &Path, key: &Secret) -> Result<Embedded, String> {
    let found = Mutex::new(Embedded::default());
    let finder = memchr::memmem::Finder::new(key.expose());
    let see = |blob: crate::model::Blob<'_>| {
        let count = finder.find_iter(blob.bytes).count();
        if let Some(path) = blob.origin.path().filter(|_| count > 0) {
            let path = folder.join(String::from_utf8_lossy(path.bytes()).as_ref());
            *found.lock().expect("no holder panics").files.entry(path).or_default() += count;
        }
    };
    let tell = |event: Event| {
        if matches!(event, Event::Skipped(_)) {
            found.lock().expect("no holder panics").unread += 1;
        }
    };
    Worktree::at(folder).read(&see, &tell).map_err(|e| e.to_string())?;
    Ok(found.into_inner().expect("no holder panics"))
}

/// Makes a patch that replaces a key in a file; `name` is the file as the patch names it. Both keys stand in it:
/// only for keys that are public by design.
///
/// # Errors
/// Why there is none, in words.
pub fn patch(file: &Path, name: &str, old: &Secret, new: &Secret) -> Result<String, String> {
    let size = std::fs::symlink_metadata(file).map_err(|e| e.to_string())?;
    if !size.is_file() || size.len() > LARGEST {
        return Err("it is no plain file, or too large for a patch".into());
    }
    let text = String::from_utf8(std::fs::read(file).map_err(|e| e.to_string())?)
        .map_err(|_| "it is no UTF-8 text: change it by hand".to_owned())?;
    let as_text =
        |key: &Secret| String::from_utf8(key.expose().to_vec()).map_err(|_| "the key is no text".to_owned());
    let (old, new) = (as_text(old)?, as_text(new)?);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let changed: Vec<usize> =
        lines.iter().enumerate().filter(|(_, line)| line.contains(&old)).map(|(at, _)| at).collect();
    if changed.is_empty() {
        return Err("the key does not stand in one line of it".into());
    }
    let name = shown(name.as_bytes());
    let mut patch = format!("--- a/{name}\n+++ b/{name}\n");
    let mut at = 0;
    while at < changed.len() {
        let mut end = at;
        while end + 1 < changed.len() && changed[end + 1] - changed[end] <= 2 * CONTEXT {
            end += 1;
        }
        let from = changed[at].saturating_sub(CONTEXT);
        let to = (changed[end] + CONTEXT + 1).min(lines.len());
        let _ = writeln!(patch, "@@ -{},{} +{},{} @@", from + 1, to - from, from + 1, to - from);
        let mut line = from;
        while line < to {
            // Removed lines of one run stand before those that are added.
            let run = (line..to).take_while(|l| changed.contains(l)).count();
            for held in &lines[line..line + run] {
                put(&mut patch, '-', held);
            }
            for held in &lines[line..line + run] {
                put(&mut patch, '+', &held.replace(&old, &new));
            }
            if run == 0 {
                put(&mut patch, ' ', lines[line]);
            }
            line += run.max(1);
        }
        at = end + 1;
    }
    Ok(patch)
}

fn put(patch: &mut String, mark: char, line: &str) {
    patch.push(mark);
    patch.push_str(line);
    if !line.ends_with('\n') {
        patch.push_str("\n\\ No newline at end of file\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn files_are_found_and_git_takes_the_patch() {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (key("old-forms-value-1"), key("new-forms-value-2"));
        let page: String = (0..30)
            .map(|n| match n {
                4 | 5 | 20 => format!("<div data-key=\"old-forms-value-1\">{n} old-forms-value-1</div>\n"),
                29 => "last old-forms-value-1".into(),
                _ => format!("line {n}\n"),
            })
            .collect();
        std::fs::create_dir(folder.path().join("site")).unwrap();
        std::fs::write(folder.path().join("site/a.html"), &page).unwrap();
        std::fs::write(folder.path().join("b.html"), "nothing").unwrap();
        let found = find(folder.path(), &old).unwrap();
        assert_eq!(found.files, BTreeMap::from([(folder.path().join("site/a.html"), 7)]));
        let patch = patch(&folder.path().join("site/a.html"), "site/a.html", &old, &new).unwrap();
        let git = |words: &[&str], input: &str| {
            use std::io::Write as _;
            let mut child = std::process::Command::new("git")
                .args(words)
                .current_dir(folder.path())
                .stdin(std::process::Stdio::piped())
                .spawn()
                .unwrap();
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            assert!(child.wait().unwrap().success());
        };
        git(&["apply", "-"], &patch);
        let after = std::fs::read_to_string(folder.path().join("site/a.html")).unwrap();
        assert_eq!(after, page.replace("old-forms-value-1", "new-forms-value-2"));
        assert!(super::patch(&folder.path().join("b.html"), "b", &old, &new).is_err());
    }
}
