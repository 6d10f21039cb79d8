//! Path expressions and `.gitignore` lines turned into globs: never wider than they were.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// The most globs that one expression may become.
const MOST: usize = 32;
/// What is said of an expression that no glob can say.
const NO_GLOB: &str = "globs can't say this expression";

/// A piece of a path expression.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    /// Text, escaped for a glob already.
    Text(String),
    /// Anything within a folder.
    Segment,
    /// Anything.
    Any,
    Start,
    End,
}

/// Returns globs that match what the expression finds somewhere in a path, or less.
pub(super) fn from_regex(expression: &str) -> Result<Vec<String>, String> {
    let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(expression);
    let hir = hir.or_else(|_| regex_syntax::ParserBuilder::new().utf8(false).build().parse(expression));
    let hir = hir.map_err(|_| NO_GLOB.to_owned())?;
    let mut globs = Vec::new();
    for pieces in walk(&hir)? {
        globs.extend(render(pieces)?);
        if globs.len() > MOST {
            return Err("it would become too many globs".into());
        }
    }
    globs.sort();
    globs.dedup();
    Ok(globs)
}

/// Spells an expression out: one list of pieces for each alternative.
fn walk(hir: &Hir) -> Result<Vec<Vec<Piece>>, String> {
    let no_glob = || Err(NO_GLOB.to_owned());
    Ok(match hir.kind() {
        HirKind::Empty => vec![Vec::new()],
        HirKind::Literal(literal) => {
            let Ok(text) = std::str::from_utf8(&literal.0) else { return no_glob() };
            vec![vec![Piece::Text(text.chars().map(escaped).collect::<Option<_>>().ok_or(NO_GLOB)?)]]
        }
        HirKind::Class(class) => vec![vec![Piece::Text(one_of(class).ok_or(NO_GLOB)?)]],
        HirKind::Look(Look::Start) => vec![vec![Piece::Start]],
        HirKind::Look(Look::End) => vec![vec![Piece::End]],
        HirKind::Look(_) => return no_glob(),
        HirKind::Capture(capture) => walk(&capture.sub)?,
        HirKind::Repetition(repeat) => {
            let one = match repeat.sub.kind() {
                HirKind::Class(class) => Some(class),
                _ => None,
            };
            let any = one.and_then(|class| match (is_any(class, true), is_any(class, false)) {
                (true, _) => Some(Piece::Any),
                (false, true) => Some(Piece::Segment),
                _ => None,
            });
            match (repeat.min, repeat.max, any) {
                (min @ 0..=3, None, Some(any)) => {
                    let mut pieces = vec![Piece::Text("?".into()); min as usize];
                    pieces.push(any);
                    vec![pieces]
                }
                (0, Some(1), _) => {
                    let mut ways = walk(&repeat.sub)?;
                    ways.push(Vec::new());
                    ways
                }
                _ => return no_glob(),
            }
        }
        HirKind::Concat(parts) => {
            let mut ways: Vec<Vec<Piece>> = vec![Vec::new()];
            for part in parts {
                let more = walk(part)?;
                if ways.len() * more.len() > MOST {
                    return Err("it would become too many globs".into());
                }
                ways = ways.iter().flat_map(|way| more.iter().map(|m| [&way[..], m].concat())).collect();
            }
            ways
        }
        HirKind::Alternation(parts) => {
            let mut ways = Vec::new();
            for part in parts {
                ways.extend(walk(part)?);
            }
            if ways.len() > MOST {
                return Err("it would become too many globs".into());
            }
            ways
        }
    })
}

/// Writes one alternative as globs. `**` stands only between slashes, so that anything in the middle
/// of a name becomes two globs: within the folder, and across.
fn render(mut pieces: Vec<Piece>) -> Result<Vec<String>, String> {
    if pieces.first() == Some(&Piece::Start) {
        pieces.remove(0);
    } else {
        pieces.insert(0, Piece::Any);
    }
    if pieces.last() == Some(&Piece::End) {
        pieces.pop();
    } else {
        pieces.push(Piece::Any);
    }
    pieces.dedup_by(|a, b| *a == Piece::Any && *b == Piece::Any);
    let mut globs = vec![String::new()];
    let last = pieces.len().saturating_sub(1);
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => globs.iter_mut().for_each(|glob| glob.push_str(text)),
            Piece::Segment => globs.iter_mut().filter(|g| !g.ends_with('*')).for_each(|glob| glob.push('*')),
            Piece::Any => {
                let mut more = Vec::new();
                for glob in &mut globs {
                    let begins_name = glob.is_empty() || glob.ends_with('/');
                    match (begins_name, at == last) {
                        (true, true) => glob.push_str("**"),
                        (true, false) => glob.push_str("**/*"),
                        (false, true) => {
                            more.push(format!("{}*/**", glob.trim_end_matches('*')));
                            if !glob.ends_with('*') {
                                glob.push('*');
                            }
                        }
                        (false, false) => {
                            more.push(format!("{}*/**/*", glob.trim_end_matches('*')));
                            if !glob.ends_with('*') {
                                glob.push('*');
                            }
                        }
                    }
                }
                globs.append(&mut more);
                if globs.len() > MOST {
                    return Err("it would become too many globs".into());
                }
            }
            // `a^b` finds nothing.
            Piece::Start | Piece::End => return Ok(Vec::new()),
        }
    }
    Ok(globs)
}

/// Whether a class is any byte or character, a line's end perhaps left out; or all but the slash.
fn is_any(class: &Class, with_slash: bool) -> bool {
    let has = |c: char| match class {
        Class::Unicode(class) => class.iter().any(|r| r.start() <= c && c <= r.end()),
        Class::Bytes(class) => {
            class.iter().any(|r| u32::from(r.start()) <= c as u32 && c as u32 <= u32::from(r.end()))
        }
    };
    (' '..='~').all(|c| has(c) || (c == '/' && !with_slash)) && has('/') == with_slash
}

/// One character as a glob; a slash is left out, so that the glob is no wider.
fn one_of(class: &Class) -> Option<String> {
    if is_any(class, true) || is_any(class, false) {
        return Some("?".into());
    }
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.iter().map(|r| (r.start(), r.end())).collect(),
        Class::Bytes(class) => class.iter().map(|r| (r.start().into(), r.end().into())).collect(),
    };
    let chars: Vec<char> = ranges
        .iter()
        .flat_map(|(from, to)| (*from..=*to).take(130))
        .filter(|c| c.is_ascii_graphic() && *c != '/')
        .collect();
    match chars.as_slice() {
        [] => None,
        [one] => escaped(*one),
        // These mean something inside a glob's brackets.
        many if many.iter().all(|c| !"]!^-\\[".contains(*c)) => {
            Some(format!("[{}]", many.iter().collect::<String>()))
        }
        many => {
            let plain: String = many.iter().filter(|c| !"]!^-\\[".contains(**c)).collect();
            (!plain.is_empty()).then(|| format!("[{plain}]"))
        }
    }
}

/// A character as a glob means it; `None` for one that a glob cannot say.
fn escaped(c: char) -> Option<String> {
    match c {
        '*' | '?' | '{' | '}' | '[' | ']' => Some(format!("[{c}]")),
        '\\' => None,
        c => Some(c.into()),
    }
}

/// Returns globs for one line of a file written like `.gitignore`; not for an exception.
pub(super) fn from_gitignore(line: &str) -> Vec<String> {
    let inner = line.trim_start_matches('/');
    let (inner, only_folders) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
    let is_anchored = line.starts_with('/') || inner.contains('/');
    let prefix = if is_anchored || inner == "**" { "" } else { "**/" };
    let mut globs = Vec::new();
    if !only_folders {
        globs.push(format!("{prefix}{inner}"));
    }
    if !inner.ends_with("**") {
        globs.push(format!("{prefix}{inner}/**"));
    }
    globs
}

#[cfg(test)]
mod tests {
    use globset::{GlobBuilder, GlobSetBuilder};
    use proptest::prelude::*;

    use super::super::foreign::compile;
    use super::*;

    fn globs(expression: &str) -> Vec<String> {
        from_regex(expression).unwrap_or_else(|why| vec![why])
    }

    fn matches(globs: &[String], path: &str) -> bool {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(GlobBuilder::new(glob).literal_separator(true).build().unwrap());
        }
        set.build().unwrap().is_match(path)
    }

    #[test]
    fn what_people_write_becomes_globs() {
        for (expression, want) in [
            (r"^vendor/", vec!["vendor/**"]),
            (r"\.md$", vec!["**/*.md"]),
            (r"(.*?)(jpg|gif)$", vec!["**/*gif", "**/*jpg"]),
            (r"^docs/.*\.md$", vec!["docs/**/*.md"]),
            (r"node_modules", vec!["**/*node_modules*", "**/*node_modules*/**"]),
            (r"(^|/)tests/", vec!["**/*/tests/**", "tests/**"]),
            (r"^a\*b$", vec!["a[*]b"]),
            (r"^go\.(mod|sum)$", vec!["go.mod", "go.sum"]),
            (r"^a[^/]*b$", vec!["a*b"]),
        ] {
            assert_eq!(globs(expression), want, "{expression}");
        }
        for no in [r"\bword\b", r"^v\d+/", r"a\\b", "[0-9]{8}"] {
            assert!(from_regex(no).is_err(), "{no}");
        }
    }

    #[test]
    fn typical_paths_are_found_by_both() {
        for (expression, path) in [
            ("(^|/)tests?/", "tests/a.env"),
            ("(^|/)tests?/", "src/test/a.env"),
            ("node_modules", "a/node_modules/b/c.js"),
            ("node_modules", "node_modules/c.js"),
            ("package-lock.json", "web/package-lock.json"),
            ("^doc.*x$", "doc/a/x"),
            ("^doc.*x$", "docx"),
            ("(?i)readme", "a/README.md"),
            (r".*/fixtures/.*\.json$", "a/b/fixtures/c/d.json"),
        ] {
            assert!(matches(&globs(expression), path), "{expression} {path}: {:?}", globs(expression));
        }
    }

    proptest! {
        #[test]
        fn globs_are_never_wider(
            expression in r"\^?((a|b|/|\.|\.\*|\[\^/\]\*|a\?|\(a\|b/\)|\[ab/\]|\.\+|\[\^/\]|\\\.|\\\*|\(\^\|/\)|\(/\|\$\)){0,6})\$?",
            paths in proptest::collection::vec("[ab./*]{1,8}", 40),
        ) {
            let Ok(globs) = from_regex(&expression) else { return Ok(()) };
            let regex = compile(&expression).unwrap();
            for path in paths {
                prop_assert!(!matches(&globs, &path) || regex.is_match(&path), "{expression} {globs:?} {path}");
            }
        }
    }
}
