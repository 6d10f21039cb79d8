//! Whether an environment works with what was written: nobody goes on to production before staging is well
//! (R16, R90).

use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep, timeout_at};

use crate::destination::program;
use crate::model::text::shown;

/// How long a check is asked again, if nothing else is said.
const WITHIN: Duration = Duration::from_secs(60);
/// The longest time that can be asked for: an hour.
const LONGEST: Duration = Duration::from_secs(3600);
/// The first pause between two tries; each is twice as long as the one before, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The network, as far as a check needs it.
#[async_trait]
pub trait HealthNet: Send + Sync {
    /// Asks for a page, follows no redirect, and returns the status; or says why there is none.
    async fn http_status(&self, url: &str) -> Result<u16, String>;

    /// Connects and hangs up; or says why that cannot be.
    async fn tcp(&self, host: &str, port: u16) -> Result<(), String>;
}

/// A health check, as an operator writes it: `https://app.example/health within 60`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    written: String,
    way: Way,
    within: Duration,
}

/// How it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// A page; well is a status from 200 to 299.
    Http { url: String },
    /// A port; well is a connection.
    Tcp { host: String, port: u16 },
    /// A program; well is an end with 0.
    Exec { words: Vec<String>, base: PathBuf },
}

/// A check that cannot be used as it is written. It is not repeated: somebody may have written a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("can't use the health check: {why}; {fix}")]
pub struct HealthError {
    /// What is wrong.
    pub why: String,
    /// What to write.
    pub fix: String,
}

/// An environment that is not well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{check} is not well: {why} (asked {tries} times)")]
pub struct Unwell {
    /// The check, as written.
    pub check: String,
    /// What the last try showed.
    pub why: String,
    /// How often it was asked.
    pub tries: u32,
}

impl Health {
    /// Reads `http://…`, `https://…`, `tcp:HOST:PORT` or `exec:PROGRAM ARG...`, and perhaps
    /// ` within SECONDS`. Programs run in the folder `base`.
    ///
    /// # Errors
    /// [`HealthError`]: what is wrong in it.
    ///
    /// ```
    /// use std::path::Path;
    /// use keywright::rotate::health::Health;
    /// let check = Health::parse("tcp:127.0.0.1:5432 within 5", Path::new("/srv")).unwrap();
    /// assert_eq!(check.written(), "tcp:127.0.0.1:5432 within 5");
    /// assert!(Health::parse("127.0.0.1:5432", Path::new("/srv")).is_err());
    /// ```
    pub fn parse(text: &str, base: &Path) -> Result<Self, HealthError> {
        let text = text.trim();
        let (asked, within) = match text.rsplit_once(" within ") {
            Some((asked, seconds)) => (asked.trim_end(), Some(seconds.trim())),
            None => (text, None),
        };
        let within = match within.map(str::parse) {
            None => WITHIN,
            Some(Ok(seconds)) if Duration::from_secs(seconds) <= LONGEST => Duration::from_secs(seconds),
            Some(_) => return Err(wrong("what follows `within` is no number of seconds up to 3600")),
        };
        let way = if let Some(command) = asked.strip_prefix("exec:") {
            let words = program::words(command);
            if words.is_empty() || command.contains('\0') {
                return Err(wrong("it names no program"));
            }
            Way::Exec { words, base: base.to_owned() }
        } else if let Some(place) = asked.strip_prefix("tcp:") {
            tcp(place).ok_or_else(|| wrong("what follows tcp: is no HOST:PORT"))?
        } else {
            http(asked)?
        };
        Ok(Self { written: shown(text.as_bytes()), way, within })
    }

    /// Returns the check as it was written, made harmless.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// Asks until it is well, at least once, for as long as the check says and no longer than `deadline`.
    ///
    /// # Errors
    /// [`Unwell`]: what the last try showed.
    pub async fn well(&self, net: &dyn HealthNet, deadline: Instant) -> Result<(), Unwell> {
        let begun = Instant::now();
        let end = deadline.min(begun + self.within);
        // The first try gets a moment even when there is none: `within 0` asks once.
        let mut limit = end.max(begun + LONGEST_PAUSE);
        let mut pause = FIRST_PAUSE;
        let mut tries = 0;
        loop {
            tries += 1;
            let why = match timeout_at(limit, self.ask(net, limit)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(why)) => why,
                Err(_) => "it did not answer in time".into(),
            };
            if Instant::now() + pause >= end {
                return Err(Unwell { check: self.written.clone(), why, tries });
            }
            sleep(pause).await;
            pause = (2 * pause).min(LONGEST_PAUSE);
            limit = end;
        }
    }

    async fn ask(&self, net: &dyn HealthNet, limit: Instant) -> Result<(), String> {
        match &self.way {
            Way::Http { url } => match net.http_status(url).await? {
                200..=299 => Ok(()),
                // R14: what still holds the old key hears this from the gateway.
                407 => Err("it answered 407: something there still uses the old key".into()),
                status => Err(format!("it answered {status}")),
            },
            Way::Tcp { host, port } => net.tcp(host, *port).await,
            Way::Exec { words, base } => {
                let within = limit.saturating_duration_since(Instant::now());
                match program::run_silently(words, base, within).await {
                    Ok(ending) if ending.is_well() => Ok(()),
                    Ok(ending) => Err(format!("it {ending}")),
                    Err(e) => Err(format!("it {e}")),
                }
            }
        }
    }
}

fn wrong(why: &str) -> HealthError {
    let fix =
        "write https://HOST/PATH, http://HOST/PATH, tcp:HOST:PORT or exec:PROGRAM, and perhaps ` within 60`";
    HealthError { why: why.into(), fix: fix.into() }
}

fn http(url: &str) -> Result<Way, HealthError> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let rest = rest.ok_or_else(|| wrong("there is no such kind of check"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.contains('@') {
        // R27: it would stand in the store in clear, and in every report.
        return Err(wrong("a user or a password in the URL would be kept in clear; ask with exec: instead"));
    }
    if host.is_empty() || url.bytes().any(|b| b <= b' ' || b == 0x7f) {
        return Err(wrong("the URL has no host, or a blank in it"));
    }
    Ok(Way::Http { url: url.into() })
}

fn tcp(place: &str) -> Option<Way> {
    let (host, port) = place.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    let is_host = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:".contains(&b));
    let port: u16 = port.parse().ok().filter(|port| *port > 0)?;
    is_host.then(|| Way::Tcp { host: host.into(), port })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A network that answers what it was told to, in turn; the last answer stays.
    struct Played(Mutex<Vec<Result<u16, String>>>);

    impl Played {
        fn new(answers: &[Result<u16, &str>]) -> Self {
            let answers = answers.iter().rev().map(|a| a.map_err(Into::into));
            Self(Mutex::new(answers.collect()))
        }

        fn next(&self) -> Result<u16, String> {
            let mut answers = self.0.lock().unwrap();
            if answers.len() > 1 { answers.pop().unwrap() } else { answers[0].clone() }
        }
    }

    #[async_trait]
    impl HealthNet for Played {
        async fn http_status(&self, url: &str) -> Result<u16, String> {
            assert!(url.starts_with("http"), "{url}");
            self.next()
        }

        async fn tcp(&self, host: &str, port: u16) -> Result<(), String> {
            assert_eq!((host, port), ("::1", 5432));
            self.next().map(drop)
        }
    }

    async fn ask(check: &str, answers: &[Result<u16, &str>]) -> Result<(), String> {
        let check = Health::parse(check, Path::new("/")).unwrap();
        let deadline = Instant::now() + Duration::from_secs(30);
        check.well(&Played::new(answers), deadline).await.map_err(|e| e.to_string())
    }

    #[test]
    fn a_wrong_check_says_what_to_write() {
        for text in [
            "",
            "ftp://a/",
            "http://",
            "https:///x",
            "http://a b/",
            "tcp:localhost",
            "tcp::5432",
            "tcp:h:0",
            "tcp:h:70000",
            "tcp:a b:1",
            "exec:",
            "exec:  within 5",
            "http://a/ within",
            "http://a/ within soon",
            "http://a/ within -1",
            "http://a/ within 3601",
            "http://user:pw@a/",
        ] {
            let error = Health::parse(text, Path::new("/")).expect_err(text).to_string();
            assert!(error.contains("tcp:HOST:PORT") && !error.contains("user:pw"), "{text}: {error}");
        }
    }

    #[tokio::test]
    async fn any_2xx_is_well_and_nothing_else() {
        for status in [200, 204, 299] {
            assert_eq!(ask("http://a/ within 0", &[Ok(status)]).await, Ok(()));
        }
        for status in [100, 199, 300, 302, 401, 404, 500, 503] {
            let why = format!("http://a/ within 0 is not well: it answered {status} (asked 1 times)");
            assert_eq!(ask("http://a/ within 0", &[Ok(status)]).await, Err(why));
        }
        let stale = ask("http://a/ within 0", &[Ok(407)]).await.unwrap_err();
        assert!(stale.contains("still uses the old key"), "{stale}");
    }

    #[tokio::test]
    async fn a_service_that_comes_up_late_is_well() {
        assert_eq!(ask("https://a/ within 20", &[Err("refused"), Ok(502), Ok(200)]).await, Ok(()));
        assert_eq!(ask("tcp:[::1]:5432", &[Err("refused"), Ok(0)]).await, Ok(()));
    }

    #[tokio::test]
    async fn one_that_stays_down_is_not_well_in_the_end() {
        let why = ask("tcp:[::1]:5432 within 1", &[Err("connection refused")]).await.unwrap_err();
        assert!(why.starts_with("tcp:[::1]:5432 within 1 is not well: connection refused (asked "), "{why}");
    }

    #[tokio::test]
    async fn a_program_is_well_when_it_ends_with_0() {
        assert_eq!(ask("exec:true within 0", &[]).await, Ok(()));
        let failed = ask("exec:false within 0", &[]).await.unwrap_err();
        assert!(failed.contains("it ended with 1"), "{failed}");
        let absent = ask("exec:no-such-program-here within 0", &[]).await.unwrap_err();
        assert!(absent.contains("could not be started"), "{absent}");
    }

    #[tokio::test]
    async fn the_callers_deadline_comes_first() {
        let check = Health::parse("http://a/ within 3600", Path::new("/")).unwrap();
        let unwell = check.well(&Played::new(&[Ok(500)]), Instant::now()).await.unwrap_err();
        assert_eq!(unwell.tries, 1);
    }
}
