//! Any host that serves git over http, asked as anybody may ask it: who reads a list of refs without
//! signing in can read the repository.
//!
//! What is asked is what `git ls-remote` asks first (gitprotocol-http, versions 0 and 1).

use super::{Exposed, Remote, Visibility};
use crate::http::{Answer, Door, Request};
use crate::model::Secret;
use crate::model::credential::CallError;
use crate::model::text::shown;

/// How much of a list of refs is read, in bytes.
const LONGEST: usize = 8 << 20;
/// How many refs are kept.
const REFS: usize = 100_000;
/// The longest name of a ref that is kept, in bytes.
const NAME: usize = 1024;
/// The longest line that the protocol allows, with its length.
const LINE: usize = 65_520;
const ASKED: &str = "info/refs?service=git-upload-pack";
const TOLD: &str = "application/x-git-upload-pack-advertisement";

/// A ref that a host shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ref {
    /// Its name, shown without harm: `refs/heads/main`.
    pub name: String,
    /// The object it names, in hexadecimal: of a tag that has an object of its own, what it leads to.
    pub tip: String,
}

/// What a host said to somebody whom it does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Who may read the repository.
    pub visibility: Visibility,
    /// How that is known.
    pub why: String,
    /// The refs it shows.
    pub refs: Vec<Ref>,
    /// Whether these are all it shows.
    pub is_whole: bool,
}

/// Asks who may read a repository, if `allows` says that the operator lets this host and port be asked.
///
/// Whatever goes wrong is an answer that tells nothing, with its reason.
pub async fn ask(door: &Door, remote: &Remote, allows: impl Fn(&str, u16) -> bool) -> Seen {
    let Some((address, (host, port))) = remote.address().zip(remote.host()) else {
        return unknown("it is not served over http");
    };
    if !allows(host, port) {
        return unknown(&format!("{host}:{port} is not on the operator's list of hosts that are asked"));
    }
    let seen = match once(door, &address).await {
        // Some hosts serve under the name with `.git` alone, and say so by sending elsewhere.
        Ok(answer) if matches!(answer.status, 301 | 302 | 307 | 308) && !address.ends_with(".git") => {
            once(door, &format!("{address}.git")).await
        }
        other => other,
    };
    match seen {
        Ok(answer) => read(&answer),
        Err(e) => unknown(&e.to_string()),
    }
}

async fn once(door: &Door, address: &str) -> Result<Answer, CallError> {
    let request = Request::new("GET", &format!("{address}/{ASKED}"))?.up_to(LONGEST);
    let accept = Secret::new(format!("{TOLD}, */*;q=0.1").into_bytes());
    door.call(request.header("accept", &accept)?).await
}

impl Seen {
    /// Says how far these commits can be seen there. `is_ancestor(commit, tip)` tells whether a commit is
    /// the tip or stands in its history, and `None` where the tip is not known here.
    #[must_use]
    pub fn exposed(&self, commits: &[String], is_ancestor: impl Fn(&str, &str) -> Option<bool>) -> Exposed {
        let holds = match self.visibility {
            Visibility::Public => self.holds(commits, is_ancestor),
            Visibility::Private | Visibility::Unknown => None,
        };
        Exposed { visibility: self.visibility, why: self.why.clone(), since: None, holds }
    }

    fn holds(&self, commits: &[String], is_ancestor: impl Fn(&str, &str) -> Option<bool>) -> Option<bool> {
        if self.refs.iter().any(|r| commits.contains(&r.tip)) {
            return Some(true);
        }
        let mut is_known = self.is_whole;
        for at in &self.refs {
            for commit in commits {
                match is_ancestor(commit, &at.tip) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => is_known = false,
                }
            }
        }
        is_known.then_some(false)
    }
}

fn unknown(why: &str) -> Seen {
    told(Visibility::Unknown, why.into())
}

fn told(visibility: Visibility, why: String) -> Seen {
    Seen { visibility, why, refs: Vec::new(), is_whole: false }
}

fn read(answer: &Answer) -> Seen {
    let status = answer.status;
    let refused = |why: &str| format!("it answered {status} to somebody who did not sign in{why}");
    match status {
        200 if answer.headers.get("content-type") == Some(TOLD) => {
            let read = advertised(answer.body.expose());
            read.unwrap_or_else(|| unknown("it answered 200 with something that is no list of refs"))
        }
        200 => unknown("it answered 200, and not as git's smart protocol does"),
        401 | 403 => told(Visibility::Private, refused(": it is private, or not there")),
        404 | 410 => unknown(&refused(": it is private, moved or not there")),
        300..=399 => unknown(&refused(", to be asked elsewhere, and that is not followed")),
        _ => unknown(&refused("")),
    }
}

/// Reads a list of refs; `None` if it is none.
fn advertised(body: &[u8]) -> Option<Seen> {
    let mut lines = Lines(body);
    let Some(Line::Text(b"# service=git-upload-pack")) = lines.next() else { return None };
    let Some(Line::Flush) = lines.next() else { return None };
    let mut refs: Vec<Ref> = Vec::new();
    let mut is_whole = false;
    // The second version's list is asked for by another call; that it is begun is enough.
    let mut is_begun = false;
    for line in &mut lines {
        let text = match line {
            Line::Text(b"version 1") => continue,
            Line::Text(text) => text,
            Line::Flush => {
                is_whole = true;
                break;
            }
        };
        is_begun = text == b"version 2";
        if is_begun || text.starts_with(b"ERR ") || refs.len() == REFS {
            break;
        }
        // Behind the first ref stands what the host is able to do.
        let text = text.split(|b| *b == 0).next().unwrap_or_default();
        if text.starts_with(b"shallow ") {
            continue;
        }
        let (tip, name) = text.split_at(text.iter().position(|b| *b == b' ')?);
        let (tip, name) = (id(tip)?, &name[1..]);
        match name.strip_suffix(b"^{}") {
            // What an empty repository says its abilities with.
            Some(b"capabilities") if refs.is_empty() => {}
            Some(tag) => refs.last_mut().filter(|last| last.name == shown(tag))?.tip = tip,
            None if !name.is_empty() && name.len() <= NAME => refs.push(Ref { name: shown(name), tip }),
            None => return None,
        }
    }
    if !is_whole && !is_begun && refs.is_empty() {
        return None;
    }
    let count = match (is_whole, is_begun) {
        (true, _) => format!("{} refs", refs.len()),
        (false, true) => "that it is there".into(),
        (false, false) => format!("more than {} refs", refs.len()),
    };
    let why = format!("it showed {count} to somebody who did not sign in");
    Some(Seen { visibility: Visibility::Public, why, refs, is_whole })
}

/// Reads the name of an object; `None` if it is none.
fn id(text: &[u8]) -> Option<String> {
    let is_hex = text.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    (matches!(text.len(), 40 | 64) && is_hex).then(|| String::from_utf8_lossy(text).into_owned())
}

/// Lines of the protocol, each with its length before it; it ends where one is wrong or cut off.
struct Lines<'b>(&'b [u8]);

enum Line<'b> {
    /// Without its line end.
    Text(&'b [u8]),
    /// The end of a part.
    Flush,
}

impl<'b> Iterator for Lines<'b> {
    type Item = Line<'b>;

    fn next(&mut self) -> Option<Line<'b>> {
        let (length, rest) = self.0.split_at_checked(4)?;
        let is_hex = length.iter().all(u8::is_ascii_hexdigit);
        let length = usize::from_str_radix(std::str::from_utf8(length).ok()?, 16).ok().filter(|_| is_hex)?;
        if length == 0 {
            self.0 = rest;
            return Some(Line::Flush);
        }
        if length > LINE {
            return None;
        }
        let (text, rest) = rest.split_at_checked(length.checked_sub(4)?)?;
        self.0 = rest;
        Some(Line::Text(text.strip_suffix(b"\n").unwrap_or(text)))
    }
}

#[cfg(test)]
mod tests;
