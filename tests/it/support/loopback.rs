//! A server on loopback that lives in the test's process: each request is one call of a function.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

/// One request, read whole.
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The body as JSON, or null.
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) raw: Vec<u8>,
}

impl Asked {
    /// Returns a header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    /// Returns a parameter of the query, as it was sent.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

/// What is answered: status, body.
pub(crate) type Told = (u16, Value);

/// A place on loopback where somebody listens until it is dropped: thousands of them fit into one process.
pub(crate) struct Listening {
    place: String,
    is_over: Arc<AtomicBool>,
}

impl Listening {
    /// Hands each connection over, in a thread of its own.
    pub(crate) fn begin(take: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let is_over = Arc::new(AtomicBool::new(false));
        let (take, over) = (Arc::new(take), is_over.clone());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let take = take.clone();
                std::thread::spawn(move || {
                    let _ = stream.set_nodelay(true);
                    // A caller that was killed half-way leaves its thread here no longer than this.
                    let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
                    take(&mut stream);
                });
            }
        });
        Self { place, is_over }
    }

    /// Returns where it is: `127.0.0.1:port`.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // It is woken by a last caller.
        let _ = TcpStream::connect(&self.place);
    }
}

/// Answers whoever calls; returns where: `127.0.0.1:port`. It goes with the test's process.
pub(crate) fn serve(answer: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> String {
    serve_with(move |asked| {
        let (status, body) = answer(asked);
        (status, String::new(), body)
    })
}

/// Answers with headers of its own, each with its line end.
pub(crate) fn serve_with(answer: impl Fn(&Asked) -> (u16, String, Value) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap().to_string();
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
                let Some(asked) = asked(&stream) else { return };
                let (status, headers, body) = answer(&asked);
                let body = if body.is_null() { String::new() } else { body.to_string() };
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{headers}Connection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
            });
        }
    });
    place
}

/// Reads one request.
pub(crate) fn asked(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream.take(1 << 20));
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, place) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(n, _)| n == "content-length").and_then(|(_, v)| v.parse().ok());
    let mut raw = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut raw).ok()?;
    let (path, query) = place.split_once('?').unwrap_or((&place, ""));
    let body = serde_json::from_slice(&raw).unwrap_or(Value::Null);
    Some(Asked { method, path: path.into(), query: query.into(), headers, body, raw })
}
