//! Which files other scanners left in a repository.

use std::collections::HashSet;
use std::fs;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use keywright::import::{self, Foreign, HEAD, ImportError, KNOWN, LARGEST, Read};
use keywright::model::text::shown;

use crate::cli::error::CliError;

/// How far configurations that extend each other are followed.
const DEEPEST: usize = 2;
/// How many names at the top of a repository are looked at.
const MOST_NAMES: usize = 10_000;

/// What was found, and what could not be read.
#[derive(Default)]
pub(super) struct Files {
    pub(super) foreign: Vec<Foreign>,
    pub(super) broken: Vec<CliError>,
}

/// Reads every file that is known by name, recognised by content, or named by the user.
pub(super) fn collect(
    root: &Path,
    baselines: &[PathBuf],
    exclude_paths: &[PathBuf],
) -> Result<Files, CliError> {
    let mut files = Files::default();
    let mut met: HashSet<PathBuf> = HashSet::new();
    for (name, reader) in KNOWN {
        if let Some(path) = inside(root, Path::new(name)) {
            met.insert(path.clone());
            files.add(name, &path, *reader);
        }
    }
    for (name, path, reader) in recognised(root) {
        if met.insert(path.clone()) {
            files.add(&name, &path, reader);
        }
    }
    for (paths, is_baseline) in [(baselines, true), (exclude_paths, false)] {
        for path in paths {
            let name = shown(path.as_os_str().as_encoded_bytes());
            if !path.is_file() {
                return Err(CliError::usage(format!("{name} is not there"), "name a file"));
            }
            let reader: Read = if is_baseline {
                head(path).and_then(|head| import::by_content(&head)).ok_or_else(|| {
                    let fix =
                        "name a JSON report of gitleaks, a baseline of detect-secrets or one of Kingfisher";
                    CliError::usage(format!("{name} is no baseline that is known here"), fix)
                })?
            } else {
                import::read_trufflehog_paths
            };
            let real = path.canonicalize().unwrap_or_else(|_| path.clone());
            if met.iter().all(|old| old.canonicalize().ok().as_ref() != Some(&real)) {
                met.insert(path.clone());
                files.add(&name, path, reader);
            }
        }
    }
    files.follow(root, &mut met);
    Ok(files)
}

impl Files {
    fn add(&mut self, name: &str, path: &Path, reader: Read) {
        match read(name, path, reader) {
            Ok(foreign) => self.foreign.push(foreign),
            Err(error) => self.broken.push(error),
        }
    }

    /// Reads configurations that others extend, below the root only.
    fn follow(&mut self, root: &Path, met: &mut HashSet<PathBuf>) {
        let mut from = 0;
        for _ in 0..DEEPEST {
            let upto = self.foreign.len();
            for at in from..upto {
                let Some((line, name)) = self.foreign[at].extends.clone() else { continue };
                let told = shown(name.as_bytes());
                match inside(root, Path::new(&name)) {
                    Some(path) if met.insert(path.clone()) => self.add(&told, &path, import::extended()),
                    Some(_) => {}
                    None => self.foreign[at].untranslated.push(import::Untranslated {
                        line,
                        what: format!("[extend] path {told}"),
                        why: "no plain file of that name lies in the repository; nothing outside it is read"
                            .into(),
                    }),
                }
            }
            from = upto;
        }
    }
}

fn read(name: &str, path: &Path, reader: Read) -> Result<Foreign, CliError> {
    let refuse = |why: String| CliError {
        what: format!("couldn't read {name}"),
        why,
        fix: "make it readable, or take it away".into(),
        exit: crate::cli::exit::Exit::Incomplete,
    };
    let file = fs::File::open(path).map_err(|e| refuse(e.to_string()))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|e| refuse(e.to_string()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(refuse(format!("it is larger than {LARGEST} bytes")));
    }
    reader(name, &bytes).map_err(|ImportError { file, line, why, mend }| CliError {
        why,
        ..CliError::usage(format!("couldn't read {file}: line {line}"), mend)
    })
}

/// Returns a plain file below the root, with no link on the way to it.
fn inside(root: &Path, name: &Path) -> Option<PathBuf> {
    let mut path = root.to_path_buf();
    for part in name.components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => continue,
            _ => return None,
        }
        if path.symlink_metadata().ok()?.is_symlink() {
            return None;
        }
    }
    path.is_file().then_some(path)
}

/// Lists files at the top that hold a baseline, whatever they are called.
fn recognised(root: &Path) -> Vec<(String, PathBuf, Read)> {
    let names = fs::read_dir(root).into_iter().flatten().flatten().take(MOST_NAMES);
    let mut found: Vec<_> = names
        .filter_map(|entry| {
            let path = entry.path();
            let ending = path.extension()?.to_str()?;
            if !matches!(ending, "json" | "yml" | "yaml" | "baseline") || !entry.file_type().ok()?.is_file() {
                return None;
            }
            let reader = import::by_content(&head(&path)?)?;
            Some((shown(entry.file_name().as_encoded_bytes()), path, reader))
        })
        .collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    found
}

fn head(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(HEAD as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}
