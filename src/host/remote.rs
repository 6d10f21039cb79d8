//! What a remote of git names: a host and a path, or a folder. Users and passwords in it are dropped when
//! it is read, and what is wrong in one is told without repeating it.

use std::fmt;

use crate::http::place;
use crate::model::text::shown;
use crate::model::worded::worded;

/// The longest remote that is read, in bytes.
const LONGEST: usize = 2048;

worded! {
    /// How a remote is spoken to.
    Scheme {
        /// Over TLS.
        Https = "https",
        /// In clear.
        Http = "http",
        /// Over ssh, written as a URL or as `user@host:path`.
        Ssh = "ssh",
        /// By git's own protocol, in clear.
        Git = "git",
        /// A folder of this machine.
        File = "file",
    }
}

/// A remote, read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Remote {
    scheme: Scheme,
    /// Empty for a folder.
    host: String,
    /// 0 for a folder.
    port: u16,
    /// Of a folder as it is written; of anything else without slashes at its ends.
    path: Vec<u8>,
}

/// Why a text names no remote that Keywright knows. The text is not repeated: there may be a password in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no remote that can be asked: {0}")]
pub struct RemoteError(&'static str);

impl Remote {
    /// Reads a remote as git's configuration holds it.
    ///
    /// # Errors
    /// [`RemoteError`]: what is wrong with it.
    ///
    /// ```
    /// use keywright::host::Remote;
    /// let remote = Remote::parse(b"https://me:hunter2@GitHub.com/acme/shop.git").unwrap();
    /// assert_eq!(remote.to_string(), "https://github.com/acme/shop.git");
    /// assert_eq!(remote.repository(), Some(("acme", "shop")));
    /// ```
    pub fn parse(text: &[u8]) -> Result<Self, RemoteError> {
        let no = |why| Err(RemoteError(why));
        if text.is_empty() || text.len() > LONGEST {
            return no("it is empty or too long");
        }
        if text[0] == b'-' || text.iter().any(u8::is_ascii_control) {
            return no("it holds signs that no remote has");
        }
        let Some(at) = find(text, b"://") else { return Self::without_scheme(text) };
        let (scheme, rest) = (&text[..at], &text[at + 3..]);
        let scheme = match scheme.to_ascii_lowercase().as_slice() {
            b"https" => Scheme::Https,
            b"http" => Scheme::Http,
            b"ssh" | b"git+ssh" | b"ssh+git" => Scheme::Ssh,
            b"git" => Scheme::Git,
            b"file" => return Self::folder(rest),
            _ => return no("its scheme is none of https, http, ssh, git and file"),
        };
        let end = rest.iter().position(|b| matches!(b, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        // The last `@`: a password that nobody encoded may hold one.
        let host = authority.rsplit(|b| *b == b'@').next().unwrap_or_default();
        Self::over_network(scheme, host, path)
    }

    /// `user@host:path` is ssh, as git reads it; anything else is a folder.
    fn without_scheme(text: &[u8]) -> Result<Self, RemoteError> {
        let before = &text[..text.iter().position(|b| *b == b'/').unwrap_or(text.len())];
        let in_brackets = before.iter().position(|b| *b == b']').unwrap_or(0);
        let Some(colon) = before[in_brackets..].iter().position(|b| *b == b':') else {
            return Self::folder(text);
        };
        let (host, path) = text.split_at(in_brackets + colon);
        if path.starts_with(b"::") {
            return Err(RemoteError("it names a program of git's for remotes, and none is run"));
        }
        let host = host.rsplit(|b| *b == b'@').next().unwrap_or_default();
        // A drive of Windows.
        if host.len() == 1 { Self::folder(text) } else { Self::over_network(Scheme::Ssh, host, &path[1..]) }
    }

    fn folder(path: &[u8]) -> Result<Self, RemoteError> {
        if path.is_empty() {
            return Err(RemoteError("it names no folder"));
        }
        Ok(Self { scheme: Scheme::File, host: String::new(), port: 0, path: path.to_vec() })
    }

    fn over_network(scheme: Scheme, host: &[u8], path: &[u8]) -> Result<Self, RemoteError> {
        let no_host = RemoteError("it names no host");
        let host = std::str::from_utf8(host).map_err(|_| no_host.clone())?;
        if host.starts_with('-') {
            return Err(no_host);
        }
        let usual = scheme.port();
        let has_port = host.rfind(':').is_some_and(|colon| !host[colon..].contains(']'));
        let at = if has_port { place(host.trim_end_matches(':')) } else { None };
        let at = at.or_else(|| place(&format!("{}:{usual}", host.trim_end_matches(':'))));
        let (host, port) = at.ok_or(no_host)?;
        let path = path.strip_prefix(b"/").unwrap_or(path);
        let path = path.strip_suffix(b"/").unwrap_or(path);
        if !is_path(path) {
            return Err(RemoteError("its path is none that can stand in an address"));
        }
        Ok(Self { scheme, host, port, path: path.to_vec() })
    }

    /// Returns how it is spoken to.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Returns its host, in small letters, and its port; `None` for a folder.
    #[must_use]
    pub fn host(&self) -> Option<(&str, u16)> {
        (self.scheme != Scheme::File).then_some((self.host.as_str(), self.port))
    }

    /// Returns owner and name, where its path is made of two plain names.
    #[must_use]
    pub fn repository(&self) -> Option<(&str, &str)> {
        if self.scheme == Scheme::File {
            return None;
        }
        let path = std::str::from_utf8(&self.path).ok()?;
        let (owner, name) = path.split_once('/')?;
        let name = name.strip_suffix(".git").unwrap_or(name);
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let is_name = |n: &str| !n.is_empty() && n.len() <= 100 && n.bytes().all(is_plain);
        (is_name(owner) && is_name(name) && !matches!(name, "." | "..")).then_some((owner, name))
    }

    /// Returns the same path of the same host over https: most hosts that take ssh serve it there too.
    #[must_use]
    pub fn over_https(&self) -> Option<Self> {
        let port = match self.scheme {
            Scheme::Https => self.port,
            Scheme::Ssh | Scheme::Git => Scheme::Https.port(),
            Scheme::Http | Scheme::File => return None,
        };
        Some(Self { scheme: Scheme::Https, port, ..self.clone() })
    }

    /// Returns the address that it is asked at; `None` if it is not spoken to by http.
    pub(super) fn address(&self) -> Option<String> {
        matches!(self.scheme, Scheme::Https | Scheme::Http).then(|| self.to_string())
    }
}

impl Scheme {
    /// Returns the port where none is written.
    fn port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
            Self::Ssh => 22,
            Self::Git => 9418,
            Self::File => 0,
        }
    }
}

impl fmt::Display for Remote {
    /// Shows it as a URL without user and password; a folder as its path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = shown(&self.path);
        if self.scheme == Scheme::File {
            return f.write_str(&path);
        }
        let is_v6 = self.host.contains(':');
        let (open, close) = if is_v6 { ("[", "]") } else { ("", "") };
        write!(f, "{}://{open}{}{close}", self.scheme, self.host)?;
        if self.port != self.scheme.port() {
            write!(f, ":{}", self.port)?;
        }
        write!(f, "/{path}")
    }
}

/// Tells whether a path leads where it says: no step upwards, encoded or not, no query, nothing that an
/// address would have to encode.
fn is_path(path: &[u8]) -> bool {
    let is_sign = |b: u8| b.is_ascii_alphanumeric() || b"-._~/%+@:!$&'()*,;=".contains(&b);
    let is_step = |part: &[u8]| {
        let plain = part.to_ascii_lowercase();
        let plain = String::from_utf8_lossy(&plain).replace("%2e", ".");
        plain == "." || plain == ".."
    };
    !path.is_empty() && path.iter().copied().all(is_sign) && !path.split(|b| *b == b'/').any(is_step)
}

fn find(text: &[u8], sign: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Remote {
        Remote::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"))
    }

    #[test]
    fn every_form_of_git_is_read() {
        for (text, told) in [
            ("https://github.com/acme/shop.git", "https://github.com/acme/shop.git"),
            ("HTTPS://GitHub.com:443/acme/shop/", "https://github.com/acme/shop"),
            ("http://127.0.0.1:8080/shop.git", "http://127.0.0.1:8080/shop.git"),
            ("https://[::1]:8443/a/b", "https://[::1]:8443/a/b"),
            ("https://host./a", "https://host/a"),
            ("https://host:/a", "https://host/a"),
            ("ssh://git@host:2222/a/b.git", "ssh://host:2222/a/b.git"),
            ("ssh://host/~me/b", "ssh://host/~me/b"),
            ("git@github.com:acme/shop.git", "ssh://github.com/acme/shop.git"),
            ("github.com:acme/shop", "ssh://github.com/acme/shop"),
            ("git@[::1]:acme/shop", "ssh://[::1]/acme/shop"),
            ("host:/srv/a", "ssh://host/srv/a"),
            ("git://host/a", "git://host/a"),
            ("file:///srv/a b.git", "/srv/a b.git"),
            ("/srv/a:b", "/srv/a:b"),
            ("../other", "../other"),
            ("./a:b", "./a:b"),
            (r"C:\work\shop", r"C:\work\shop"),
            ("D:/git/shop", "D:/git/shop"),
        ] {
            assert_eq!(read(text).to_string(), told, "{text}");
        }
    }

    #[test]
    fn no_user_and_no_password_is_kept() {
        for text in [
            "https://me:hunter2@host/a/b",
            "https://hunter2@host/a/b",
            "https://me:hunter2@hunter2@host/a/b",
            "ssh://hunter2@host/a/b",
            "hunter2@host:a/b",
        ] {
            let read = read(text);
            assert!(!format!("{read} {read:?}").contains("hunter2"), "{read:?}");
            assert_eq!(read.host().unwrap().0, "host");
        }
    }

    #[test]
    fn what_leads_elsewhere_is_none_and_is_not_repeated() {
        for text in [
            "",
            "https://",
            "https:///hunter2",
            "https://host",
            "https://host/",
            "https://host/a?token=hunter2",
            "https://host/a#hunter2",
            "https://host?hunter2/a",
            "https://host/../hunter2",
            "https://host/a/%2e%2E/hunter2",
            "https://host/a b",
            "https://host/a\\hunter2",
            "https://host:99999/hunter2",
            "https://ho st/hunter2",
            "https://h\u{f6}st/hunter2",
            "https://host/hunt\u{e9}r2",
            "https://-oProxyCommand=hunter2/a",
            "ext::sh -c hunter2",
            "fd::17/hunter2",
            "ftp://host/hunter2",
            "--upload-pack=hunter2",
            "-oProxyCommand=hunter2:x",
            "git@-oProxyCommand=hunter2:x",
            "https://host/a\r\nhunter2: b",
            "https://host/a\0hunter2",
            "file://",
            &format!("https://host/{}", "a".repeat(LONGEST)),
        ] {
            let e = Remote::parse(text.as_bytes()).expect_err(text);
            assert!(!e.to_string().contains("hunter2"), "{e}");
        }
        assert!(Remote::parse(b"https://host/\xff").is_err());
        assert_eq!(
            Remote::parse(b"/srv/\xff\x1b").map(|r| r.to_string()),
            Err(RemoteError("it holds signs that no remote has"))
        );
        assert_eq!(Remote::parse(b"/srv/\xff").unwrap().to_string(), r"/srv/\xff");
    }

    #[test]
    fn a_repository_has_owner_and_name() {
        for (text, named) in [
            ("git@github.com:acme/shop.git", Some(("acme", "shop"))),
            ("https://github.com/acme/shop", Some(("acme", "shop"))),
            ("https://github.com/acme/.git", None),
            ("https://github.com/acme/x%2fy", None),
            ("https://github.com/shop", None),
            ("https://gitlab.com/a/b/c", None),
            ("/acme/shop", None),
        ] {
            assert_eq!(read(text).repository(), named, "{text}");
        }
    }

    #[test]
    fn ssh_is_asked_over_https() {
        let over = |text: &str| read(text).over_https().map(|r| r.to_string());
        assert_eq!(over("git@host:a/b").unwrap(), "https://host/a/b");
        assert_eq!(over("ssh://host:2222/a/b").unwrap(), "https://host/a/b");
        assert_eq!(over("https://host:8443/a/b").unwrap(), "https://host:8443/a/b");
        // Somebody who serves it in clear serves it nowhere else.
        assert_eq!(over("http://host/a/b"), None);
        assert_eq!(over("/a/b"), None);
    }
}
