//! The door to the network: the only place a connection begins (docs/security.md).
//!
//! A name is resolved once, every address it has is looked at, and the connection goes to one of these
//! very addresses. Answers are bounded in bytes and in time; redirects are not followed and no proxy of
//! the environment is used. An error says whether anything may have happened on the other side.
//!
//! - `address`: which addresses are public
//! - `place`: how hosts and ports are written and compared
//! - `tls`: whom a call trusts
//! - `when`: moments in headers

mod address;
mod place;
mod tls;
mod when;

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Method, Response, Url};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use crate::model::credential::CallError;
use crate::model::rotation::Moment;
use crate::model::{Secret, text::shown};

pub use place::{NoPlace, place};
use place::{bare, name};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a call may take, from the first byte sent to the last byte read.
const WHOLE: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes.
const LONGEST: usize = 1 << 20;
/// How many addresses of a name are looked at.
const ADDRESSES: usize = 16;

/// Opens connections, to public addresses and to what the operator allows.
pub struct Door {
    allowed: Vec<(String, u16)>,
    connect: Duration,
    whole: Duration,
    tls: OnceLock<ClientConfig>,
}

/// A call to be made.
pub struct Request {
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<Secret>,
    /// Where its answer is cut off, in bytes; without it a long one is an error.
    cut: Option<usize>,
}

/// What came back.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// When it may be asked again, in seconds from now.
    pub retry_after: Option<u64>,
    /// What time it is there.
    pub date: Option<Moment>,
    /// The body, which may hold a secret.
    pub body: Secret,
    /// Whether the body was cut off, which [`Request::up_to`] lets happen.
    pub is_cut: bool,
}

/// The headers of an answer.
#[derive(Default)]
pub struct Headers(HeaderMap);

impl Headers {
    /// Returns the first header of that name, if it is text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Door {
    /// Opens the door to public addresses over https, and to each `host:port` in `allowed`, which may
    /// be private and answer plain http: that is the operator's word.
    ///
    /// # Errors
    /// [`NoPlace`] if an entry is no `host:port`.
    pub fn new(allowed: &[String]) -> Result<Self, NoPlace> {
        let places = allowed.iter().map(|text| place(text).ok_or_else(|| NoPlace(shown(text.as_bytes()))));
        let allowed = places.collect::<Result<_, _>>()?;
        Ok(Self { allowed, connect: CONNECT, whole: WHOLE, tls: OnceLock::new() })
    }

    /// Sets how long a connection and a whole call may take.
    #[must_use]
    pub fn with_patience(mut self, connect: Duration, whole: Duration) -> Self {
        (self.connect, self.whole) = (connect, whole);
        self
    }

    /// Returns how long a whole call may take.
    #[must_use]
    pub fn patience(&self) -> Duration {
        self.whole
    }

    /// Connects to a host, at an address that was looked at.
    ///
    /// # Errors
    /// [`CallError::NotSent`], always.
    pub async fn dial(&self, host: &str, port: u16) -> Result<TcpStream, CallError> {
        let addresses = self.addresses(host, port).await?;
        let to = name(host, port);
        match timeout(self.connect, TcpStream::connect(&addresses[..])).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(e)) => Err(CallError::NotSent(format!("couldn't connect to {to}: {e}"))),
            Err(_) => Err(CallError::NotSent(format!("{to} took no connection in {:?}", self.connect))),
        }
    }

    /// Begins TLS over a connection that was dialled, with a host whose certificate this machine trusts.
    ///
    /// # Errors
    /// [`CallError::NotSent`], always.
    pub async fn secure<S>(&self, host: &str, stream: S) -> Result<TlsStream<S>, CallError>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let shown = shown(host.as_bytes());
        let name = ServerName::try_from(bare(host))
            .map_err(|_| CallError::NotSent(format!("{shown} is no name that a certificate could bear")))?;
        let connector = TlsConnector::from(Arc::new(self.tls()?));
        match timeout(self.connect, connector.connect(name, stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(e)) => Err(CallError::NotSent(format!("no TLS with {shown}: {}", root(&e)))),
            Err(_) => Err(CallError::NotSent(format!("no TLS with {shown} came in {:?}", self.connect))),
        }
    }

    /// Makes a call.
    ///
    /// # Errors
    /// [`CallError::NotSent`] if not a byte of it left; [`CallError::Lost`] if it may have arrived. Any
    /// status is an answer, a redirect too.
    pub async fn call(&self, request: Request) -> Result<Answer, CallError> {
        let Request { method, url, headers, body, cut } = request;
        let (host, port) = ends(&url)?;
        let to = name(&host, port);
        let is_tls = url.scheme() == "https";
        if !is_tls && !self.allows(&host, port) {
            let why =
                format!("{to} is to be called over plain http, which only a place the operator allows may");
            return Err(CallError::NotSent(why));
        }
        let addresses = self.addresses(&host, port).await?;
        let client = self.client(is_tls, url.host_str().unwrap_or_default(), &addresses)?;
        let mut call = client.request(method, url).headers(headers);
        if let Some(body) = &body {
            call = call.body(body.expose().to_vec());
        }
        let response = call.send().await.map_err(|e| failed(&to, &e))?;
        read(&to, response, cut).await
    }

    /// Each call has a connection of its own: one that was left open may be dead without a sign, and
    /// then nobody knows whether the call arrived.
    fn client(&self, is_tls: bool, host: &str, addresses: &[SocketAddr]) -> Result<Client, CallError> {
        let tls = if is_tls { self.tls()? } else { tls::none()? };
        Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("keywright/", env!("CARGO_PKG_VERSION")))
            .https_only(is_tls)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .pool_max_idle_per_host(0)
            .connect_timeout(self.connect)
            .timeout(self.whole)
            .resolve_to_addrs(host, addresses)
            .build()
            .map_err(|e| CallError::NotSent(format!("couldn't make a client: {}", root(&e))))
    }

    /// The machine's own roots, read once.
    fn tls(&self) -> Result<ClientConfig, CallError> {
        if let Some(made) = self.tls.get() {
            return Ok(made.clone());
        }
        let made = tls::machines()?;
        Ok(self.tls.get_or_init(|| made).clone())
    }

    /// Resolves a name, and refuses it whole if one of its addresses is refused.
    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, CallError> {
        let bare = bare(host);
        let to = name(host, port);
        let found = match timeout(self.connect, lookup_host((bare.as_str(), port))).await {
            Ok(Ok(found)) => found.take(ADDRESSES).collect::<Vec<_>>(),
            Ok(Err(e)) => return Err(CallError::NotSent(format!("couldn't find the address of {to}: {e}"))),
            Err(_) => {
                return Err(CallError::NotSent(format!("no address of {to} came in {:?}", self.connect)));
            }
        };
        if found.is_empty() {
            return Err(CallError::NotSent(format!("{to} has no address")));
        }
        if !self.allows(host, port)
            && let Some(refused) = found.iter().find(|a| !address::is_public(a.ip()))
        {
            let why = format!(
                "{to} is at {}, which is no public address; if it is yours, the operator's settings can allow it",
                refused.ip()
            );
            return Err(CallError::NotSent(why));
        }
        Ok(found)
    }

    /// Tells whether the operator allows this place although it may be private or without TLS.
    #[must_use]
    pub fn allows(&self, host: &str, port: u16) -> bool {
        self.allowed.contains(&(bare(host), port))
    }
}

impl Request {
    /// Begins a call.
    ///
    /// # Errors
    /// [`CallError::NotSent`] if the address is none that can be called.
    pub fn new(method: &str, url: &str) -> Result<Self, CallError> {
        let no = |why: &str| CallError::NotSent(format!("the address of a call is wrong: {why}"));
        let method = Method::from_bytes(method.as_bytes()).map_err(|_| no("its method is none"))?;
        let url = Url::parse(url).map_err(|e| no(&e.to_string()))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(no("it holds a user or a password"));
        }
        ends(&url)?;
        Ok(Self { method, url, headers: HeaderMap::new(), body: None, cut: None })
    }

    /// Adds a header; its value is treated as a secret.
    ///
    /// # Errors
    /// [`CallError::NotSent`] if the name or the value cannot stand in a header.
    pub fn header(mut self, header: &str, value: &Secret) -> Result<Self, CallError> {
        let no = |what: &str| {
            CallError::NotSent(format!("{what} of the header {} cannot be sent", shown(header.as_bytes())))
        };
        let key = HeaderName::from_bytes(header.as_bytes()).map_err(|_| no("the name"))?;
        let mut value = HeaderValue::from_bytes(value.expose()).map_err(|_| no("the value"))?;
        value.set_sensitive(true);
        self.headers.insert(key, value);
        Ok(self)
    }

    /// Sets the body.
    #[must_use]
    pub fn json(mut self, body: Secret) -> Self {
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        self.body = Some(body);
        self
    }

    /// Reads no more than so many bytes of the answer, and keeps those.
    #[must_use]
    pub fn up_to(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }
}

impl fmt::Debug for Request {
    /// Shows where it goes; never a path, a query, a header's value or a body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url.host_str().unwrap_or_default())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// Reads an answer, up to its bound. Where it grows the shorter copy is wiped.
async fn read(to: &str, mut response: Response, cut: Option<usize>) -> Result<Answer, CallError> {
    let status = response.status().as_u16();
    let headers = Headers(std::mem::take(response.headers_mut()));
    let date = headers.get(DATE.as_str()).and_then(when::moment);
    let retry_after = headers.get(RETRY_AFTER.as_str()).and_then(|value| when::seconds(value, date));
    let mut body = Zeroizing::new(Vec::with_capacity(16 << 10));
    let mut is_cut = false;
    while let Some(chunk) = response.chunk().await.map_err(|e| failed(to, &e))? {
        let room = cut.unwrap_or(LONGEST) - body.len();
        is_cut = chunk.len() > room;
        if is_cut && cut.is_none() {
            return Err(CallError::Lost(format!("{to} answered {status} with more than {LONGEST} bytes")));
        }
        let chunk = &chunk[..chunk.len().min(room)];
        let long = body.len() + chunk.len();
        if long > body.capacity() {
            let mut wider = Zeroizing::new(Vec::with_capacity(long.next_power_of_two()));
            wider.extend_from_slice(&body);
            body = wider;
        }
        body.extend_from_slice(chunk);
        if is_cut {
            break;
        }
    }
    let body = Secret::new(std::mem::take(&mut *body));
    Ok(Answer { status, headers, retry_after, date, body, is_cut })
}

/// Tells a call that did not leave from one that may have arrived.
fn failed(to: &str, e: &reqwest::Error) -> CallError {
    if e.is_connect() || e.is_builder() {
        return CallError::NotSent(format!("couldn't connect to {to}: {}", root(e)));
    }
    let why = if e.is_timeout() { "it did not answer in time".into() } else { root(e) };
    CallError::Lost(format!("no whole answer came from {to}: {why}"))
}

/// What an error began with. The outer ones repeat the address, which may hold what is not to be told.
fn root(e: &dyn std::error::Error) -> String {
    let mut at = e;
    while let Some(deeper) = at.source() {
        at = deeper;
    }
    shown(at.to_string().as_bytes()).chars().take(200).collect()
}

/// Returns host and port of an address that can be called.
fn ends(url: &Url) -> Result<(String, u16), CallError> {
    match (url.scheme(), url.host_str(), url.port_or_known_default()) {
        ("https" | "http", Some(host), Some(port)) => Ok((bare(host), port)),
        _ => Err(CallError::NotSent("the address of a call is neither https nor http".into())),
    }
}

/// Reads where a service is, from settings: nothing but scheme, host, port and path; returns it without a
/// slash at its end, `None` if it is something else.
#[must_use]
pub fn service(text: &str) -> Option<String> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    let is_odd =
        text.contains(['?', '#', '@', '\\', '%']) || text.chars().any(|c| c.is_control() || c == ' ');
    let is_one = is_web && !is_odd && Request::new("GET", text).is_ok();
    is_one.then(|| text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
mod tests;
