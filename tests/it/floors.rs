//! The house keeps its order (design.md §2): a file imports from lower floors or its own room, rooms
//! of one floor do not know each other, and what is dangerous is done in few places.
//!
//! Read from the text: every path that begins with `crate`, `super` or `keywright`, in `use` lines
//! and elsewhere, without tests, comments and text in quotes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The floors, lowest first. A room that is not listed here has no place yet.
const FLOORS: [(u32, &[&str]); 9] = [
    (1, &["model"]),
    (2, &["http"]),
    (3, &["git", "rule", "unpack", "seal", "store", "report", "suppress", "import", "reference"]),
    (4, &["source", "detect", "provider", "destination", "host", "notify", "config"]),
    (5, &["scan", "verify"]),
    (6, &["rotate"]),
    (7, &["respond", "org"]),
    (8, &["service", "drill"]),
    (9, &["cli"]),
];

/// Rooms whose files are kinds of one thing and do not know each other, with the files they share.
const CATALOGUES: [(&str, &[&str]); 10] = [
    ("source", &["change"]),
    (
        "destination",
        &["file", "in_file", "json", "login", "network", "platform", "program", "variables", "waiting"],
    ),
    ("host", &["remote"]),
    ("import", &["foreign", "glob", "paths", "patterns", "seen", "yaml"]),
    ("notify", &[]),
    ("provider", &["connect", "recipe", "supabase"]),
    ("report", &["escape", "outcome", "shape", "sums", "tally", "told", "veil", "words"]),
    ("cli/command", &[]),
    ("cli/command/rules", &["known", "verdict", "words"]),
    ("detect/structure", &["der", "pem", "openssh", "pgp", "dummy", "url_password"]),
];

/// The files that may hold a secret in clear, and why.
const EXPOSING: &[(&str, &str)] = &[
    ("cli/ui.rs", "shows an answer that nobody else understands, on a terminal, when asked to"),
    ("destination/awssm/api.rs", "puts a value into a request, and reads one out of an answer"),
    ("destination/awssm/mod.rs", "holds values against each other, and names a version by one"),
    ("destination/awssm/place.rs", "takes a whole value for it"),
    ("destination/awssm/sign.rs", "signs with it"),
    ("destination/dotenv/mod.rs", "takes a value apart and puts it together"),
    ("destination/dotenv/quote.rs", "writes it into a file"),
    ("destination/exec.rs", "hands it to a program's standard input"),
    ("destination/json.rs", "reads it out of an object and writes it into one"),
    ("destination/login.rs", "writes it into a URL"),
    ("respond/clean/forms.rs", "looks for it in objects and files, in the forms it may have there"),
    ("respond/clean/script.rs", "makes a salted hash of it, and names the kind of its characters"),
    ("rotate/act/close.rs", "looks for the old one in folders and their history"),
    ("destination/vault.rs", "reads an answer, and sends it back with one field changed"),
    ("destination/github/sealed_box.rs", "seals it"),
    ("destination/platform.rs", "sends it in a body, and reads an answer"),
    ("destination/variables.rs", "makes a mark of it under a key"),
    ("scan/names.rs", "looks for it in names, so that no report shows it there"),
    ("scan/seen/mod.rs", "keeps no answer that it stands in"),
    ("detect/detector.rs", "masks it, and knows the provider's prefix"),
    ("detect/fingerprint.rs", "makes its name"),
    ("http.rs", "sends it"),
    ("host/github/line.rs", "signs a call in, and hands octocrab an answer"),
    ("host/plain.rs", "reads an answer, in which nothing is secret"),
    ("import/seen.rs", "holds it against what other scanners hashed"),
    ("model/secret.rs", "keeps it"),
    ("notify/mail/mod.rs", "signs in with it"),
    ("notify/webhook.rs", "signs with it, and takes an address for one"),
    ("provider/connect.rs", "shows it to the gateway"),
    ("provider/recipe/answer.rs", "reads it out of an answer"),
    ("provider/recipe/fill.rs", "puts it into its slot of a request"),
    ("provider/recipe/meaning.rs", "keeps it out of what is told"),
    ("provider/supabase.rs", "signs in with it"),
    ("report/gitleaks_json.rs", "tells its entropy"),
    ("report/human/group.rs", "--show-secrets"),
    ("report/sarif/mod.rs", "--show-secrets"),
    ("report/shape.rs", "--show-secrets"),
    ("report/told.rs", "--show-secrets"),
    ("report/veil.rs", "takes it out of names"),
    ("respond/embeds.rs", "looks for a public key in pages, and puts another in its place"),
    ("respond/owner.rs", "makes one of the same shape that opens nothing"),
    ("seal/aead.rs", "makes it unreadable, and readable again"),
    ("seal/key_file.rs", "keeps the key file's"),
    ("seal/sealer.rs", "names it within an installation"),
    ("seal/transit.rs", "hands Vault a data key"),
    ("store/open.rs", "hands a server its password"),
    ("source/history/locate.rs", "tells two secrets apart, by hash"),
];

/// A file of `src/`, without its tests.
struct File {
    /// Its place below `src/`, with slashes.
    name: String,
    /// The module it is.
    module: Vec<String>,
    /// Its text without tests, comments and quoted text.
    code: String,
}

fn house() -> Vec<File> {
    fn visit(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    visit(&root, &mut paths);
    paths.sort();
    let files = paths.iter().map(|path| {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
        let module =
            name.trim_end_matches(".rs").split('/').filter(|p| !matches!(*p, "mod" | "lib" | "main"));
        let text = fs::read_to_string(path).unwrap();
        File { module: module.map(Into::into).collect(), code: bare(&text), name: name.clone() }
    });
    let tests = |f: &File| f.module.iter().any(|name| matches!(name.as_str(), "tests" | "sample"));
    files.filter(|f| !tests(f)).collect()
}

/// Takes tests, comments and quoted text out.
fn bare(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let mut out = String::new();
    for line in text.lines().map(str::trim).filter(|l| !l.starts_with("//")) {
        let mut quoted = false;
        let mut before = ' ';
        for (at, c) in line.char_indices() {
            if !quoted && line[at..].starts_with("// ") {
                break;
            }
            if c == '"' && before != '\\' && before != '\'' {
                quoted = !quoted;
            } else if !quoted {
                out.push(c);
            }
            before = c;
        }
        out.push('\n');
    }
    out
}

/// Lists every path in a file's code that begins at the crate, above itself or in the library, braces
/// spelled out: `git::store::Store`.
fn paths(file: &File) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let code = &file.code;
    for start in ["crate::", "super::", "keywright::"] {
        for (at, _) in code.match_indices(start) {
            let before = code[..at].chars().next_back().unwrap_or(' ');
            if before.is_alphanumeric() || before == '_' || before == ':' || before == '$' {
                continue;
            }
            let mut ends = Vec::new();
            spell(&mut code[at..].chars().peekable(), &mut Vec::new(), &mut ends);
            found.extend(ends.into_iter().filter_map(|path| resolve(&file.module, &path)));
        }
    }
    found
}

/// Reads a path, with braces, from the text.
fn spell(
    text: &mut std::iter::Peekable<std::str::Chars<'_>>,
    prefix: &mut Vec<String>,
    ends: &mut Vec<Vec<String>>,
) {
    let depth = prefix.len();
    loop {
        let mut word = String::new();
        while let Some(c) = text.next_if(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
        }
        if !word.is_empty() {
            prefix.push(word);
        }
        if text.next_if_eq(&':').is_none() || text.next_if_eq(&':').is_none() {
            break;
        }
        if text.next_if_eq(&'{').is_some() {
            loop {
                while text.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
                if text.next_if_eq(&'}').is_some() || text.peek().is_none() {
                    prefix.truncate(depth);
                    return;
                }
                spell(text, prefix, ends);
                // `as name`
                while text.next_if(|c| !matches!(c, ',' | '}')).is_some() {}
            }
        }
    }
    ends.push(prefix.clone());
    prefix.truncate(depth);
}

/// Follows `super` and `crate` to a path from the root of the house.
fn resolve(module: &[String], path: &[String]) -> Option<Vec<String>> {
    let mut at: Vec<String> = Vec::new();
    let mut rest = path;
    if path[0] == "super" {
        at = module.to_vec();
        while rest.first().is_some_and(|w| w == "super") {
            at.pop()?;
            rest = &rest[1..];
        }
    } else {
        rest = &rest[1..];
    }
    at.extend(rest.iter().filter(|w| *w != "self").cloned());
    (!at.is_empty()).then_some(at)
}

fn floor(room: &str) -> u32 {
    let floor = FLOORS.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(floor, _)| *floor);
    floor.unwrap_or_else(|| panic!("the room {room} has no floor in tests/it/floors.rs"))
}

/// Lists what is wrong, a line each; empty is right.
#[track_caller]
fn holds(wrong: BTreeSet<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_file_imports_from_lower_floors_only() {
    let mut wrong = BTreeSet::new();
    for file in house() {
        let Some(room) = file.module.first() else { continue };
        for path in paths(&file) {
            let other = &path[0];
            let is_name = other.chars().next().is_some_and(char::is_uppercase);
            if other != room && !is_name && floor(other) >= floor(room) {
                wrong.insert(format!(
                    "{} (floor {}) imports {other} (floor {})",
                    file.name,
                    floor(room),
                    floor(other)
                ));
            }
        }
    }
    holds(wrong);
}

#[test]
fn the_library_does_not_know_the_command_line() {
    let lib = house().into_iter().find(|f| f.name == "lib.rs").unwrap();
    assert!(!lib.code.contains("mod cli"));
}

/// The modules there are, each with its file.
fn modules(house: &[File]) -> BTreeMap<Vec<String>, String> {
    house.iter().map(|f| (f.module.clone(), f.name.clone())).collect()
}

/// What a room's `mod.rs` hands on: `Kind` stands in `object`.
fn handed_on(house: &[File]) -> BTreeMap<Vec<String>, Vec<String>> {
    let mut names = BTreeMap::new();
    for file in house.iter().filter(|f| f.name.ends_with("mod.rs")) {
        for (at, _) in file.code.match_indices("pub use ").chain(file.code.match_indices("pub(crate) use ")) {
            let from = at + file.code[at..].find("use ").unwrap() + 4;
            let mut ends = Vec::new();
            spell(&mut file.code[from..].chars().peekable(), &mut Vec::new(), &mut ends);
            for path in ends.into_iter().filter(|p| p.len() > 1) {
                let name = [file.module.clone(), vec![path[path.len() - 1].clone()]].concat();
                names.insert(name, [file.module.clone(), path].concat());
            }
        }
    }
    names
}

/// Lists which file of the house knows which other: `(git/store.rs, git/pack.rs)`.
fn knows(house: &[File]) -> BTreeSet<(String, String)> {
    let (modules, handed_on) = (modules(house), handed_on(house));
    let mut edges = BTreeSet::new();
    for file in house {
        for path in paths(file) {
            let path = handed_on.get(&path).unwrap_or(&path);
            let target = (1..=path.len()).rev().find_map(|n| modules.get(&path[..n]));
            if let Some(target) = target.filter(|t| **t != file.name) {
                edges.insert((file.name.clone(), target.clone()));
            }
        }
    }
    edges
}

#[test]
fn files_of_a_catalogue_do_not_know_each_other() {
    let house = house();
    let mut wrong = BTreeSet::new();
    for (from, to) in knows(&house) {
        for (room, shared) in CATALOGUES {
            let inside = |name: &str| {
                let rest = name.strip_prefix(room)?.strip_prefix('/')?;
                Some(rest.split('/').next()?.trim_end_matches(".rs").to_owned())
            };
            let (Some(from_item), Some(to_item)) = (inside(&from), inside(&to)) else { continue };
            let is_free = from_item == "mod" || to_item == "mod" || from_item == to_item;
            if !is_free && !shared.contains(&to_item.as_str()) {
                wrong.insert(format!("{from} knows its sibling {to}"));
            }
        }
    }
    holds(wrong);
}

#[test]
fn files_do_not_know_each_other_in_circles() {
    // A room's mod.rs is its door plate: it names its files, and they may take its words.
    let house = house();
    let edges: Vec<(String, String)> =
        knows(&house).into_iter().filter(|(a, b)| !a.ends_with("mod.rs") && !b.ends_with("mod.rs")).collect();
    let reached_from = |name: &str| -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut stack: Vec<&str> =
            edges.iter().filter(|(f, _)| f == name).map(|(_, to)| to.as_str()).collect();
        while let Some(at) = stack.pop() {
            if reached.insert(at) {
                stack.extend(edges.iter().filter(|(from, _)| from == at).map(|(_, to)| to.as_str()));
            }
        }
        reached
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        house.iter().map(|f| (f.name.as_str(), reached_from(&f.name))).collect();
    let circles = reached.iter().filter(|(name, files)| files.contains(*name)).map(|(name, files)| {
        let circle: Vec<_> = files.iter().filter(|other| reached[*other].contains(name)).collect();
        format!("a circle: {circle:?}")
    });
    holds(circles.collect());
}

/// Lists the files, but for the allowed ones, whose code holds a word.
fn elsewhere(word: &str, allowed: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let names = house().into_iter().filter(|f| f.code.contains(word) && !allowed(&f.name));
    names.map(|f| format!("{} holds `{word}`", f.name)).collect()
}

#[test]
fn only_the_room_git_knows_gix() {
    holds(elsewhere("gix::", |name| name.starts_with("git/")));
}

#[test]
fn only_one_file_speaks() {
    for word in ["println!", "eprintln!", "print!(", "eprint!(", "io::stdout", "io::stderr", "dbg!"] {
        holds(elsewhere(word, |name| name == "cli/ui.rs"));
    }
}

#[test]
fn no_file_runs_a_program() {
    for word in ["process::Command", "Command::new", "filter_pipeline", "with_trust(gix::sec::Trust::Full"] {
        // A program that the operator named is run in two files; nothing a repository says leads there. The
        // drill runs git and this very program, in a folder that it made itself; so does the doctor's trial, git.
        let runs = ["cli/args.rs", "cli/trial.rs", "destination/program.rs", "drill/run.rs", "reference.rs"];
        holds(elsewhere(word, |name| runs.contains(&name)));
    }
}

#[test]
fn only_the_door_opens_connections() {
    for word in ["reqwest::", "TcpStream", "UdpSocket", "lookup_host", "to_socket_addrs", "connect_tokio1"] {
        // The drill's doubles listen on loopback, and its stranger calls one of them there.
        let opens = ["http.rs", "drill/server.rs"];
        holds(elsewhere(word, |name| opens.contains(&name)));
    }
}

#[test]
fn secrets_are_exposed_in_few_places() {
    holds(elsewhere(".expose()", |name| EXPOSING.iter().any(|(file, _)| *file == name)));
    let house = house();
    for (name, why) in EXPOSING {
        let Some(file) = house.iter().find(|f| f.name == *name) else { panic!("{name} is gone: it {why}") };
        assert!(file.code.contains(".expose()"), "{name} exposes nothing any more: take it off the list");
    }
}

#[test]
fn paths_are_spelled_out() {
    let file = File {
        name: "git/a.rs".into(),
        module: vec!["git".into(), "a".into()],
        code: bare(
            "use super::{Id, b::{self, C}};\nuse crate::model::X as Y; // crate::no\nlet x = \"crate::no\";\ncrate::rule::f()",
        ),
    };
    let mut spelled: Vec<String> = paths(&file).iter().map(|p| p.join("::")).collect();
    spelled.sort();
    assert_eq!(spelled, ["git::Id", "git::b", "git::b::C", "model::X", "rule::f"]);
}
