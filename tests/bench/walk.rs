//! What the benchmark measures apart: parts of a scan, each alone.
//!
//! - `walk history DIR`: reads every stored object, with detection off
//! - `walk files DIR`: reads every file of the working tree, with detection off
//! - `walk detect DIR`: the history with all rules, and nobody asks where a hit comes from
//! - `walk many N DIR`: the same with N made rules
//! - `walk trace DIR`: where the planted keys come from, and the seconds of that alone
//! - `walk keys N`: keys to plant

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use keywright::detect::Detector;
use keywright::git::Repository;
use keywright::model::Blob;
use keywright::rule::{RuleSet, Trust, read, template::fill};
use keywright::source::{Found, Source, history::History, worktree::Worktree};

const USAGE: &str = "usage: walk history|files|detect|trace DIR, walk many N DIR, or walk keys N";

/// What is planted: a kind that a real history hardly holds, and the rule that finds it.
const PLANTED: (&str, &str) = ("ghp_{base62:30}{github-crc32}", "github-personal-token");

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (what, last) = args.first().zip(args.last()).filter(|_| args.len() > 1).ok_or(USAGE)?;
    if what == "keys" {
        let keys: Result<Vec<String>, _> = (0..last.parse()?).map(|n| fill(PLANTED.0, n)).collect();
        return say(&keys?.join("\n"));
    }
    let repo = Repository::discover(Path::new(&last))?.ok_or("there is no repository")?;
    let source: Box<dyn Source + '_> = match what.as_str() {
        "history" | "detect" | "many" | "trace" => Box::new(History::of(&repo)),
        "files" => Box::new(Worktree::of(&repo, None)),
        _ => return Err(USAGE.into()),
    };
    let detector = match what.as_str() {
        "detect" | "trace" => Some(Detector::new(RuleSet::builtin())),
        "many" => Some(Detector::new(made(args[1].parse()?)?)),
        _ => None,
    };
    let (bytes, hits) = (AtomicU64::new(0), AtomicU64::new(0));
    let planted: Mutex<Vec<Found>> = Mutex::default();
    let see = |blob: Blob<'_>| {
        bytes.fetch_add(blob.bytes.len() as u64, Ordering::Relaxed);
        let Some(detector) = &detector else { return };
        let found = detector.detect_kin(blob.bytes, &blob.extent, blob.kin);
        hits.fetch_add(found.len() as u64, Ordering::Relaxed);
        if what == "trace" {
            let found = found.into_iter().filter(|hit| hit.rule.id == PLANTED.1);
            let found = found.map(|hit| Found { origin: blob.origin.clone(), hit, already_there: false });
            planted.lock().expect("no thread panics while it holds this").extend(found);
        }
    };
    source.read(&see, &|_| {})?;
    if what == "trace" {
        return trace(&*source, planted.into_inner()?);
    }
    say(&format!("{} bytes, {} hits", bytes.into_inner(), hits.into_inner()))
}

fn say(words: &str) -> Result<(), Failure> {
    Ok(std::io::Write::write_all(&mut std::io::stdout(), format!("{words}\n").as_bytes())?)
}

/// Asks where hits come from, and says how long that took: wall and CPU seconds, and how many were traced.
fn trace(source: &dyn Source, found: Vec<Found>) -> Result<(), Failure> {
    let (wall, cpu) = (Instant::now(), cpu_seconds()?);
    let located = source.locate(found, &|_| {})?;
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let traced = located.iter().filter(|l| l.location.commit.is_some()).count();
    say(&format!("{wall:.6} {cpu:.6} {traced}"))
}

/// How long the threads of this process ran, by the kernel's books: no clock as fine can be read
/// without `unsafe`.
fn cpu_seconds() -> Result<f64, Failure> {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task")? {
        let books = std::fs::read_to_string(task?.path().join("schedstat"))?;
        nanos += books.split(' ').next().ok_or("schedstat is empty")?.parse::<u64>()?;
    }
    Ok(nanos as f64 / 1e9)
}

/// Rules with prefixes as providers give them: a few letters, a sign, and a run of letters and digits.
fn made(count: u64) -> Result<RuleSet, Failure> {
    let mut text = String::new();
    for n in 0..count {
        let mut state = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let letters: String = (0..3 + n % 4)
            .map(|_| {
                state ^= state >> 29;
                state = state.wrapping_mul(0xbf58_476d_1ce4_e5b9);
                char::from(b'a' + (state >> 40) as u8 % 26)
            })
            .collect();
        let sign = ['_', '-'][n as usize % 2];
        text += &format!("[[rules]]\nid = \"made-{n}\"\nregex = '{letters}{sign}[0-9A-Za-z]{{32}}'\n");
    }
    let mut set = RuleSet::default();
    set.add(read("made.toml", &text)?, Trust::Operator)?;
    Ok(set)
}
