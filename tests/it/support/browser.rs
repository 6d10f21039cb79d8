//! A real browser, driven over WebDriver on loopback.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::program::cleared;

/// How long the browser may take for an answer, and a page for what it is waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// A browser with one window. It goes when the test ends, however it ends.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _home: tempfile::TempDir,
}

/// What came of starting a chromedriver.
enum Started {
    /// There is none.
    Absent,
    /// It ended before it had begun.
    Ended,
    /// It runs: its home, itself, its port.
    Running(tempfile::TempDir, Child, u16),
}

impl Browser {
    /// Starts a chromedriver.
    fn driver() -> Started {
        let home = tempfile::tempdir().unwrap();
        let mut command = cleared("chromedriver", home.path());
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(mut driver) = command.spawn() else {
            let must = ["CI", "KEYWRIGHT_TESTS_RUN"].into_iter().find(|n| std::env::var_os(n).is_some());
            assert_eq!(must, None, "set, but there is no chromedriver: install chromium and chromium-driver");
            let _ = writeln!(io::stderr(), "there is no chromedriver: the page was not opened");
            return Started::Absent;
        };
        let mut said = BufReader::new(driver.stdout.take().unwrap()).lines();
        let started = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("started successfully on port ").map(|(_, p)| p.to_owned()));
        let Some(port) = started else {
            let _ = driver.wait();
            return Started::Ended;
        };
        let port = port.trim_end_matches('.').parse().unwrap();
        // Whatever it still says is read, so that it never waits for a reader.
        std::thread::spawn(move || said.map_while(Result::ok).for_each(drop));
        Started::Running(home, driver, port)
    }

    /// Starts Chromium. Where there is none the answer is `None`, unless `tests/run` or CI runs the
    /// tests: there it is a failure.
    pub(crate) fn start(width: u32, height: u32) -> Option<Self> {
        // On a busy machine it now and then ends before it has begun.
        let mut tries = 0;
        let (home, driver, port) = loop {
            match Self::driver() {
                Started::Absent => return None,
                Started::Running(home, driver, port) => break (home, driver, port),
                Started::Ended => tries += 1,
            }
            assert!(tries < 5, "chromedriver does not start");
        };
        let mut browser = Self { driver, port, session: String::new(), _home: home };
        let profile = browser._home.path().join("profile");
        let mut flags: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ]
        .map(Into::into)
        .into();
        flags.push(format!("--user-data-dir={}", profile.display()));
        flags.push(format!("--window-size={width},{height}"));
        let wishes = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        }}});
        let session = browser.ask("POST", "/session", &wishes);
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        Some(browser)
    }

    /// Opens a file, and waits until its script has read all of it.
    pub(crate) fn open(&self, page: &Path) {
        let url = format!("file://{}", page.display());
        self.tell("POST", "/url", &json!({ "url": url }));
        self.wait("return document.documentElement.dataset.ready");
    }

    /// Runs a script in the page and returns what it returns.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.tell("POST", "/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Waits until a script returns something true, and returns it.
    #[track_caller]
    pub(crate) fn wait(&self, script: &str) -> Value {
        let begun = Instant::now();
        loop {
            let value = self.run(script);
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return value;
            }
            assert!(begun.elapsed() < LONGEST, "the page never came so far: {script}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Returns what the browser complained about since it was last asked.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.tell("POST", "/se/log", &json!({ "type": "browser" }));
        log.as_array().unwrap().iter().map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Returns a picture of the window, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let picture = self.tell("GET", "/screenshot", &Value::Null);
        data_encoding::BASE64.decode(picture.as_str().unwrap().as_bytes()).unwrap()
    }

    /// Sends a command of WebDriver's for this window.
    #[track_caller]
    pub(crate) fn tell(&self, method: &str, path: &str, body: &Value) -> Value {
        self.ask(method, &format!("/session/{}{path}", self.session), body)
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.exchange(method, path, body).unwrap();
        assert!(answer["error"].is_null(), "{path}: {answer}");
        answer
    }

    /// Sends a request and returns the value of its answer.
    fn exchange(&self, method: &str, path: &str, body: &Value) -> io::Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(LONGEST))?;
        let (port, length) = (self.port, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )?;
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            match line.split_once(':') {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.trim().parse().unwrap_or(0);
                }
                Some(_) => {}
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer)?;
        let mut answer: Value = serde_json::from_slice(&answer)?;
        Ok(answer["value"].take())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver takes the browser with it when the session ends, not when it is stopped itself.
        let _ = self.exchange("DELETE", &format!("/session/{}", self.session), &Value::Null);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
