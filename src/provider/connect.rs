//! Asks a proxy's gateway whether a credential works: a CONNECT, as its users send it, to the gateway and
//! to no other host (R93). Nothing is sent through the tunnel.

use data_encoding::BASE64;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::Checked;
use crate::http::{Door, place};
use crate::model::credential::{Credential, Liveness};

/// How much of an answer is read for its first line.
const LONGEST: usize = 1024;

pub(super) struct Gateway {
    host: String,
    port: u16,
    target: String,
    alive: Vec<u16>,
    dead: Vec<u16>,
}

impl Gateway {
    /// Takes two `host:port`; `None` if one is none.
    pub(super) fn new(at: &str, target: &str, alive: &[u16], dead: &[u16]) -> Option<Self> {
        let (host, port) = place(at)?;
        place(target)?;
        Some(Self { host, port, target: target.into(), alive: alive.into(), dead: dead.into() })
    }

    /// Returns where a check goes, as `host:port`.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// Asks. Whatever is neither a yes nor the no of a dead key cannot tell (I12).
    pub(super) async fn check(&self, door: &Door, credential: &Credential) -> Checked {
        let unknown = |why: String| Checked::new(Liveness::Unknown, why);
        let Some(asking) = self.words(credential) else {
            return unknown(
                "a credential without a plain key id and secret cannot be shown to the gateway".into(),
            );
        };
        let mut stream = match door.dial(&self.host, self.port).await {
            Ok(stream) => stream,
            Err(e) => return unknown(e.to_string()),
        };
        let asked = timeout(door.patience(), async {
            stream.write_all(&asking).await?;
            let mut told = Vec::with_capacity(LONGEST);
            while told.len() < LONGEST && !told.contains(&b'\n') && stream.read_buf(&mut told).await? > 0 {}
            Ok::<_, std::io::Error>(told)
        });
        match asked.await {
            Ok(Ok(told)) => match status(&told) {
                Some(status) => Checked::new(self.meaning(status), format!("CONNECT answered {status}")),
                None if told.is_empty() => unknown("the gateway hung up on the CONNECT".into()),
                None => unknown("the gateway answered the CONNECT with something that is no HTTP".into()),
            },
            Ok(Err(e)) => unknown(format!("the connection to the gateway broke: {}", e.kind())),
            Err(_) => unknown(format!("the gateway did not answer the CONNECT in {:?}", door.patience())),
        }
    }

    fn meaning(&self, status: u16) -> Liveness {
        if self.alive.contains(&status) {
            Liveness::Alive
        } else if self.dead.contains(&status) {
            Liveness::Dead
        } else {
            Liveness::Unknown
        }
    }

    /// Returns what is sent; `None` if the credential could say more than its part of it.
    fn words(&self, credential: &Credential) -> Option<Zeroizing<Vec<u8>>> {
        let key_id = credential.key_id.as_deref()?;
        let secret = credential.secret.expose();
        let is_plain = |b: &u8| b.is_ascii_graphic();
        if key_id.is_empty() || key_id.contains(':') || !key_id.as_bytes().iter().all(is_plain) {
            return None;
        }
        if secret.is_empty() || secret.len() > 4096 || !secret.iter().all(is_plain) {
            return None;
        }
        let pair = Zeroizing::new([key_id.as_bytes(), b":", secret].concat());
        let basic = Zeroizing::new(BASE64.encode(&pair));
        let target = &self.target;
        let head = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
        let agent = concat!("\r\nUser-Agent: keywright/", env!("CARGO_PKG_VERSION"), "\r\n\r\n");
        let parts: [&[u8]; 4] =
            [head.as_bytes(), b"Proxy-Authorization: Basic ", basic.as_bytes(), agent.as_bytes()];
        Some(Zeroizing::new(parts.concat()))
    }
}

/// Reads the status of an answer's first line.
fn status(told: &[u8]) -> Option<u16> {
    let rest = told.strip_prefix(b"HTTP/1.")?;
    let [b'0'..=b'9', b' ', a @ b'1'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', end, ..] = rest else {
        return None;
    };
    matches!(end, b' ' | b'\r' | b'\n')
        .then(|| [a, b, c].iter().fold(0, |n, d| n * 10 + u16::from(**d - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Secret;

    fn gateway() -> Gateway {
        Gateway::new("gate.example:7777", "example.com:443", &[200, 402, 429], &[407]).unwrap()
    }

    fn words(key_id: Option<&str>, secret: &[u8]) -> Option<String> {
        let credential = Credential { key_id: key_id.map(Into::into), secret: Secret::new(secret.into()) };
        gateway().words(&credential).map(|w| String::from_utf8(w.to_vec()).unwrap())
    }

    #[test]
    fn the_credential_is_in_one_header_and_nowhere_else() {
        // R29, R93
        let said = words(Some("avp_live_x"), b"hush").unwrap();
        let lines: Vec<&str> = said.split("\r\n").collect();
        assert_eq!(lines[..2], ["CONNECT example.com:443 HTTP/1.1", "Host: example.com:443"]);
        assert_eq!(lines[2], format!("Proxy-Authorization: Basic {}", BASE64.encode(b"avp_live_x:hush")));
        assert_eq!(lines[4..], ["", ""]);
    }

    #[test]
    fn what_is_no_credential_is_not_shown() {
        for (key_id, secret) in [
            (None, &b"hush"[..]),
            (Some(""), b"hush"),
            (Some("a:b"), b"hush"),
            (Some("a\r\nb"), b"hush"),
            (Some("a"), b""),
            (Some("a"), b"h\nsh"),
        ] {
            assert_eq!(words(key_id, secret), None, "{key_id:?}");
        }
    }

    #[test]
    fn each_status_is_told_or_cannot_be() {
        // R94
        for (told, liveness) in [
            ("HTTP/1.1 200 Connection established\r\n", Some(Liveness::Alive)),
            ("HTTP/1.0 402 Quota\r\n", Some(Liveness::Alive)),
            ("HTTP/1.1 429\r\n", Some(Liveness::Alive)),
            ("HTTP/1.1 407 Proxy Authentication Required\n", Some(Liveness::Dead)),
            ("HTTP/1.1 400 Bad\r\n", Some(Liveness::Unknown)),
            ("HTTP/1.1 403 Forbidden\r\n", Some(Liveness::Unknown)),
            ("HTTP/1.1 502 No node\r\n", Some(Liveness::Unknown)),
            ("HTTP/1.1 504 Silence\r\n", Some(Liveness::Unknown)),
            ("HTTP/1.1 4077 x\r\n", None),
            ("HTTP/1.1 407", None),
            ("HTTP/2 407 \r\n", None),
            ("407", None),
        ] {
            assert_eq!(status(told.as_bytes()).map(|s| gateway().meaning(s)), liveness, "{told}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_survived(told in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = status(&told);
        }
    }
}
