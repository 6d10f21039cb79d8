//! Whether the audit is whole: edits, deletions, moved lines and a missing end are each found.

use std::io::Write;
use std::path::Path;

use super::Store;
use super::audit::{COLUMNS, hash, head, nothing, record};
use super::db::Tx;
use super::error::StoreError;

/// How far the audit had come when it was last looked at from outside the store: a small file beside
/// the key file. Without it a store could be put back to an older copy of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// How many lines there were.
    pub lines: i64,
    /// The last one's hash.
    pub hash: String,
}

/// What a look at the whole audit showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Nothing was changed, taken away, moved or cut off.
    Whole {
        /// How many lines there are.
        lines: i64,
    },
    /// Something was.
    Broken {
        /// The first line that can't be believed.
        line: i64,
        /// What is wrong there.
        why: String,
    },
}

/// Lines read at once.
const PAGE: i64 = 1000;
/// The longest file that is read as an anchor, in bytes.
const LONGEST: u64 = 200;

impl Anchor {
    /// Reads an anchor; `None`: there is no such file yet.
    pub fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        use std::io::Read;
        let odd = |why: String| StoreError::Corrupt(format!("the audit's anchor can't be read: {why}"));
        let file = match std::fs::File::open(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|e| odd(e.to_string()))?,
        };
        let mut text = String::new();
        file.take(LONGEST).read_to_string(&mut text).map_err(|e| odd(e.to_string()))?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let [lines, hash] = words[..] else { return Err(odd("it holds no number and hash".into())) };
        let lines = lines.parse().map_err(|_| odd("it begins with no number".into()))?;
        Ok(Some(Self { lines, hash: hash.into() }))
    }

    /// Puts the anchor into place in one step.
    pub fn write(&self, path: &Path) -> Result<(), StoreError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        let write = || {
            let mut file = tempfile::Builder::new().prefix(".new-").tempfile_in(folder)?;
            writeln!(file, "{} {}", self.lines, self.hash)?;
            file.as_file().sync_all()?;
            file.persist(path).map(drop).map_err(|e| e.error)
        };
        write().map_err(|e| StoreError::Full(format!("the audit's anchor: {e}")))
    }
}

impl Store {
    /// Looks at every line. `anchor` is how far the audit had come before.
    pub async fn verify_audit(&self, anchor: Option<&Anchor>) -> Result<AuditVerdict, StoreError> {
        let mut tx = self.db.read().await?;
        Ok(match walk(&mut tx, self, anchor).await? {
            Ok(lines) => AuditVerdict::Whole { lines },
            Err((line, why)) => AuditVerdict::Broken { line, why },
        })
    }

    /// Moves the anchor's file to the audit's end. It stays where it is if the audit does not lead
    /// through it: what was found once is found again. Returns whether it was moved.
    pub async fn raise_anchor(&self, path: &Path) -> Result<bool, StoreError> {
        let before = Anchor::read(path)?;
        let mut tx = self.db.read().await?;
        let Some((head, true)) = head(&mut tx, &self.chain).await? else { return Ok(false) };
        if let Some(before) = before.filter(|before| before.lines > 0) {
            let row = tx.row("SELECT hash FROM audit WHERE number = $1", &[before.lines.into()]).await?;
            let there = row.map(|row| row.text(0)).transpose()?;
            if head.lines <= before.lines || there.as_deref() != Some(before.hash.as_str()) {
                return Ok(false);
            }
        }
        Anchor { lines: head.lines, hash: head.hash }.write(path)?;
        Ok(true)
    }
}

/// Follows the chain from its first line; the inner error says which line is wrong, and why.
async fn walk(
    tx: &mut Tx,
    store: &Store,
    anchor: Option<&Anchor>,
) -> Result<Result<i64, (i64, String)>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE number > $1 ORDER BY number LIMIT $2");
    let (mut before, mut lines) = (nothing(), 0);
    let mut after = i64::MIN;
    loop {
        let rows = tx.rows(&sql, &[after.into(), PAGE.into()]).await?;
        for row in &rows {
            let line = record(row)?;
            after = line.number;
            if line.number != lines + 1 {
                return Ok(Err((lines + 1, "it is missing".into())));
            }
            if hash(&before, &line) != line.hash {
                let why = "it was changed or moved, or the line before it was";
                return Ok(Err((line.number, why.into())));
            }
            if anchor.is_some_and(|anchor| anchor.lines == line.number && anchor.hash != line.hash) {
                let why = "it is not the line that was there when the anchor was written";
                return Ok(Err((line.number, why.into())));
            }
            (before, lines) = (line.hash, line.number);
        }
        if rows.is_empty() {
            break;
        }
    }
    if anchor.is_some_and(|anchor| anchor.lines > lines) {
        return Ok(Err((lines + 1, "it is missing: the anchor knows of it".into())));
    }
    Ok(match head(tx, &store.chain).await? {
        None => Err((lines, "the head is missing: nobody can say whether lines were cut off".into())),
        Some((head, _)) if head.lines > lines => {
            Err((lines + 1, format!("it is missing: the head knows of {} lines", head.lines)))
        }
        Some((head, _)) if head.lines < lines => {
            Err((head.lines + 1, "it was added behind the head's back".into()))
        }
        Some((head, _)) if head.hash != before => {
            Err((lines, "it is not the line that the head knows".into()))
        }
        Some((_, false)) => {
            let why = "the head is not signed with this installation's key: the audit was tampered with \
                       before this line, or the key file is another";
            Err((lines, why.into()))
        }
        Some(_) => Ok(lines),
    })
}
