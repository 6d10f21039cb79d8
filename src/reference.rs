//! References: where a credential of Keywright's own stands. Settings hold these and never the
//! credential itself (R27).

use std::fmt;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::model::Secret;
use crate::model::text::shown;

/// The longest credential, in bytes.
const LONGEST: u64 = 64 << 10;
/// How long a program may take to tell one.
const PATIENCE: Duration = Duration::from_secs(30);
/// Schemes that are known and not there yet, and what each is for.
const TO_COME: [(&str, &str); 4] = [
    ("vault:", "Vault"),
    ("awssm:", "AWS Secrets Manager"),
    ("gcpsm:", "Google Secret Manager"),
    ("op://", "1Password"),
];
const WRITE: &str = "write env:NAME, file:PATH or exec:PROGRAM ARGUMENTS";

/// Where a credential stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Env(String),
    File(PathBuf),
    Exec(Vec<String>),
}

/// Why a reference gave no credential. What was written is repeated only where it is surely none itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// It is no reference: perhaps the credential itself.
    #[error("this is no reference, and a credential itself may not stand in settings; {WRITE}")]
    Literal,
    /// Its kind is known but not there yet.
    #[error("`{scheme}` comes with the destination {name}; until then, {WRITE}")]
    ToCome {
        /// The scheme.
        scheme: &'static str,
        /// What it reads.
        name: &'static str,
    },
    /// It names nothing.
    #[error("{scheme} {why}; {WRITE}")]
    Malformed {
        /// The scheme.
        scheme: &'static str,
        /// What is wrong.
        why: &'static str,
    },
    /// What it names is not there, empty, too long or cannot be read.
    #[error("couldn't read {place}: {why}")]
    Unreadable {
        /// The reference.
        place: String,
        /// Why.
        why: String,
    },
    /// Others can read the file.
    #[error("{place} can be read by others; chmod 600 it")]
    Open {
        /// The reference.
        place: String,
    },
}

impl Reference {
    /// Reads a reference as it stands in settings.
    ///
    /// ```
    /// use keywright::reference::{Reference, ReferenceError};
    /// assert!(Reference::parse("env:AVP_BOT_PASSWORD").is_ok());
    /// assert_eq!(Reference::parse("hunter2").unwrap_err(), ReferenceError::Literal);
    /// ```
    ///
    /// # Errors
    /// [`ReferenceError::Literal`] for what is none, which is not repeated; else what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let malformed = |scheme, why| Err(ReferenceError::Malformed { scheme, why });
        if let Some(name) = text.strip_prefix("env:") {
            let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            return match name.as_bytes() {
                [first, rest @ ..]
                    if !first.is_ascii_digit() && is_name(*first) && rest.iter().all(|b| is_name(*b)) =>
                {
                    Ok(Self(Kind::Env(name.into())))
                }
                _ => malformed("env:", "wants the name of a variable"),
            };
        }
        if let Some(path) = text.strip_prefix("file:") {
            if path.is_empty() || path.contains('\0') {
                return malformed("file:", "wants a path");
            }
            return Ok(Self(Kind::File(path.into())));
        }
        if let Some(words) = text.strip_prefix("exec:") {
            if words.contains(['"', '\'', '\\', '$', '`', '\0', '\n', '\r']) {
                return malformed(
                    "exec:",
                    "takes words without quotes or signs of a shell: put those in a script",
                );
            }
            let words: Vec<String> = words.split_ascii_whitespace().map(Into::into).collect();
            if words.is_empty() {
                return malformed("exec:", "wants a program");
            }
            return Ok(Self(Kind::Exec(words)));
        }
        match TO_COME.iter().find(|(scheme, _)| text.starts_with(scheme)) {
            Some((scheme, name)) => Err(ReferenceError::ToCome { scheme, name }),
            None => Err(ReferenceError::Literal),
        }
    }

    /// Returns the credential, without the line end behind it.
    ///
    /// # Errors
    /// [`ReferenceError::Unreadable`] or [`ReferenceError::Open`]; neither repeats what was read.
    pub async fn resolve(&self) -> Result<Secret, ReferenceError> {
        let unreadable = |why: String| ReferenceError::Unreadable { place: self.to_string(), why };
        let mut bytes = match &self.0 {
            Kind::Env(name) => {
                let value = std::env::var(name).map_err(|e| {
                    unreadable(match e {
                        std::env::VarError::NotPresent => "it is not set".into(),
                        std::env::VarError::NotUnicode(_) => "it is no text".into(),
                    })
                })?;
                Zeroizing::new(value.into_bytes())
            }
            Kind::File(path) => {
                let read = read(path).map_err(|e| unreadable(e.to_string()))?;
                read.ok_or_else(|| ReferenceError::Open { place: self.to_string() })?
            }
            Kind::Exec(words) => {
                let told = timeout(PATIENCE, run(words)).await;
                told.map_err(|_| unreadable(format!("it told nothing in {PATIENCE:?}")))?
                    .map_err(unreadable)?
            }
        };
        if bytes.len() as u64 > LONGEST {
            return Err(unreadable(format!("it is longer than {LONGEST} bytes")));
        }
        for end in [b'\n', b'\r'] {
            if !matches!(self.0, Kind::Env(_)) && bytes.last() == Some(&end) {
                bytes.pop();
            }
        }
        if bytes.is_empty() {
            return Err(unreadable("it is empty".into()));
        }
        Ok(Secret::new(std::mem::take(&mut *bytes)))
    }
}

/// Reads a table of settings in which references stand. What is wrong is told without its values: one of
/// them may be a credential that somebody put there (R27).
///
/// # Errors
/// What is wrong with it.
pub fn fields<T: DeserializeOwned>(table: toml::Table) -> Result<T, String> {
    T::deserialize(table).map_err(|e| {
        let why = e.message().lines().next().unwrap_or_default();
        let is_field = why.starts_with("unknown field") || why.starts_with("missing field");
        if is_field { shown(why.as_bytes()) } else { "a value is of another kind".into() }
    })
}

impl fmt::Display for Reference {
    /// Shows it as it is written; a program's arguments are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Env(name) => write!(f, "env:{name}"),
            Kind::File(path) => write!(f, "file:{}", shown(path.as_os_str().as_encoded_bytes())),
            Kind::Exec(words) => write!(f, "exec:{}", shown(words[0].as_bytes())),
        }
    }
}

/// Reads a file that nobody else can read; `None`: others can. Asked of the file that is open, so that
/// what was looked at is what is read.
fn read(path: &Path) -> std::io::Result<Option<Zeroizing<Vec<u8>>>> {
    let no_file = || std::io::Error::other("it is no file");
    // A pipe would be waited for.
    if !fs::metadata(path)?.is_file() {
        return Err(no_file());
    }
    let file = fs::File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(no_file());
    }
    if is_open_to_others(&about) {
        return Ok(None);
    }
    let mut bytes =
        Zeroizing::new(Vec::with_capacity(usize::try_from(about.len().min(LONGEST)).unwrap_or(0) + 2));
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(unix)]
fn is_open_to_others(about: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn is_open_to_others(_: &fs::Metadata) -> bool {
    false
}

/// Asks a program, without a shell; what it complains of goes nowhere, for it may hold the credential.
async fn run(words: &[String]) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let out = child.stdout.take().ok_or("it has no output")?;
    let mut told = Zeroizing::new(Vec::with_capacity(4096));
    out.take(LONGEST + 1).read_to_end(&mut told).await.map_err(|e| e.to_string())?;
    if told.len() as u64 > LONGEST {
        return Ok(told);
    }
    let end = child.wait().await.map_err(|e| e.to_string())?;
    if end.success() { Ok(told) } else { Err(format!("it ended with {end}")) }
}

#[cfg(test)]
mod tests;
