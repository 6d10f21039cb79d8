//! Path patterns of other tools' files, taken over.

use ignore::gitignore::GitignoreBuilder;

use super::foreign::{By, Foreign};
use super::glob::{from_gitignore, from_regex};
use super::paths::{Paths, Test, is_all, set};

impl Foreign {
    /// Adds a pattern that is a glob already: `**` crosses folders, `*` does not.
    pub(super) fn add_glob(&mut self, line: usize, glob: &str) {
        let glob = glob.strip_prefix("./").unwrap_or(glob);
        self.add_globs(line, glob, vec![glob.to_owned()]);
    }

    /// Adds a pattern that is an expression, searched for anywhere in the path.
    pub(super) fn add_path_regex(&mut self, line: usize, expression: &str) {
        let says = format!("paths like {expression}");
        let Some(regex) = self.regex(line, "a path", expression) else { return };
        let globs = match from_regex(expression).map(|globs| (set(&globs).is_ok_and(|s| is_all(&s)), globs)) {
            Ok((true, _)) => return self.skip_all(line, &says),
            Ok((false, globs)) => globs,
            Err(why) => {
                let why = format!("{why}; what it hides today gets entries, new files there will be told");
                self.skip(line, says.clone(), why);
                Vec::new()
            }
        };
        self.add(line, says, By::Paths(Paths { test: Test::Regex(regex), globs }));
    }

    /// Adds the patterns of a file that is written like `.gitignore`, each with its line.
    pub(super) fn add_gitignore(&mut self, patterns: &[(usize, &str)]) {
        let has_exceptions = patterns.iter().any(|(_, p)| p.starts_with('!'));
        if !has_exceptions {
            for (line, pattern) in patterns {
                self.add_globs(*line, pattern, from_gitignore(pattern));
            }
            return;
        }
        // An exception brings back what a pattern hid; a list of globs cannot say that.
        let mut builder = GitignoreBuilder::new("");
        for (line, pattern) in patterns {
            if builder.add_line(None, pattern).is_err() {
                self.skip(*line, "a path pattern", "it is none");
            }
        }
        let line = patterns.first().map_or(1, |(line, _)| *line);
        let Ok(set) = builder.build() else { return };
        let why =
            "with exceptions (`!`) among them they are no list of globs; what they hide today gets entries";
        self.skip(line, "its path patterns", why);
        let test = Test::Gitignore(Box::new(set));
        self.add(line, "its path patterns", By::Paths(Paths { test, globs: Vec::new() }));
    }

    fn add_globs(&mut self, line: usize, says: &str, globs: Vec<String>) {
        match set(&globs) {
            Ok(set) if is_all(&set) => self.skip_all(line, says),
            Ok(set) => {
                self.add(line, format!("paths {says}"), By::Paths(Paths { test: Test::Globs(set), globs }));
            }
            Err(why) => self.skip(line, format!("paths {says}"), why),
        }
    }

    fn skip_all(&mut self, line: usize, says: &str) {
        self.skip(line, says, "it lets the whole repository be; name the folders that may hold samples");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(act: impl Fn(&mut Foreign)) -> Foreign {
        let mut foreign = Foreign::new("t", "f");
        act(&mut foreign);
        foreign
    }

    fn hides(foreign: &Foreign, path: &str) -> bool {
        foreign.entries.iter().any(|e| matches!(&e.by, By::Paths(p) if p.matches(path.as_bytes())))
    }

    #[test]
    fn a_pattern_for_everything_is_not_carried_over() {
        for all in ["**", "**/*", "/**"] {
            let f = foreign(|f| f.add_glob(3, all));
            assert!(f.entries.is_empty() || all == "/**", "{all}");
        }
        for all in [".*", "", "^", ".+"] {
            let f = foreign(|f| f.add_path_regex(3, all));
            assert!(f.entries.is_empty(), "{all}");
            assert!(f.untranslated[0].why.contains("the whole repository"), "{all}");
        }
    }

    #[test]
    fn exceptions_are_kept_by_entries_alone() {
        let f = foreign(|f| f.add_gitignore(&[(1, "test/*"), (2, "!test/real.env")]));
        assert!(hides(&f, "test/a.env") && !hides(&f, "test/real.env"));
        let By::Paths(paths) = &f.entries[0].by else { panic!() };
        assert!(paths.globs().is_empty());
    }

    #[test]
    fn without_exceptions_each_pattern_is_its_own() {
        let f = foreign(|f| f.add_gitignore(&[(1, "test/*"), (2, "dummy"), (3, "/top.md"), (4, "dir/")]));
        assert_eq!(f.entries.len(), 4);
        for (path, want) in [
            ("test/a", true),
            ("sub/test/a", false),
            ("a/dummy", true),
            ("a/dummy/b", true),
            ("top.md", true),
            ("a/top.md", false),
            ("x/dir/y", true),
            ("x/dir", false),
        ] {
            assert_eq!(hides(&f, path), want, "{path}");
        }
    }
}
