//! `keywright redact`: a stream with its secrets masked.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use clap::Args;
use keywright::model::text::shown;
use keywright::model::{Confidence, Path as GitPath};
use keywright::scan::redact::{Mask, Redaction, Stream};

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::settings::{Flags, settle};
use crate::cli::ui::Ui;

/// Mask the secrets in a stream
///
/// Copies standard input, or the files named, to standard output with every secret masked. Every other
/// byte goes through as it is; UTF-16 with a byte order mark stays UTF-16. A complete line goes out as
/// soon as nothing more is waiting to be read, but for these: from the first line of a private key on
/// until its last one (or three lines that are no key's, or 32 KiB), and from a secret on whose rule
/// needs to see what follows it, such as an AWS secret with its id behind it (as far as that rule looks:
/// 240 bytes most often, 32 KiB at the most). A line longer than 1 MiB goes out in parts that cut no
/// secret. A key that reaches its bound, or whose end never comes, is masked, and standard error says so.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  kubectl logs -f deploy/api | keywright redact\n  make deploy 2>&1 | keywright redact              a build's log\n  keywright redact --fail < build.log > clean.log  fail the job if there was anything to mask\n  pbpaste | keywright redact | pbcopy              the clipboard, before it goes into a chat\n  keywright redact --mask partial app.log          leave what tells two keys apart\n\nExit codes: 0 done, 1 with --fail: something was masked, 2 wrong use or settings, 3 not everything could be read, 70 a bug"
)]
pub(crate) struct RedactArgs {
    /// Files to read instead of standard input; `-` is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// What stands where a secret stood: `label` is [REDACTED:rule], `partial` what reports show of a secret (its public prefix, its last four bytes), anything else is that text
    #[arg(long, value_name = "label|partial|TEXT", default_value = "label", hide_default_value = true)]
    mask: String,
    /// The least confidence that is masked: low, medium or high [default: low, for a word too many masked costs less than a password shown]
    #[arg(long, value_name = "LEVEL", value_parser = confidence)]
    min_confidence: Option<Confidence>,
    /// Exit with 1 if anything was masked
    #[arg(long)]
    fail: bool,
    /// A settings file of your own, instead of the one in your configuration folder
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Rules of your own; a .gitleaks.toml works (repeatable)
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
}

/// How long lines wait for more to come, so that a busy stream is looked at in large pieces.
const SHORT: Duration = Duration::from_millis(20);
/// Bytes of one read, and how many reads may wait.
const READ: usize = 64 << 10;
const WAITING: usize = 16;

fn confidence(word: &str) -> Result<Confidence, String> {
    Confidence::from_word(word).ok_or_else(|| "it is one of: low, medium, high".into())
}

/// Copies with the secrets masked.
pub(crate) fn run(args: &RedactArgs, ui: &Ui) -> Result<Exit, CliError> {
    let mask = match args.mask.as_str() {
        "label" => Mask::Label,
        "partial" => Mask::Partial,
        text => Mask::Text(text.into()),
    };
    let least = args.min_confidence.unwrap_or(Confidence::Low);
    let flags = Flags { config: args.config.clone(), rules: args.rules.clone(), ..Flags::default() };
    let settings = settle(&flags, None)?;
    settings.rules.warnings.iter().for_each(|w| ui.warn(w));
    let redaction = Redaction::new(settings.rules, least, mask);
    let stdin = [PathBuf::from("-")];
    let files = if args.files.is_empty() { &stdin[..] } else { &args.files };
    let (mut masked, mut broken_off, mut all_read) = (0, 0, true);
    let written = ui.print(|out| {
        for path in files {
            let is_stdin = path.as_os_str() == "-";
            let input: io::Result<Box<dyn Read + Send>> =
                if is_stdin { Ok(Box::new(io::stdin())) } else { File::open(path).map(|f| Box::new(f) as _) };
            let name = (!is_stdin).then(|| GitPath::new(path.as_os_str().as_encoded_bytes()));
            let mut stream = redaction.stream(name);
            let read = input.map_err(Broken::Input).and_then(|input| copy(input, &mut stream, out));
            masked += stream.masked();
            broken_off += stream.broken_off();
            match read {
                Ok(()) => {}
                Err(Broken::Output(e)) => return Err(e),
                Err(Broken::Input(e)) => {
                    all_read = false;
                    ui.error(&unreadable(path, &e));
                }
            }
        }
        Ok(())
    });
    if broken_off > 0 {
        ui.warn(&format!("{broken_off} times a key began and its end did not come in time; it is masked as far as it may go"));
    }
    if masked > 0 {
        ui.note(&format!("masked {masked} {}", if masked == 1 { "secret" } else { "secrets" }));
    }
    written.map_err(|e| CliError {
        what: "couldn't write to standard output".into(),
        why: e.to_string(),
        fix: "make room where it goes".into(),
        exit: Exit::Incomplete,
    })?;
    Ok(match () {
        () if args.fail && masked > 0 => Exit::Leaks,
        () if !all_read => Exit::Incomplete,
        () => Exit::Clean,
    })
}

/// Which end of a copy broke.
enum Broken {
    Input(io::Error),
    Output(io::Error),
}

/// Copies one input. Reading has a thread of its own: what was read goes out though no more comes.
fn copy(mut input: Box<dyn Read + Send>, stream: &mut Stream<'_>, out: &mut dyn Write) -> Result<(), Broken> {
    let (reads, waiting) = sync_channel(WAITING);
    // It is not waited for: when the output breaks, it may well stand in a read that never ends.
    std::thread::spawn(move || {
        loop {
            let mut bytes = vec![0; READ];
            let read = match input.read(&mut bytes) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                read => read,
            };
            let is_end = !matches!(read, Ok(n) if n > 0);
            let read = read.map(|n| {
                bytes.truncate(n);
                bytes
            });
            if reads.send(read).is_err() || is_end {
                return;
            }
        }
    });
    let mut safe = Vec::new();
    // Until when what was read waits for more, if it does.
    let mut until: Option<Instant> = None;
    let end = loop {
        let read = match until {
            None => waiting.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(until) => waiting.recv_timeout(until.saturating_duration_since(Instant::now())),
        };
        match read {
            Ok(Ok(bytes)) if bytes.is_empty() => break Ok(()),
            Ok(Ok(bytes)) => {
                until = until.or_else(|| Some(Instant::now() + SHORT));
                stream.feed(&bytes, &mut safe);
            }
            Ok(Err(e)) => break Err(Broken::Input(e)),
            Err(RecvTimeoutError::Timeout) => {
                until = None;
                stream.idle(&mut safe);
            }
            Err(RecvTimeoutError::Disconnected) => break Ok(()),
        }
        hand_on(&mut safe, out)?;
    };
    stream.finish(&mut safe);
    hand_on(&mut safe, out)?;
    end
}

fn hand_on(safe: &mut Vec<u8>, out: &mut dyn Write) -> Result<(), Broken> {
    if !safe.is_empty() {
        out.write_all(safe).and_then(|()| out.flush()).map_err(Broken::Output)?;
        safe.clear();
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> CliError {
    CliError {
        what: format!("couldn't read {}", shown(path.as_os_str().as_encoded_bytes())),
        why: error.to_string(),
        fix: "name a file that can be read".into(),
        exit: Exit::Incomplete,
    }
}
