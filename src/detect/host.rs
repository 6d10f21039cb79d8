//! The host beside a password: whether anybody could answer there.

use crate::model::Confidence;

/// Domains that nobody can own (RFC 2606, RFC 6761).
const RESERVED: [&str; 9] = [
    "example",
    "example.com",
    "example.net",
    "example.org",
    "example.edu",
    "test",
    "invalid",
    "localhost",
    "local.test",
];

/// Words that stand where a host would.
#[rustfmt::skip]
const DUMMIES: [&str; 22] = [
    "domain", "domain.com", "domain.tld", "foo.com", "host", "host.com", "hostname", "hosts", "ip",
    "myhost", "myproxy", "myserver", "proxy", "proxyhost", "proxyserver", "remotehost", "server",
    "server.com", "somehost", "url", "yourhost", "yourserver",
];

/// Returns why a password for this host is hardly one that opens anything, or `None`. `sure` is how
/// sure its rule is: a server on one's own machine is worth less to a rule that was not sure anyway.
pub(super) fn doubt(host: &[u8], password: &[u8], sure: Confidence) -> Option<&'static str> {
    let text = String::from_utf8_lossy(host).to_ascii_lowercase();
    if text.contains(['$', '%', '{', '}', '<', '>', '(', '*']) || text.starts_with(['_', '-']) {
        return Some("its host is filled in later");
    }
    let name = name_of(&text);
    if is_own(name) {
        return (sure < Confidence::High || !is_strong(password)).then_some("its host is the machine itself");
    }
    let is_under =
        |domain: &&str| name.strip_suffix(*domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if RESERVED.iter().any(is_under) {
        return Some("its host is reserved for examples");
    }
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if DUMMIES.contains(&name) || DUMMIES.contains(&stem) || name.starts_with("your") || name.len() < 2 {
        return Some("its host is a placeholder");
    }
    None
}

/// The host without its port, brackets and the dot of the root.
fn name_of(host: &str) -> &str {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.split(']').next().unwrap_or(inner);
    }
    host.split([':', '?', '#', ',', ';', '&', ')']).next().unwrap_or(host).trim_end_matches('.')
}

fn is_own(name: &str) -> bool {
    name == "localhost" || name == "::1" || name == "0.0.0.0" || name.starts_with("127.")
}

/// Twelve characters with digits and letters: hardly typed for a trial.
fn is_strong(password: &[u8]) -> bool {
    password.len() >= 12
        && password.iter().any(u8::is_ascii_digit)
        && password.iter().any(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_answers() {
        for host in [
            "example.com",
            "git.example.org:8443",
            "db.test",
            "host",
            "host1:80",
            "your-host.com",
            "%HOSTIP",
            "$HOST",
            "{host}",
            "<host>",
            "127.0.0.1:3128",
            "[::1]:80",
            "localhost.",
            "proxy",
            "a",
        ] {
            assert!(doubt(host.as_bytes(), b"q8Zr1vT0pLw3", Confidence::Medium).is_some(), "{host}");
        }
    }

    #[test]
    fn where_somebody_may() {
        for host in
            ["db", "10.0.0.3:3128", "git.acme.io", "contest", "myexample.com", "cache:6379", "[fe80::2]"]
        {
            assert_eq!(doubt(host.as_bytes(), b"q8Zr1vT0pLw3", Confidence::Medium), None, "{host}");
        }
    }

    #[test]
    fn a_database_on_the_machine_itself_counts_if_its_password_is_strong() {
        assert_eq!(doubt(b"localhost:5432", b"q8Zr1vT0pLw3", Confidence::High), None);
        assert!(doubt(b"localhost:5432", b"q8Zr1v", Confidence::High).is_some());
    }
}
