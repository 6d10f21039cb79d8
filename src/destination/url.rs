//! `url:PATH#HOST`: the user and the password in every URL of a text file that leads to a host.

use zeroize::Zeroizing;

use super::Wrong;
use super::in_file::{Form, Unfit};
use super::login::{self, Login};
use crate::model::credential::Credential;

/// The URLs that lead to one host.
struct Url {
    /// In lower case.
    host: Vec<u8>,
    /// `None`: whatever the port.
    port: Option<Vec<u8>>,
}

/// Reads `HOST` or `HOST:PORT`.
pub(super) fn parse(what: &str) -> Result<Box<dyn Form>, Wrong> {
    let wrong = |why: &str| -> Wrong { (why.into(), "write url:PATH#HOST or url:PATH#HOST:PORT".into()) };
    let (host, port) = match what.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (what, None),
    };
    let is_number = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let is_host = match is_number {
        Some(number) => number.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(is_of_name),
    };
    if !is_host {
        return Err(wrong("what follows # is no host"));
    }
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(wrong("the port is no number"));
    }
    let port = port.map(|port| port.as_bytes().to_vec());
    Ok(Box::new(Url { host: host.to_ascii_lowercase().into_bytes(), port }))
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}

impl Url {
    fn logins(&self, text: &[u8]) -> Result<Vec<Login>, Unfit> {
        if text.contains(&0) {
            return Err(Unfit::Unclear("it is no text in UTF-8: it holds zero bytes".into()));
        }
        Ok(login::logins(text, |rest| self.is_at(rest)))
    }

    /// Tells whether what follows the `@` begins with this host, whole.
    fn is_at(&self, rest: &[u8]) -> bool {
        let Some((host, rest)) = rest.split_at_checked(self.host.len()) else { return false };
        if !host.eq_ignore_ascii_case(&self.host) || goes_on(rest) {
            return false;
        }
        let digits = rest.strip_prefix(b":").unwrap_or_default();
        let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
        self.port.as_ref().is_none_or(|port| port[..] == digits[..count])
    }
}

/// Tells whether a name is longer than it seemed. A dot that ends a sentence is no part of it.
fn goes_on(rest: &[u8]) -> bool {
    match rest {
        [b'.', next, ..] => is_of_name(*next),
        [b'.'] | [] => false,
        [next, ..] => is_of_name(*next),
    }
}

impl Form for Url {
    fn read(&self, text: &[u8]) -> Result<Credential, Unfit> {
        login::read(text, &self.logins(text)?)
    }

    fn with(&self, text: &[u8], new: &Credential) -> Result<Zeroizing<Vec<u8>>, Unfit> {
        Ok(login::with(text, &self.logins(text)?, new))
    }
}
