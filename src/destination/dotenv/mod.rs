//! `dotenv:PATH#NAME`: a variable of a `.env` file. Only its value's bytes change (R67).
//!
//! Loaders (shells, systemd, docker, the `dotenv` libraries) agree on plain lines and on little more. What
//! they would read differently is refused before anything is minted, and nothing is written that they would
//! read differently: see docs/destinations.md.
//!
//! - `lines`: finds the one line that sets a variable
//! - `quote`: what a value reads as, and how another is written in its place

mod lines;
mod quote;

use zeroize::Zeroizing;

use super::Wrong;
use super::in_file::{Form, Unfit};
use super::login;
use crate::model::Secret;
use crate::model::credential::Credential;

/// What a variable's value is.
#[derive(Clone, Copy)]
enum Shape {
    /// The secret.
    Plain,
    /// `key_id:secret`.
    Basic,
    /// A URL with both (R10).
    Url,
}

/// A variable, and perhaps a second one for the key id.
struct Dotenv {
    name: String,
    shape: Shape,
    key_id: Option<String>,
}

/// Reads `NAME`, `NAME@basic` or `NAME@url`, and perhaps `,key_id=OTHER`.
pub(super) fn parse(what: &str) -> Result<Box<dyn Form>, Wrong> {
    let wrong = |why: &str| -> Wrong {
        (why.into(), "write dotenv:PATH#NAME, #NAME@basic, #NAME@url or #NAME,key_id=OTHER".into())
    };
    let (main, more) = what.split_once(',').map_or((what, None), |(main, more)| (main, Some(more)));
    let (name, shape) = match main.split_once('@') {
        None => (main, Shape::Plain),
        Some((name, "basic")) => (name, Shape::Basic),
        Some((name, "url")) => (name, Shape::Url),
        Some(_) => return Err(wrong("what follows @ is neither basic nor url")),
    };
    let key_id = match more.map(|more| more.strip_prefix("key_id=")) {
        Some(None) => return Err(wrong("what follows the comma is not key_id=")),
        Some(Some(other)) if other == name => return Err(wrong("both variables are the same")),
        Some(other) => other,
        None => None,
    };
    for name in [Some(name), key_id].into_iter().flatten() {
        if name.is_empty() || !name.bytes().all(lines::is_of_name) {
            return Err(wrong("what follows # is no name of a variable"));
        }
    }
    Ok(Box::new(Dotenv { name: name.into(), shape, key_id: key_id.map(Into::into) }))
}

impl Form for Dotenv {
    fn read(&self, text: &[u8]) -> Result<Credential, Unfit> {
        let value = lines::find(text, &self.name)?.value(text)?;
        let mut read = self.shape.read(value).map_err(|e| self.at(text, e))?;
        if let Some(name) = &self.key_id {
            let id = lines::find(text, name)?.value(text)?;
            let id = String::from_utf8(id.expose().to_vec())
                .map_err(|_| Unfit::Unclear(format!("the value of {name} is no text")))?;
            if read.key_id.as_ref().is_some_and(|other| *other != id) {
                let why = format!("{} and {name} name different keys; set both to the same", self.name);
                return Err(Unfit::Unclear(why));
            }
            read.key_id = Some(id);
        }
        Ok(read)
    }

    fn with(&self, text: &[u8], new: &Credential) -> Result<Zeroizing<Vec<u8>>, Unfit> {
        let place = lines::find(text, &self.name)?;
        let value = self.shape.with(&place.value(text)?, new).map_err(|e| self.at(text, e))?;
        let mut edits = vec![(place, value)];
        if let (Some(name), Some(id)) = (&self.key_id, &new.key_id) {
            edits.push((lines::find(text, name)?, Secret::new(id.as_bytes().to_vec())));
        }
        edits.sort_by_key(|(place, _)| place.raw.start);
        let grown: usize = edits.iter().map(|(_, value)| 2 * value.len() + 2).sum();
        let mut out = Zeroizing::new(Vec::with_capacity(text.len() + grown));
        let mut at = 0;
        for (place, value) in edits {
            if place.value(text)? != value {
                out.extend_from_slice(&text[at..place.raw.start]);
                place.write(text, &value, &mut out)?;
                at = place.raw.end;
            }
        }
        out.extend_from_slice(&text[at..]);
        Ok(out)
    }
}

impl Dotenv {
    /// Says of a value's own trouble which line it stands in.
    fn at(&self, text: &[u8], unfit: Unfit) -> Unfit {
        let line = lines::find(text, &self.name).map_or(0, |place| login::line(text, place.raw.start));
        match unfit {
            Unfit::Absent(_) => Unfit::Absent(format!("line {line}: {}", self.shape.lacks())),
            Unfit::Unclear(why) => Unfit::Unclear(format!("line {line}: within the value, {why}")),
        }
    }
}

impl Shape {
    fn read(self, value: Secret) -> Result<Credential, Unfit> {
        match self {
            Self::Plain => Ok(Credential { key_id: None, secret: value }),
            Self::Basic => {
                let (id, secret) = halves(&value)?;
                Ok(Credential { key_id: Some(id.into()), secret: Secret::new(secret.to_vec()) })
            }
            Self::Url => {
                let text = value.expose();
                login::read(text, &login::logins(text, |_| true))
            }
        }
    }

    fn with(self, value: &Secret, new: &Credential) -> Result<Secret, Unfit> {
        match self {
            Self::Plain => Ok(new.secret.again()),
            Self::Basic => {
                let id = new.key_id.as_deref().map_or_else(|| halves(value).map(|(id, _)| id), Ok)?;
                if id.contains(':') {
                    return Err(Unfit::Unclear("a key id with a colon cannot stand before one".into()));
                }
                Ok(Secret::new([id.as_bytes(), b":", new.secret.expose()].concat()))
            }
            Self::Url => {
                let text = value.expose();
                let mut changed = login::with(text, &login::logins(text, |_| true), new);
                Ok(Secret::new(std::mem::take(&mut *changed)))
            }
        }
    }

    /// Says what a value of this shape must have.
    fn lacks(self) -> &'static str {
        match self {
            Self::Plain => "there is no value",
            Self::Basic => "the value has no colon between key id and secret",
            Self::Url => "the value is no URL with a user and a password",
        }
    }
}

/// Splits `key_id:secret` at its first colon.
fn halves(value: &Secret) -> Result<(&str, &[u8]), Unfit> {
    let bytes = value.expose();
    let colon = memchr::memchr(b':', bytes).ok_or(Unfit::Absent(String::new()))?;
    let id =
        std::str::from_utf8(&bytes[..colon]).map_err(|_| Unfit::Unclear("the key id is no text".into()))?;
    Ok((id, &bytes[colon + 1..]))
}

#[cfg(test)]
mod tests;
