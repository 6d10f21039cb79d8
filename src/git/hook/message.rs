//! A commit's message as git would store it: what somebody wrote, without what git takes out of it.

use std::path::Path;

use super::place::open;

/// The line below which nothing belongs to the message, behind the sign of comments.
const SCISSORS: &[u8] = b" ------------------------ >8 ------------------------";
/// What git chooses from where `core.commentChar` is `auto`.
const SIGNS: &[u8] = b"#;@!$%^&|:";

/// What git takes out of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleanup {
    /// What a comment's line begins with.
    sign: Sign,
    /// Whether lines of comments go.
    comments: bool,
    /// Whether all below the scissors goes: always, or where git's own words follow them.
    scissors: Scissors,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Sign {
    Is(Vec<u8>),
    /// One that the message does not use.
    Auto,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scissors {
    Never,
    /// `git commit --verbose` puts them, with a line of words behind them, and a hook is not told of it.
    IfGits,
    Always,
}

impl Cleanup {
    /// Returns what git does in the repository at or above `dir`: what its configuration says, and, where
    /// that leaves it open, by whether somebody `edited` the message.
    #[must_use]
    pub fn here(dir: &Path, edited: bool) -> Self {
        let repo = open(dir).ok();
        let said =
            |key: &str| repo.as_ref().and_then(|repo| repo.config_snapshot().string(key).map(|v| v.to_vec()));
        let sign = said("core.commentString").or_else(|| said("core.commentChar"));
        Self::of(sign.as_deref(), said("commit.cleanup").as_deref(), edited)
    }

    fn of(sign: Option<&[u8]>, mode: Option<&[u8]>, edited: bool) -> Self {
        let sign = match sign {
            Some(b"auto") => Sign::Auto,
            Some(sign) if !sign.is_empty() => Sign::Is(sign.to_vec()),
            _ => Sign::Is(b"#".to_vec()),
        };
        let if_edited = if edited { Scissors::IfGits } else { Scissors::Never };
        let (comments, scissors) = match mode {
            Some(b"verbatim" | b"whitespace") => (false, if_edited),
            Some(b"scissors") if edited => (false, Scissors::Always),
            Some(b"scissors") => (false, Scissors::Never),
            Some(b"strip") => (true, if_edited),
            _ => (edited, if_edited),
        };
        Self { sign, comments, scissors }
    }

    /// Returns the message that git would store. What goes leaves its line breaks, so that every line
    /// keeps its number.
    #[must_use]
    pub fn stored(&self, text: &[u8]) -> Vec<u8> {
        let sign = match &self.sign {
            Sign::Is(sign) => sign.clone(),
            Sign::Auto => chosen(text),
        };
        let mut out = Vec::with_capacity(text.len());
        let mut lines = text.split_inclusive(|b| *b == b'\n').peekable();
        while let Some(line) = lines.next() {
            let bare = line.strip_suffix(b"\n").unwrap_or(line);
            let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
            let is_comment = bare.starts_with(&sign);
            if is_comment && &bare[sign.len()..] == SCISSORS {
                let are_gits = lines.peek().is_some_and(|next| next.starts_with(&sign));
                match self.scissors {
                    Scissors::Always => break,
                    Scissors::IfGits if are_gits => break,
                    _ => {}
                }
            }
            if is_comment && self.comments {
                out.push(b'\n');
            } else {
                out.extend_from_slice(line);
            }
        }
        out
    }
}

/// Returns the sign that git chose: that of its own words, which stand last.
fn chosen(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split(|b| *b == b'\n').collect();
    let is_cut =
        |line: &&[u8]| line.split_first().is_some_and(|(c, rest)| SIGNS.contains(c) && rest == SCISSORS);
    if let Some(at) = lines.iter().position(is_cut) {
        lines.truncate(at + 1);
    }
    let last = lines.iter().rev().find(|line| !line.is_empty());
    let sign = last.and_then(|line| line.first()).filter(|c| SIGNS.contains(c));
    vec![*sign.unwrap_or(&b'#')]
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "subject\n\n#12 is mine\nbody\n# git's words\n";
    const VERBOSE: &str =
        "subject\n# ------------------------ >8 ------------------------\n# Do not modify\ndiff\n+key\n";

    fn stored(text: &str, sign: Option<&str>, mode: Option<&str>, edited: bool) -> String {
        let cleanup = Cleanup::of(sign.map(str::as_bytes), mode.map(str::as_bytes), edited);
        String::from_utf8(cleanup.stored(text.as_bytes())).unwrap()
    }

    #[test]
    fn comments_go_where_somebody_edited_and_lines_keep_their_numbers() {
        assert_eq!(stored(WRITTEN, None, None, true), "subject\n\n\nbody\n\n");
        assert_eq!(stored(WRITTEN, None, None, false), WRITTEN);
        assert_eq!(stored(WRITTEN, None, Some("strip"), false), "subject\n\n\nbody\n\n");
        for mode in ["whitespace", "verbatim"] {
            assert_eq!(stored(WRITTEN, None, Some(mode), true), WRITTEN);
        }
    }

    #[test]
    fn the_diff_of_a_verbose_commit_is_no_message() {
        assert_eq!(stored(VERBOSE, None, None, true), "subject\n");
        assert_eq!(stored(VERBOSE, None, Some("scissors"), true), "subject\n");
        assert_eq!(stored(&VERBOSE.replace('#', ";"), Some(";"), None, true), "subject\n");
        assert_eq!(stored(&VERBOSE.replace('#', "//"), Some("//"), None, true), "subject\n");
        // Nobody edited: git stores all of it.
        assert_eq!(stored(VERBOSE, None, None, false), VERBOSE);
        assert_eq!(stored(VERBOSE, None, Some("scissors"), false), VERBOSE);
    }

    #[test]
    fn scissors_of_somebodys_own_hide_nothing() {
        let text = "subject\n# ------------------------ >8 ------------------------\nkey\n";
        assert_eq!(stored(text, None, None, true), "subject\n\nkey\n");
        assert_eq!(stored(text, None, Some("scissors"), true), "subject\n");
    }

    #[test]
    fn a_sign_that_git_chose_is_that_of_its_own_words() {
        let text = "#12 is mine\n\n; Please enter\n;\n";
        assert_eq!(stored(text, Some("auto"), None, true), "#12 is mine\n\n\n\n");
        assert_eq!(stored(&VERBOSE.replace('#', ";"), Some("auto"), None, true), "subject\n");
    }
}
