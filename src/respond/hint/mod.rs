//! Reports of other scanners as hints: where to look, and nothing else. No secret, verdict, host or
//! fingerprint of theirs is believed; the object is read again and looked at by our own rules.
//!
//! - `shape`: the part of each tool's format that is read
//!
//! A report comes from outside: its size, its number of entries, its depth and each of its names are
//! bounded, and an entry that leads out of a repository is refused and counted.

mod shape;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use shape::{Document, Entry, Item, Many, Place, Run};

use crate::model::text::shown;

/// The largest report that is read, in bytes.
pub const LARGEST: u64 = 256 << 20;
/// The most hints that are taken of one report.
pub const MOST: usize = 100_000;
/// The longest path, and the longest name of a repository, in bytes.
const LONGEST: usize = 4096;
/// The longest name of a tool, in characters.
const LONGEST_TOOL: usize = 60;

/// What a report holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The tool that wrote it, by its own word; harmless to show.
    pub tool: String,
    /// Where it says that something is, each place once.
    pub hints: Vec<Hint>,
    /// How many entries were refused, or could not be read.
    pub unread: u64,
}

/// A place to look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hint {
    /// The repository, as the tool names it, without user and password: to be found on a list, never to
    /// be dialled.
    pub repository: Option<String>,
    /// The commit, in full.
    pub commit: Option<String>,
    /// The object, in full.
    pub object: Option<String>,
    /// The path within the repository; empty for the message of the commit.
    pub path: String,
    /// The line, counted from one.
    pub line: Option<u64>,
    /// The last line.
    pub end_line: Option<u64>,
}

/// Reads a report: SARIF 2.1.0 of any tool, the JSON of gitleaks, betterleaks, TruffleHog and
/// Kingfisher, a baseline of detect-secrets, or GitLab's secret detection report.
///
/// # Errors
/// What the file is not, in words; none of its text is repeated.
pub fn read(bytes: &[u8]) -> Result<Report, String> {
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    let mut gathered = Gathered::default();
    match bytes.first() {
        None => return Err("it is empty".into()),
        Some(b'[') => gathered.items(whole::<Many<Item>>(bytes)?),
        Some(b'{') if is_lines(bytes) => gathered.lines(bytes),
        Some(b'{') => gathered.document(whole::<Document>(bytes)?),
        Some(_) => return Err("it is no JSON".into()),
    }
    gathered.report()
}

/// Tells one object a line from one object: the first line is whole, and something follows.
fn is_lines(bytes: &[u8]) -> bool {
    let first = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    first.len() < bytes.len() && serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok()
}

fn whole<'b, T: serde::Deserialize<'b>>(bytes: &'b [u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|e| match e.classify() {
        serde_json::error::Category::Data => format!("line {}: it is of no shape that is known", e.line()),
        _ => format!("line {}: the JSON breaks off or is nested too deep", e.line()),
    })
}

#[derive(Default)]
struct Gathered {
    tool: Option<String>,
    hints: Vec<Hint>,
    seen: HashSet<Hint>,
    unread: u64,
}

impl Gathered {
    fn report(self) -> Result<Report, String> {
        let known = "SARIF 2.1.0, gitleaks, betterleaks, TruffleHog, Kingfisher, detect-secrets, GitLab";
        let tool = self.tool.ok_or_else(|| format!("it is no report that is known: {known}"))?;
        Ok(Report { tool, hints: self.hints, unread: self.unread })
    }

    fn by(&mut self, tool: &str) {
        self.tool.get_or_insert_with(|| {
            let tool: String = tool.chars().take(LONGEST_TOOL).collect();
            shown(tool.trim().as_bytes())
        });
    }

    /// One JSON object a line: TruffleHog, and what Kingfisher and betterleaks write so.
    fn lines(&mut self, bytes: &[u8]) {
        for line in bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
            match serde_json::from_slice::<Entry<Document>>(line) {
                Ok(Entry(Some(document))) => self.document(document),
                _ => self.unread += 1,
            }
        }
    }

    fn document(&mut self, document: Document) {
        let Document { version, runs, plugins, results, vulnerabilities, findings, source, finding, scan } =
            document;
        if let (Some(runs), Some("2.1.0")) = (runs, version.0.as_deref()) {
            self.unread += runs.unread;
            self.sarif(runs.kept);
        } else if let Some(vulnerabilities) = vulnerabilities {
            self.by("GitLab secret detection");
            self.unread += vulnerabilities.unread;
            for place in vulnerabilities.kept.into_iter().filter_map(|v| v.location.0) {
                let commit = place.commit.0.and_then(|c| c.sha.0);
                let place =
                    Place { repository: None, commit, ..Place::at(place.file, place.start, place.end) };
                self.take(place);
            }
        } else if plugins.is_some() {
            self.by("detect-secrets");
            self.unread += results.unread;
            for (path, lines) in results.kept {
                self.unread += lines.unread;
                for line in lines.kept {
                    self.take(Place::at(shape::Text(Some(path.clone())), line.line, shape::Number(None)));
                }
            }
        } else if let Some(findings) = findings {
            self.items(findings);
        } else if source.0.is_some() || finding.0.is_some() {
            self.item(Item { source, finding, ..Item::default() });
        } else if !scan {
            // betterleaks ends its lines with one about the scan, and TruffleHog mixes its log in.
            self.unread += 1;
        }
    }

    fn sarif(&mut self, runs: Vec<Run>) {
        for run in runs {
            let tool = run.tool.0.and_then(|t| t.driver.0).and_then(|d| d.name.0);
            self.by(tool.as_deref().filter(|t| !t.trim().is_empty()).unwrap_or("SARIF"));
            let origin = match <[_; 1]>::try_from(run.origins.kept) {
                Ok([origin]) => (origin.repository.0, origin.revision.0),
                // Of several repositories none is the one.
                Err(_) => (None, None),
            };
            self.unread += run.results.unread;
            for result in run.results.kept {
                let properties = result.properties.0.unwrap_or_default();
                let own = result.prints.0.and_then(|p| p.commit.0);
                // A tool that names the commit of each place knows better than the run.
                let commit = own.or(properties.commit.0).or_else(|| origin.1.clone());
                self.unread += result.locations.unread;
                for location in result.locations.kept.into_iter().filter_map(|l| l.physical.0) {
                    let artifact = location.artifact.0.unwrap_or_default();
                    let index = artifact.index.0.and_then(|n| usize::try_from(n).ok());
                    // Places are named by their number in a list that is whole, or not at all.
                    let listed = index.filter(|_| run.artifacts.unread == 0);
                    let uri = artifact
                        .uri
                        .0
                        .or_else(|| run.artifacts.kept.get(listed?)?.location.0.as_ref()?.uri.0.clone());
                    let region = location.region.0.unwrap_or_default();
                    let path = uri.as_deref().and_then(|uri| unescaped(uri, commit.as_deref()));
                    self.take(Place {
                        repository: origin.0.clone(),
                        commit: commit.clone(),
                        object: properties.object.0.clone(),
                        ..Place::at(shape::Text(path), region.start, region.end)
                    });
                }
            }
        }
    }

    fn items(&mut self, items: Many<Item>) {
        if items.is_empty() {
            // What gitleaks and its likes write when they find nothing.
            self.by("gitleaks");
        }
        self.unread += items.unread;
        for item in items.kept {
            self.item(item);
        }
    }

    fn item(&mut self, item: Item) {
        let Item { file, start, end, commit, rule, source, finding, location, attributes, validation } = item;
        if let Some(place) = source.0.and_then(|s| s.data.0) {
            self.by("TruffleHog");
            let place = Place {
                repository: place.repository.0,
                commit: place.commit.0,
                ..Place::at(place.file.or_empty(), place.line, shape::Number(None))
            };
            self.take(place);
        } else if let Some(finding) = finding.0 {
            match finding.location.0 {
                Some(location) => self.betterleaks(location, finding.attributes.0),
                None => {
                    self.by("Kingfisher");
                    let git = finding.git.0.unwrap_or_default();
                    let path = git.file.0.map(|f| f.path).filter(|p| p.0.is_some()).unwrap_or(finding.path);
                    self.take(Place {
                        repository: git.repository.0,
                        commit: git.commit.0.and_then(|c| c.id.0),
                        ..Place::at(path, finding.line, shape::Number(None))
                    });
                }
            }
        } else if let Some(location) = location.0 {
            self.betterleaks(location, attributes.0);
        } else if rule.0.is_some() {
            // The first betterleaks wrote gitleaks' shape with a field or two more.
            self.by(if validation.0.is_some() { "betterleaks" } else { "gitleaks" });
            self.take(Place { commit: commit.0, ..Place::at(file.or_empty(), start, end) });
        } else {
            self.unread += 1;
        }
    }

    fn betterleaks(&mut self, location: shape::Location, attributes: Option<shape::Attributes>) {
        self.by("betterleaks");
        let commit = attributes.and_then(|a| a.sha.0);
        self.take(Place { commit, ..Place::at(location.path, location.start, location.end) });
    }

    /// Checks a place and keeps it, once.
    fn take(&mut self, place: Place) {
        match hint(place) {
            Some(hint) if self.seen.contains(&hint) => {}
            Some(hint) if self.hints.len() < MOST => {
                self.seen.insert(hint.clone());
                self.hints.push(hint);
            }
            _ => self.unread += 1,
        }
    }
}

/// Makes a hint of what a report says of a place; `None`: it leads nowhere, or out of a repository.
fn hint(place: Place) -> Option<Hint> {
    let hex = |id: Option<String>| match id.filter(|id| !is_blank(id)) {
        None => Some(None),
        Some(id) if is_id(&id) => Some(Some(id.to_ascii_lowercase())),
        Some(_) => None,
    };
    let (commit, object) = (hex(place.commit)?, hex(place.object)?);
    let path = place.path.0?;
    let path = path.trim_start_matches("./");
    if path.is_empty() && commit.is_none() || !path.is_empty() && !is_inside(path) {
        return None;
    }
    let line = place.line.0.filter(|line| *line > 0);
    Some(Hint {
        repository: place.repository.as_deref().and_then(repository),
        commit,
        object,
        path: path.into(),
        line,
        end_line: place.end.0.filter(|end| line.is_some_and(|line| *end >= line)),
    })
}

/// Tells what stands where no commit is known: nothing, or zeros.
fn is_blank(id: &str) -> bool {
    id.bytes().all(|b| b == b'0')
}

fn is_id(id: &str) -> bool {
    matches!(id.len(), 40 | 64) && id.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Tells whether a path stays within a repository, on every system.
fn is_inside(path: &str) -> bool {
    let is_drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    path.len() <= LONGEST
        && !path.starts_with(['/', '\\', '~'])
        && !is_drive
        && !path.contains("://")
        && !path.contains('\0')
        && path
            .split(['/', '\\'])
            .all(|name| name != ".." && name != "." && !name.eq_ignore_ascii_case(".git"))
}

/// Returns a repository's name without the user and password that stand in some addresses.
fn repository(name: &str) -> Option<String> {
    let name = name.trim();
    if name.is_empty() || name.len() > LONGEST || name.chars().any(char::is_control) {
        return None;
    }
    let Some((scheme, rest)) = name.split_once("://") else { return Some(name.into()) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    // What stands behind a question mark is no name, and may be a token.
    let path = rest[end..].split(['?', '#']).next().unwrap_or_default();
    Some(format!("{scheme}://{host}{path}"))
}

/// Takes the percent-encoding off a relative reference. Where the commit's own text is meant (no tool
/// has a path for that, and Keywright writes `commit/<id>`), the path is empty.
fn unescaped(uri: &str, commit: Option<&str>) -> Option<String> {
    if commit.is_some_and(|commit| uri.strip_prefix("commit/") == Some(commit)) {
        return Some(String::new());
    }
    let mut out = Vec::with_capacity(uri.len());
    let bytes = uri.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let digit = |i: usize| bytes.get(i).and_then(|b| char::from(*b).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (bytes[at], digit(at + 1), digit(at + 2)) {
            out.push(u8::try_from(high * 16 + low).expect("two digits of sixteen are a byte"));
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).ok().filter(|path| !path.is_empty())
}
