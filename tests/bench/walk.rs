//! What the benchmark measures apart: parts of a scan, each alone.
//!
//! - `walk history DIR`: reads every stored object, with detection off
//! - `walk files DIR`: reads every file of the working tree, with detection off
//! - `walk detect DIR`: the history with all rules, and nobody asks where a hit comes from
//! - `walk many N DIR`: the same with N made rules

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use keywright::detect::Detector;
use keywright::git::Repository;
use keywright::model::Blob;
use keywright::rule::{RuleSet, Trust, read};
use keywright::source::{Source, history::History, worktree::Worktree};

const USAGE: &str = "usage: walk history|files|detect DIR, or walk many N DIR";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (what, dir) = args.first().zip(args.last()).filter(|_| args.len() > 1).ok_or(USAGE)?;
    let repo = Repository::discover(Path::new(&dir))?.ok_or("there is no repository")?;
    let source: Box<dyn Source + '_> = match what.as_str() {
        "history" | "detect" | "many" => Box::new(History::of(&repo)),
        "files" => Box::new(Worktree::of(&repo, None)),
        _ => return Err(USAGE.into()),
    };
    let detector = match what.as_str() {
        "detect" => Some(Detector::new(RuleSet::builtin())),
        "many" => Some(Detector::new(made(args[1].parse()?)?)),
        _ => None,
    };
    let (bytes, hits) = (AtomicU64::new(0), AtomicU64::new(0));
    let see = |blob: Blob<'_>| {
        bytes.fetch_add(blob.bytes.len() as u64, Ordering::Relaxed);
        if let Some(detector) = &detector {
            let found = detector.detect_kin(blob.bytes, &blob.extent, blob.kin);
            hits.fetch_add(found.len() as u64, Ordering::Relaxed);
        }
    };
    source.read(&see, &|_| {})?;
    let told = format!("{} bytes, {} hits\n", bytes.into_inner(), hits.into_inner());
    std::io::Write::write_all(&mut std::io::stdout(), told.as_bytes())?;
    Ok(())
}

/// Rules with prefixes as providers give them: a few letters, a sign, and a run of letters and digits.
fn made(count: u64) -> Result<RuleSet, Box<dyn std::error::Error>> {
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
