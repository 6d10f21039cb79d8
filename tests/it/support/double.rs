//! A double of a service that is spoken to by HTTP and JSON, with what can go wrong on the way. What it
//! answers is its own affair: a state, and a function from what is asked to what is told.
//!
//! It lives in the test's process, answers whoever calls it on loopback, and never waits.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

pub(crate) use super::loopback::{Asked, Told};
use super::loopback::{Listening, asked};

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// It is done, and the connection ends without an answer.
    DropReply,
    /// It is done, and half of the answer comes.
    HalfReply,
    /// The connection ends before anything is done.
    Hangup,
    /// Nothing is done, and nothing is said until the caller goes.
    Silence,
    /// Nothing is done, and this is answered: status, headers (with line ends), body.
    Answer(u16, &'static str, &'static str),
    /// It is done, and this is answered instead.
    DoneBut(u16, &'static str),
}

/// A call as it came, to be made again elsewhere.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

struct Inner<S> {
    state: S,
    log: Vec<Call>,
    faults: VecDeque<(&'static str, Fault)>,
}

/// The running double.
pub(crate) struct Double<S> {
    place: Listening,
    inner: Arc<Mutex<Inner<S>>>,
}

/// Its state, lent.
pub(crate) struct Lent<'d, S>(MutexGuard<'d, Inner<S>>);

impl<S> std::ops::Deref for Lent<'_, S> {
    type Target = S;
    fn deref(&self) -> &S {
        &self.0.state
    }
}

impl<S> std::ops::DerefMut for Lent<'_, S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.0.state
    }
}

impl<S: Send + 'static> Double<S> {
    /// Starts it.
    pub(crate) fn start(state: S, answer: fn(&mut S, &Asked) -> Told) -> Self {
        let inner = Arc::new(Mutex::new(Inner { state, log: Vec::new(), faults: VecDeque::new() }));
        let shared = inner.clone();
        let place = Listening::begin(move |stream| {
            if let Some(asked) = asked(stream) {
                let _ = serve(&shared, answer, &asked, stream);
            }
        });
        Self { place, inner }
    }

    /// Returns where it is: `127.0.0.1:port`.
    pub(crate) fn place(&self) -> &str {
        self.place.place()
    }

    fn inner(&self) -> MutexGuard<'_, Inner<S>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lends everything it knows.
    pub(crate) fn state(&self) -> Lent<'_, S> {
        Lent(self.inner())
    }

    /// Lets a call go wrong, once: the first whose `METHOD /path` holds `call`.
    pub(crate) fn fault(&self, call: &'static str, fault: Fault) {
        self.inner().faults.push_back((call, fault));
    }

    /// Returns the calls since the last asking: `GET /path?query`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.whole_calls().iter().map(|call| format!("{} {}", call.method, call.path)).collect()
    }

    /// Returns the calls since the last asking, whole.
    pub(crate) fn whole_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.inner().log)
    }

    /// Takes the faults away that met no call.
    pub(crate) fn mend(&self) {
        self.inner().faults.clear();
    }
}

fn serve<S>(
    shared: &Mutex<Inner<S>>,
    answer: fn(&mut S, &Asked) -> Told,
    asked: &Asked,
    stream: &mut TcpStream,
) -> std::io::Result<()> {
    let mut inner = shared.lock().unwrap_or_else(PoisonError::into_inner);
    let call = format!("{} {}", asked.method, asked.path);
    let sign = if asked.query.is_empty() { "" } else { "?" };
    inner.log.push(Call {
        method: asked.method.clone(),
        path: format!("{}{sign}{}", asked.path, asked.query),
        headers: asked.headers.clone(),
        body: asked.body.clone(),
    });
    let at = inner.faults.iter().position(|(name, _)| call.contains(name));
    let fault = at.and_then(|at| inner.faults.remove(at)).map(|(_, fault)| fault);
    match fault {
        Some(Fault::Hangup) => return Ok(()),
        Some(Fault::Silence) => {
            drop(inner);
            let mut nothing = [0; 64];
            while stream.read(&mut nothing)? > 0 {}
            return Ok(());
        }
        Some(Fault::Answer(status, headers, body)) => {
            return reply(stream, status, headers, body, body.len());
        }
        _ => {}
    }
    let (status, told) = answer(&mut inner.state, asked);
    drop(inner);
    let text = if told.is_null() { String::new() } else { told.to_string() };
    match fault {
        Some(Fault::DropReply) => Ok(()),
        Some(Fault::HalfReply) => reply(stream, status, "", &text[..text.len() / 2], text.len().max(1)),
        Some(Fault::DoneBut(status, body)) => reply(stream, status, "", body, body.len()),
        _ => reply(stream, status, "", &text, text.len()),
    }
}

fn reply(stream: &mut TcpStream, status: u16, headers: &str, body: &str, long: usize) -> std::io::Result<()> {
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {long}\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}
