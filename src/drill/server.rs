//! A small server of HTTP/1.1 for the doubles, and a caller of the gateway: on 127.0.0.1 and nowhere else,
//! bounded in bytes, in time and in callers.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

/// How long a caller may be silent.
const SILENCE: Duration = Duration::from_secs(10);
/// The longest first line and headers, in bytes.
const HEAD: u64 = 32 << 10;
/// The longest body, in bytes, and the most that is taken through a tunnel.
const BODY: u64 = 1 << 20;
/// How many callers are served at once.
const CALLERS: usize = 32;

/// One request, read whole.
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Vec<u8>,
    headers: Vec<(String, String)>,
}

/// What is answered.
pub(super) enum Told {
    /// Status, kind and body.
    Answer(u16, &'static str, Vec<u8>),
    /// A tunnel; at its end it is told how many bytes were sent through.
    Tunnel(Box<dyn FnOnce(u64) + Send>),
}

/// A running server. It ends when it is dropped.
pub(super) struct Server {
    place: SocketAddr,
    is_over: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

impl Asked {
    /// Returns a header, or nothing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Returns a number of the query.
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        let parts = self.query.split('&').filter_map(|part| part.split_once('='));
        parts.filter(|(n, _)| *n == name).find_map(|(_, value)| value.parse().ok())
    }

    fn read(stream: &TcpStream) -> Option<Self> {
        let mut head = BufReader::new(stream.take(HEAD));
        let mut next = || {
            let mut line = String::new();
            head.read_line(&mut line).ok()?;
            // What is cut off is not read.
            line.ends_with('\n').then_some(line)
        };
        let line = next()?;
        let mut words = line.split_whitespace();
        let (method, place) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = Vec::new();
        loop {
            let line = next()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(n, _)| n == "content-length").and_then(|(_, v)| v.parse().ok());
        let length: u64 = length.unwrap_or(0);
        let mut body = Vec::new();
        if length > BODY {
            return None;
        }
        head.get_mut().set_limit(BODY);
        head.take(length).read_to_end(&mut body).ok().filter(|read| *read as u64 == length)?;
        let (path, query) = place.split_once('?').unwrap_or((&place, ""));
        Some(Self { method, path: path.into(), query: query.into(), body, headers })
    }
}

impl Told {
    /// Answers with JSON.
    pub(super) fn json(status: u16, value: &serde_json::Value) -> Self {
        Self::Answer(status, "application/json", value.to_string().into_bytes())
    }
}

impl Server {
    /// Listens on a port of the system's choice, and answers whoever calls there.
    ///
    /// # Errors
    /// The system lends no port.
    pub(super) fn start(answer: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let place = listener.local_addr()?;
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, answer, callers) = (is_over.clone(), Arc::new(answer), Arc::new(AtomicUsize::new(0)));
        let listening = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                if callers.fetch_add(1, Ordering::SeqCst) >= CALLERS {
                    callers.fetch_sub(1, Ordering::SeqCst);
                    continue;
                }
                let (answer, callers) = (answer.clone(), callers.clone());
                thread::spawn(move || {
                    // A caller that went away misses nothing.
                    let _ = serve(stream, &*answer);
                    callers.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Ok(Self { place, is_over, listening: Some(listening) })
    }

    /// Returns where it is: `127.0.0.1:port`.
    pub(super) fn place(&self) -> String {
        self.place.to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes it, so that it looks.
        if TcpStream::connect_timeout(&self.place, Duration::from_secs(1)).is_ok()
            && let Some(listening) = self.listening.take()
        {
            let _ = listening.join();
        }
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&Asked) -> Told) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    let Some(asked) = Asked::read(&stream) else { return Ok(()) };
    match answer(&asked) {
        Told::Answer(status, kind, body) => {
            let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now());
            let head = format!(
                "HTTP/1.1 {status} {status}\r\nDate: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                date.unwrap_or_default(),
                body.len()
            );
            stream.write_all(head.as_bytes())?;
            stream.write_all(&body)
        }
        Told::Tunnel(used) => {
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
            let sent = io::copy(&mut (&stream).take(BODY), &mut io::sink()).unwrap_or(0);
            used(sent);
            // The caller waits for this end, and knows then that its use is written down.
            Ok(())
        }
    }
}

/// Calls a gateway of this machine as a key's user does: CONNECT, and so many bytes through the tunnel.
/// Returns the status.
///
/// # Errors
/// Nobody answers there.
pub(super) fn connect(gateway: &str, target: &str, pair: &str, bytes: usize) -> io::Result<u16> {
    let place: SocketAddr = gateway.parse().map_err(io::Error::other)?;
    let mut stream = TcpStream::connect_timeout(&place, SILENCE)?;
    stream.set_read_timeout(Some(SILENCE))?;
    let basic = data_encoding::BASE64.encode(pair.as_bytes());
    let head =
        format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Authorization: Basic {basic}\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    let mut line = String::new();
    BufReader::new((&stream).take(256)).read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
    if status == Some(200) && bytes > 0 {
        stream.write_all(&vec![0; bytes])?;
        stream.shutdown(std::net::Shutdown::Write)?;
        io::copy(&mut (&stream).take(BODY), &mut io::sink())?;
    }
    status.ok_or_else(|| io::Error::other("the gateway answered with something that is no HTTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_listens_on_loopback_answers_and_ends() {
        let server = Server::start(|asked| Told::Answer(200, "text/plain", asked.body.clone())).unwrap();
        assert!(server.place.ip().is_loopback());
        let place = server.place;
        let mut stream = TcpStream::connect(place).unwrap();
        stream.write_all(b"POST /x?page=7 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello").unwrap();
        let mut said = String::new();
        stream.read_to_string(&mut said).unwrap();
        assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("\r\n\r\nhello"), "{said}");
        drop(server);
        assert!(TcpStream::connect(place).is_err());
    }

    #[test]
    fn what_is_too_long_is_not_read() {
        let server = Server::start(|_| Told::Answer(200, "text/plain", Vec::new())).unwrap();
        for request in [
            format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n", BODY + 1),
            format!("GET / HTTP/1.1\r\nx: {}\r\n", "y".repeat(100 << 10)),
        ] {
            let mut stream = TcpStream::connect(server.place).unwrap();
            let _ = stream.write_all(request.as_bytes());
            let mut said = String::new();
            let _ = stream.read_to_string(&mut said);
            assert_eq!(said, "", "{} bytes", request.len());
        }
    }

    #[test]
    fn a_tunnel_tells_what_was_sent_through_it() {
        let (sent, seen) = std::sync::mpsc::channel();
        let server = Server::start(move |_| {
            let sent = sent.clone();
            Told::Tunnel(Box::new(move |bytes| sent.send(bytes).unwrap_or_default()))
        })
        .unwrap();
        assert_eq!(connect(&server.place(), "x.example:443", "a:b", 1234).unwrap(), 200);
        assert_eq!(seen.recv().unwrap(), 1234);
    }
}
