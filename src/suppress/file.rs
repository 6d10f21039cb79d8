//! A file of entries: `.keywrightignore`, or a baseline.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::entry::Entry;

/// What begins a file's first line, before its version.
const HEAD: &str = "# keywright suppressions v";
/// The version this program writes and reads.
const VERSION: u32 = 1;

/// Why a file of suppressions cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: line {line}: {why}")]
pub struct SuppressError {
    /// The file's name.
    pub file: String,
    /// The line, counted from one.
    pub line: usize,
    /// What is wrong. Nothing of the line is quoted: it could hold a secret.
    pub why: String,
    /// What to do.
    pub mend: &'static str,
}

/// A file of entries, read. Comments stay above the entry they stand above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoreFile {
    /// Comments at the top, closed by an empty line.
    head: Vec<String>,
    /// Each entry with the comments above it, in the order of the file.
    entries: Vec<(Vec<String>, Entry)>,
    /// Comments behind the last entry.
    tail: Vec<String>,
}

impl IgnoreFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`SuppressError`]: the first line that is wrong. Nothing of a broken file is used: half a list
    /// of reasons would bring back findings nobody looks for.
    ///
    /// ```
    /// use keywright::suppress::IgnoreFile;
    /// let text = format!("{} reason=sample\n", "0f".repeat(32));
    /// assert_eq!(IgnoreFile::parse(".keywrightignore", &text).unwrap().entries().count(), 1);
    /// ```
    pub fn parse(name: &str, text: &str) -> Result<Self, SuppressError> {
        let mut file = Self::default();
        let mut comments: Vec<String> = Vec::new();
        for (at, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
            let line = line.trim();
            let wrong = |(why, mend)| SuppressError { file: name.into(), line: at + 1, why, mend };
            if let Some(version) = line.strip_prefix(HEAD) {
                let version =
                    version.split(|c: char| !c.is_ascii_digit()).next().and_then(|v| v.parse().ok());
                if version != Some(VERSION) {
                    let why = "it is of another version than 1".to_owned();
                    return Err(wrong((why, "use the keywright that wrote it, or a newer one")));
                }
            } else if line.starts_with('#') {
                comments.push(line.to_owned());
            } else if line.is_empty() {
                if file.entries.is_empty() {
                    file.head.append(&mut comments);
                }
            } else if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark)) {
                let why = "a merge left its marks here".to_owned();
                return Err(wrong((why, "keep the entries of both sides and take the marks out")));
            } else {
                let entry = Entry::parse(line).map_err(wrong)?;
                file.entries.push((std::mem::take(&mut comments), entry));
            }
        }
        file.tail = comments;
        Ok(file)
    }

    /// Returns the entries in the order of the file.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(|(_, entry)| entry)
    }

    /// Adds an entry for a secret that no other entry is about.
    pub fn add_new(&mut self, entry: Entry) {
        self.entries.push((Vec::new(), entry));
    }

    /// Adds an entry; one for the same secret is replaced. Tells whether it is new.
    pub fn add(&mut self, entry: Entry) -> bool {
        let before = self.entries.len();
        let mut comments = Vec::new();
        self.entries.retain_mut(|(above, old)| {
            let is_same = old.fingerprint == entry.fingerprint;
            if is_same {
                comments.append(above);
            }
            !is_same
        });
        let is_new = self.entries.len() == before;
        self.entries.push((comments, entry));
        is_new
    }

    /// Takes out the entries that `keep` does not want, with the comments above them. Returns them.
    pub fn retain(&mut self, mut keep: impl FnMut(&Entry) -> bool) -> Vec<Entry> {
        let (kept, gone) = std::mem::take(&mut self.entries).into_iter().partition(|(_, entry)| keep(entry));
        self.entries = kept;
        gone.into_iter().map(|(_, entry): (_, Entry)| entry).collect()
    }

    /// Returns the file's text: sorted, each entry once, the same for the same entries.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("{HEAD}{VERSION}\n");
        for line in &self.head {
            let _ = writeln!(text, "{line}");
        }
        if !self.head.is_empty() {
            text.push('\n');
        }
        let mut sorted: BTreeMap<&Entry, Vec<&String>> = BTreeMap::new();
        for (comments, entry) in &self.entries {
            sorted.entry(entry).or_default().extend(comments);
        }
        for (entry, comments) in sorted {
            for line in comments {
                let _ = writeln!(text, "{line}");
            }
            let _ = writeln!(text, "{entry}");
        }
        for line in &self.tail {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(digit: char, rest: &str) -> String {
        format!("{} {rest}\n", digit.to_string().repeat(64))
    }

    fn read(text: &str) -> Result<IgnoreFile, String> {
        IgnoreFile::parse("f", text).map_err(|e| e.to_string())
    }

    #[test]
    fn a_file_is_written_sorted_with_the_comments_where_they_belong() {
        let (a, b) = (line('a', "reason=x"), line('b', "reason=y"));
        let file = read(&format!("# ours\n\n# the sandbox\n{b}{a}# end\n")).unwrap();
        let want = format!("# keywright suppressions v1\n# ours\n\n{a}# the sandbox\n{b}# end\n");
        assert_eq!(file.render(), want);
        assert_eq!(read(&want).unwrap().render(), want);
    }

    #[test]
    fn a_line_both_sides_of_a_merge_added_is_written_once() {
        let a = line('a', "reason=x");
        assert_eq!(read(&format!("{a}{a}")).unwrap().render(), format!("# keywright suppressions v1\n{a}"));
    }

    #[test]
    fn an_entry_added_again_is_replaced_and_keeps_its_comment() {
        let mut file = read(&format!("# why\n{}", line('a', "reason=x"))).unwrap();
        assert!(!file.add(Entry::parse(&line('a', "reason=y")).unwrap()));
        assert!(file.add(Entry::parse(&line('b', "reason=z")).unwrap()));
        assert_eq!(
            file.render(),
            format!("# keywright suppressions v1\n# why\n{}{}", line('a', "reason=y"), line('b', "reason=z"))
        );
    }

    #[test]
    fn a_broken_file_is_refused_at_its_line() {
        let a = line('a', "reason=x");
        assert_eq!(
            read(&format!("{a}<<<<<<< HEAD\n{a}")).unwrap_err(),
            "f: line 2: a merge left its marks here"
        );
        assert_eq!(
            read(&format!("# keywright suppressions v2\n{a}")).unwrap_err(),
            "f: line 1: it is of another version than 1"
        );
        assert_eq!(
            read(&format!("{a}{}", &a[..40])).unwrap_err(),
            "f: line 2: it begins with no fingerprint"
        );
    }

    #[test]
    fn what_is_taken_out_goes_with_its_comment() {
        let mut file = read(&format!("# why\n{}{}", line('a', "reason=x"), line('b', "reason=y"))).unwrap();
        let gone = file.retain(|e| e.reason.as_deref() == Some("y"));
        assert_eq!(gone.len(), 1);
        assert_eq!(file.render(), format!("# keywright suppressions v1\n{}", line('b', "reason=y")));
    }
}
