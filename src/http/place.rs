//! How hosts and ports are written, shown and compared.

use crate::model::text::shown;

/// A place the operator allows that is not one: `host:port` is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no place; write host:port, such as localhost:8200 or [::1]:8200")]
pub struct NoPlace(pub(super) String);

/// Returns a host in the one way it is compared: small letters, no dot at its end, no brackets.
pub(super) fn bare(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

pub(super) fn name(host: &str, port: u16) -> String {
    let host = bare(host);
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    format!("{}:{port}", shown(host.as_bytes()))
}

/// Reads `host:port`; `None` if it is none.
#[must_use]
pub fn place(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_host = !host.is_empty() && host.chars().all(is_name);
    let port = port.parse().ok().filter(|p| *p != 0)?;
    let is_v6 = is_bracketed && bare(host).parse::<std::net::Ipv6Addr>().is_ok();
    (is_host || is_v6).then(|| (bare(host), port))
}
