//! The floor of the benchmark: the same walk as a scan, with detection off.
//!
//! `walk history DIR` reads every stored object, `walk files DIR` every file of the working tree.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use keywright::git::Repository;
use keywright::model::Blob;
use keywright::source::{Source, history::History, worktree::Worktree};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(what), Some(dir)) = (args.next(), args.next()) else {
        return Err("usage: walk history|files DIR".into());
    };
    let repo = Repository::discover(Path::new(&dir))?.ok_or("there is no repository")?;
    let source: Box<dyn Source + '_> = match what.as_str() {
        "history" => Box::new(History::of(&repo)),
        "files" => Box::new(Worktree::of(&repo, None)),
        _ => return Err("usage: walk history|files DIR".into()),
    };
    let bytes = AtomicU64::new(0);
    let see = |blob: Blob<'_>| {
        bytes.fetch_add(blob.bytes.len() as u64, Ordering::Relaxed);
    };
    source.read(&see, &|_| {})?;
    std::io::Write::write_all(&mut std::io::stdout(), format!("{} bytes\n", bytes.into_inner()).as_bytes())?;
    Ok(())
}
