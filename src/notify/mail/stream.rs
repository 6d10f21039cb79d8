//! What lettre speaks over: a connection of the door's. Where TLS begins on the way, the words before it are
//! spoken here, byte by byte: what somebody slipped in behind them ends in the handshake and is never read.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};

/// What lettre waits for before it speaks.
const GREETING: &[u8] = b"220 greeted before TLS\r\n";
/// The longest answer before TLS, in bytes.
const LONGEST: usize = 8 << 10;

/// A connection, and what is read before anything comes from it.
pub(super) struct Stream<S> {
    first: &'static [u8],
    inner: S,
}

impl<S> Stream<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { first: b"", inner }
    }

    /// Takes one over on which the server has greeted already.
    pub(super) fn greeted(inner: S) -> Self {
        Self { first: GREETING, inner }
    }
}

/// Asks for TLS (RFC 3207); behind a yes the handshake comes.
pub(super) async fn ask_for_tls(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Result<(), String> {
    let greeting = answer(stream).await?;
    if greeting.code != *b"220" {
        return Err("it does not greet".into());
    }
    let told = ask(stream, "EHLO [127.0.0.1]\r\n").await?;
    let is_offered = told.lines.iter().skip(1).any(|line| line.eq_ignore_ascii_case(b"STARTTLS"));
    if told.code != *b"250" || !is_offered {
        return Err("it offers no TLS, and nothing is sent without".into());
    }
    if ask(stream, "STARTTLS\r\n").await?.code != *b"220" {
        return Err("it refuses to begin TLS".into());
    }
    Ok(())
}

struct Answer {
    code: [u8; 3],
    lines: Vec<Vec<u8>>,
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), words: &str) -> Result<Answer, String> {
    stream.write_all(words.as_bytes()).await.map_err(|e| broke(&e))?;
    stream.flush().await.map_err(|e| broke(&e))?;
    answer(stream).await
}

/// Reads an answer and not a byte more: lines `250-word`, the last one `250 word`.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> Result<Answer, String> {
    let odd = || "its answer is none of SMTP".to_owned();
    let mut read = 0;
    let mut lines: Vec<Vec<u8>> = Vec::new();
    let mut code = None;
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\n") {
            line.push(stream.read_u8().await.map_err(|e| broke(&e))?);
            read += 1;
            if read > LONGEST {
                return Err(odd());
            }
        }
        let line = line.strip_suffix(b"\r\n").ok_or_else(odd)?;
        let (said, rest) = line.split_first_chunk::<3>().ok_or_else(odd)?;
        if !said.iter().all(u8::is_ascii_digit) || code.is_some_and(|code| code != *said) {
            return Err(odd());
        }
        code = Some(*said);
        let (sign, word) = rest.split_first().unwrap_or((&b' ', b""));
        lines.push(word.to_vec());
        match sign {
            b' ' => return Ok(Answer { code: *said, lines }),
            b'-' => {}
            _ => return Err(odd()),
        }
    }
}

fn broke(e: &io::Error) -> String {
    format!("the connection broke: {}", e.kind())
}

impl<S> std::fmt::Debug for Stream<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> AsyncTokioStream for Stream<S> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Err(ErrorKind::Unsupported.into())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.inner).poll_read(context, buffer);
        }
        let (now, later) = self.first.split_at(self.first.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.first = later;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Speaks to a server of fixed words.
    fn asked(words: &[u8]) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut ours, mut theirs) = tokio::io::duplex(64 << 10);
            theirs.write_all(words).await.unwrap();
            // What is asked is let be, and there is an end.
            let words = ask_for_tls(&mut ours);
            tokio::select! {
                told = words => told,
                () = async { theirs.shutdown().await.unwrap(); std::future::pending().await } => unreachable!(),
            }
        })
    }

    #[test]
    fn tls_begins_only_where_both_want_it() {
        for (words, is_yes) in [
            (&b"220 hi\r\n250-me\r\n250-starttls\r\n250 SIZE\r\n220 go\r\n"[..], true),
            (b"220-a\r\n220 b\r\n250-me\r\n250 STARTTLS\r\n220 go\r\n", true),
            (b"220 hi\r\n250-me\r\n250 SIZE\r\n220 go\r\n", false),
            // A host's own name is no offer.
            (b"220 hi\r\n250 STARTTLS\r\n220 go\r\n", false),
            (b"220 hi\r\n250-me\r\n250 STARTTLS\r\n454 not now\r\n", false),
            (b"554 go away\r\n", false),
            (b"220 hi\r\n250-me\r\n251 STARTTLS\r\n220 go\r\n", false),
            (b"220 hi\n250 me\n", false),
            (b"220_hi\r\n", false),
            (b"hi\r\n", false),
            (b"", false),
        ] {
            assert_eq!(asked(words).is_ok(), is_yes, "{}", String::from_utf8_lossy(words));
        }
        let endless = [&b"220 "[..], &[b'x'; LONGEST]].concat();
        assert!(asked(&endless).is_err());
    }

    #[test]
    fn not_a_byte_behind_an_answer_is_read() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut words = &b"220 hi\r\n250 slipped in\r\n"[..];
            assert_eq!(answer(&mut words).await.unwrap().code, *b"220");
            assert_eq!(words, b"250 slipped in\r\n");
            let mut greeted = Stream::greeted(&b"next"[..]);
            let mut read = Vec::new();
            greeted.read_to_end(&mut read).await.unwrap();
            assert_eq!(read, [GREETING, b"next"].concat());
        });
    }
}
