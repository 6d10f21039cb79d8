//! `keywright redact`: what goes through, what is masked, and when.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::support::program::cleared;
use crate::support::{Folder, filled, key, nth_key};

/// A test that hangs says so.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

#[test]
fn a_secret_is_masked_and_nothing_else_is_changed() {
    let stripe = key("stripe");
    let text = format!("\u{feff}a\0b\r\nkey={stripe}\r\n\x1b[1mno end").into_bytes();
    let run = Folder::new().program().input([&text[..], b"\xff\xfe"].concat()).run(["redact"]).exits(0);
    let expected = b"\xef\xbb\xbfa\0b\r\nkey=[REDACTED:stripe-live-key]\r\n\x1b[1mno end\xff\xfe";
    assert_eq!(run.stdout, expected, "{}", run.text());
    assert_eq!(run.stderr, "note: masked 1 secret\n");
}

#[test]
fn people_choose_what_stands_for_a_secret() {
    let (folder, github) = (Folder::new(), key("github"));
    let masked = |mask: &str| {
        let program = folder.program().input(format!("{github}\n"));
        program.run(["redact", "--quiet", "--mask", mask]).exits(0).text()
    };
    assert_eq!(masked("***"), "***\n");
    assert_eq!(masked("partial"), format!("ghp_…{}\n", &github[github.len() - 4..]));
}

#[test]
fn fail_makes_it_a_gate() {
    let input = format!("{}\n", key("github"));
    let folder = Folder::new();
    assert_eq!(
        folder.program().input(input).run(["redact", "--fail"]).exits(1).text(),
        "[REDACTED:github-personal-token]\n"
    );
    folder.program().input("nothing here\n").run(["redact", "--fail"]).exits(0);
}

#[test]
fn passwords_are_masked_unless_one_asks_for_less() {
    let folder = Folder::new();
    let password = filled("{base62:9}7x", 4);
    let input = format!("login ann\npassword = \"{password}\"\n");
    let low = folder.program().input(input.clone()).run(["redact"]).exits(0);
    assert!(!low.text().contains(&password), "{}", low.text());
    let high = folder.program().input(input.clone()).run(["redact", "--min-confidence", "high"]).exits(0);
    assert_eq!(high.text(), input);
}

#[test]
fn files_are_joined_as_cat_joins_them() {
    let folder = Folder::new();
    fs::write(folder.path().join("a.log"), format!("one {}", key("github"))).unwrap();
    let wide: Vec<u8> = format!(" {}\n", key("stripe")).encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(folder.path().join("b.log"), [&b"\xff\xfe"[..], &wide].concat()).unwrap();
    let run = folder.program().input("two\n").run(["redact", "a.log", "-", "gone.log", "b.log"]).exits(3);
    let label: Vec<u8> = " [REDACTED:stripe-live-key]\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let expected = [&b"one [REDACTED:github-personal-token]two\n\xff\xfe"[..], &label].concat();
    assert_eq!(run.stdout, expected, "{}", run.text());
    assert!(run.stderr.contains("error: couldn't read gone.log"), "{}", run.stderr);
}

#[test]
fn own_rules_mask_too() {
    let folder = Folder::new();
    let rule = "[[rules]]\nid = \"acme\"\nregex = 'acme_[a-z]{8}'\n";
    fs::write(folder.path().join("mine.toml"), rule).unwrap();
    let run = folder.program().input("acme_abcdefgh\n").run(["redact", "--rules", "mine.toml"]).exits(0);
    assert_eq!(run.text(), "[REDACTED:acme]\n");
}

#[test]
fn an_allow_mark_hides_nothing_from_a_stream() {
    let input = format!("{} # keywright:allow\n", key("github"));
    let run = Folder::new().program().input(input).run(["redact"]).exits(0);
    assert_eq!(run.text(), "[REDACTED:github-personal-token] # keywright:allow\n");
}

/// A run whose input stays open, and the lines that come out.
struct Pipe {
    child: Child,
    lines: Receiver<String>,
}

impl Pipe {
    fn open(folder: &Folder) -> Self {
        let mut command: Command = cleared(env!("CARGO_BIN_EXE_keywright"), &folder.path());
        command.arg("redact").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            while out.read_line(&mut line).unwrap() > 0 {
                if send.send(std::mem::take(&mut line)).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    fn write(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn line(&self) -> String {
        self.lines.recv_timeout(LONGEST_WAIT).unwrap()
    }

    fn end(mut self) -> (Vec<String>, String) {
        drop(self.child.stdin.take());
        let rest = self.lines.iter().collect();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        self.child.wait().unwrap();
        (rest, said)
    }
}

#[test]
fn a_line_comes_out_while_the_pipe_is_open() {
    let mut pipe = Pipe::open(&Folder::new());
    for number in 1..4 {
        let key = nth_key("github", number);
        pipe.write(&format!("first {number}\ntoken {key}\nunfinished {key}"));
        assert_eq!(pipe.line(), format!("first {number}\n"));
        assert_eq!(pipe.line(), "token [REDACTED:github-personal-token]\n");
        pipe.write("\n");
        assert_eq!(pipe.line(), "unfinished [REDACTED:github-personal-token]\n");
    }
    assert_eq!(pipe.end().0, Vec::<String>::new());
}

#[test]
fn a_key_that_is_cut_off_with_its_pipe_is_masked() {
    let pem = filled("{ed25519-pem}", 3);
    let mut pipe = Pipe::open(&Folder::new());
    pipe.write("before\n");
    assert_eq!(pipe.line(), "before\n");
    pipe.write(&pem[..pem.len() / 2]);
    let (rest, said) = pipe.end();
    assert_eq!(rest, ["[REDACTED:private-key]"]);
    assert!(said.contains("its end did not come in time"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_a_good_end() {
    let mut pipe = Pipe::open(&Folder::new());
    pipe.write("one\n");
    assert_eq!(pipe.line(), "one\n");
    let Pipe { mut child, lines } = pipe;
    drop(lines);
    let mut stdin = child.stdin.take().unwrap();
    // The reading thread leaves at its next line, and the one after that meets a broken pipe.
    while stdin.write_all(b"more\n").is_ok() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}
