//! What may be let be, by whom, and rules of one's own.

use crate::support::{Repo, filled, key, nth_key};

#[test]
fn an_ignored_path_is_told_and_does_not_count() {
    let repo = Repo::new();
    repo.write("keywright.toml", "[ignore]\npaths = ['docs/**']\n").write("docs/a.md", key("github"));
    repo.commit("add");
    let run = repo.scan::<&str>([]).exits(0);
    assert_eq!(run.found(), ["working-tree docs/a.md:1 github-personal-token (suppressed)"]);
    insta::assert_snapshot!(repo.run(["scan"]).screen(), @r"
    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…7rUi · fingerprint [fp]
      confidence high: its checksum is right

      docs/a.md:1:1  working tree · [commit], Ann Author, 2023-11-14 · still in HEAD
        on branch main
        not counted: suppressed, path `docs/**`: stated in keywright.toml
        | ghp_…7rUi

    no leaks · project: working tree, index and history
    not counted: 1 suppressed
    read 2 files, 3 objects, 1 commit: 142 bytes in [t] s, [n] rules
    --- stderr
    note: settings from keywright.toml
    exit 0
    ");
    repo.write("src/a.md", key("github")).scan::<&str>([]).exits(1);
}

#[test]
fn a_mark_on_the_line_lets_it_be_with_its_reason() {
    let repo = Repo::new();
    repo.write("a.env", format!("{} # keywright:allow -- sample\n", key("github")));
    repo.write("b.env", format!("{} // gitleaks:allow\n", nth_key("github", 2))).commit("add");
    let run = repo.scan::<&str>([]).exits(0);
    assert!(run.found().iter().all(|l| l.ends_with("(suppressed)")), "{:?}", run.found());
    assert_eq!(run.findings()[0]["suppression"]["reason"], "sample");
    assert_eq!(run.findings()[1]["suppression"]["by"], "gitleaks:allow");
    insta::assert_snapshot!(repo.run(["scan", "--files"]).screen(), @r"
    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…7rUi · fingerprint [fp]
      confidence high: its checksum is right

      a.env:1:1  working tree
        not counted: suppressed, inline `keywright:allow`: sample
        | ghp_…7rUi # keywright:allow -- sample

    critical  github-personal-token  GitHub personal access token (classic)
      secret ghp_…baN2 · fingerprint [fp]
      confidence high: its checksum is right

      b.env:1:1  working tree
        not counted: suppressed, inline `gitleaks:allow`: no reason given
        | ghp_…baN2 // gitleaks:allow

    no leaks · project: working tree
    not counted: 2 suppressed
    read 2 files: 128 bytes in [t] s, [n] rules
    exit 0
    ");
}

#[test]
fn a_mark_on_another_line_lets_nothing_be() {
    let repo = Repo::new();
    repo.write("a.env", format!("# keywright:allow\n{}\n", key("github"))).scan(["--files"]).exits(1);
}

#[test]
fn marks_of_other_scanners_let_it_be_where_their_pages_say() {
    let repo = Repo::new();
    repo.write("a.env", format!("{} # trufflehog:ignore\n", key("github")));
    repo.write("b.py", format!("# pragma: allowlist nextline secret\nk = '{}'\n", nth_key("github", 2)));
    repo.write("c.js", format!("// secretlint-disable -- samples\nk = '{}'\n", nth_key("github", 3)));
    repo.write("d.js", format!("// nosemgrep: hardcoded-token\nk = '{}'\n", nth_key("github", 4)));
    repo.write("e.js", format!("k = '{}' // nosemgrep: eval-used\n", nth_key("github", 5)));
    let run = repo.scan(["--files"]).exits(1);
    let by: Vec<_> =
        run.findings().iter().map(|f| f["suppression"]["by"].as_str().map(str::to_owned)).collect();
    let expected =
        ["trufflehog:ignore", "pragma: allowlist nextline secret", "secretlint-disable", "nosemgrep"];
    assert_eq!(by[..4], expected.map(|mark| Some(mark.to_owned())));
    assert_eq!(by[4], None);
    assert_eq!(run.findings()[2]["suppression"]["reason"], "samples");
}

#[test]
fn the_operator_says_whose_marks_count() {
    let repo = Repo::new();
    repo.write("a.env", format!("{} # trufflehog:ignore\n", key("github")));
    repo.scan(["--files"]).exits(0);
    repo.scan(["--files", "--marks", "none"]).exits(1);
    repo.scan(["--files", "--marks", "keywright, gitleaks"]).exits(1);
    let file = repo.outside("mine.toml");
    std::fs::write(&file, "[scan]\nmarks = ['keywright']\n").unwrap();
    let file = file.to_str().unwrap();
    repo.scan(["--files", "--config", file]).exits(1);
    // The flag wins over the file.
    repo.scan(["--files", "--config", file, "--marks", "all"]).exits(0);
    let run = repo.run(["scan", "--marks", "trufflehogs"]).exits(2);
    assert!(run.stderr.contains("`trufflehogs` is none of: keywright, gitleaks"), "{}", run.stderr);
}

#[test]
fn a_repository_may_take_marks_away_and_add_none() {
    let repo = Repo::new();
    repo.write("a.env", format!("{} # nosemgrep\n", key("github")));
    repo.scan(["--files", "--marks", "semgrep"]).exits(0);
    repo.write("keywright.toml", "[ignore]\nmarks_off = ['semgrep']\n");
    repo.scan(["--files"]).exits(1);
    repo.scan(["--files", "--marks", "all"]).exits(1);
    repo.write("keywright.toml", "[scan]\nmarks = ['semgrep']\n");
    let run = repo.run(["scan", "--files", "--marks", "none"]).exits(2);
    assert!(run.stderr.contains("keywright.toml sets [scan]"), "{}", run.stderr);
    repo.write("keywright.toml", "[ignore]\nmarks_off = ['semgrepp']\n");
    let run = repo.run(["scan", "--files"]).exits(2);
    assert!(run.stderr.contains("keywright.toml names marks of `semgrepp`"), "{}", run.stderr);
}

#[test]
fn every_mark_stands_in_the_docs() {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/suppressions.md");
    let text = std::fs::read_to_string(docs).unwrap();
    for mark in keywright::detect::marks() {
        let row = format!("| {} | `{}` | {} |", mark.tool, mark.spelling, mark.placement.words());
        let line = text.lines().find(|line| line.starts_with(&row)).unwrap_or_else(|| panic!("{row}"));
        assert!(mark.docs.starts_with("docs/") || line.contains(mark.docs), "{line}");
    }
}

#[test]
fn a_repository_may_add_a_rule() {
    let repo = Repo::new();
    repo.write("keywright.toml", "[[rules]]\nid = \"acme\"\nregex = '''acme_[a-z0-9]{20}'''\n");
    repo.write("a.env", filled("acme_{base36:20}", 1));
    assert_eq!(repo.scan(["--files"]).exits(1).found(), ["working-tree a.env:1 acme"]);
}

#[test]
fn a_repository_may_not_weaken_the_scan() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    for weaker in [
        "[extend]\ndisabledRules = [\"github-personal-token\"]\n",
        "[extend]\npath = \"../other.toml\"\n",
        "[scan]\nmin_confidence = \"high\"\n",
        "[allowlist]\npaths = ['''.*''']\n",
        "[[allowlists]]\nregexes = ['''.*''']\n",
        "[[rules]]\nid = \"github-personal-token\"\nregex = '''nothing_{20}'''\n",
    ] {
        repo.write("keywright.toml", weaker);
        let run = repo.run(["scan"]).exits(2);
        assert!(run.stderr.contains("keywright.toml"), "{weaker}: {}", run.stderr);
        assert!(run.stderr.contains("fix: "), "{weaker}: {}", run.stderr);
    }
    insta::assert_snapshot!(repo.run(["scan"]).screen(), @r"
    --- stderr
    error: keywright.toml redefines rule `github-personal-token`
      fix: a scanned repository may only add rules; put it into your own file and name that with --rules
    exit 2
    ");
}

#[test]
fn a_repositorys_gitleaks_file_is_not_read_by_itself() {
    let repo = Repo::new();
    repo.write(".gitleaks.toml", "[allowlist]\npaths = ['''.*''']\n").write("a.env", key("github"));
    repo.scan(["--files"]).exits(1);
}

#[test]
fn a_gitleaks_file_works_when_the_user_names_it() {
    let repo = Repo::new();
    let rules = r#"
title = "ours"
[extend]
useDefault = true
[[rules]]
id = "acme-token"
description = "Acme token"
regex = '''(?i)acme[_-]?(?:key|token)\s*=\s*["']?([a-z0-9]{32})["']?'''
secretGroup = 1
keywords = ["acme"]
path = '''\.conf$'''
[[rules.allowlists]]
description = "samples"
regexes = ['''^0000''']
paths = ['''^samples/''']
[[rules.allowlists]]
stopwords = ["dummy"]
[allowlist]
paths = ['''^vendor/''']
"#;
    repo.write(".gitleaks.toml", rules);
    let line = |n: u64| format!("acme_key = {}\n", filled("{hex:32}", n));
    repo.write("a.conf", line(1)).write("a.txt", line(2)).write("samples/a.conf", line(3));
    repo.write("vendor/a.conf", line(4));
    repo.write("b.conf", format!("acme_key = dummy{}\n", filled("{hex:27}", 5)));
    repo.write("c.conf", format!("acme_key = 0000{}\n", filled("{hex:28}", 6)));
    let run = repo.scan(["--files", "--rules", ".gitleaks.toml"]).exits(1);
    assert_eq!(run.found(), ["working-tree a.conf:1 acme-token"]);
    assert_eq!(run.findings()[0]["column"], 12);
}

#[test]
fn a_broken_rule_is_named_with_its_file_and_line() {
    let repo = Repo::new();
    repo.write("mine.toml", "title = 'x'\n\n[[rules]]\nid = \"bad\"\nregex = '''(unclosed'''\n");
    insta::assert_snapshot!(repo.run(["scan", "--files", "--rules", "mine.toml"]).screen(), @r"
    --- stderr
    error: couldn't read mine.toml: line 5: rule `bad`
      why: its regex cannot be used: unclosed group
      fix: look-around and back-references are not supported; see not_before and not_after
    exit 2
    ");
    repo.write("mine.toml", "title = 'x'\n[[rules\n");
    insta::assert_snapshot!(repo.run(["scan", "--files", "--rules", "mine.toml"]).screen(), @r"
    --- stderr
    error: couldn't read mine.toml: line 2
      why: unclosed array table, expected `]]`
      fix: mend the TOML
    exit 2
    ");
    insta::assert_snapshot!(repo.run(["scan", "--files", "--rules", "absent.toml"]).screen(), @r"
    --- stderr
    error: couldn't read absent.toml
      why: No such file or directory (os error 2)
      fix: name a settings file that is there
    exit 2
    ");
}

#[test]
fn the_users_own_file_may_say_what_counts() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    let file = repo.outside("mine.toml");
    std::fs::write(&file, "[extend]\ndisabledRules = [\"github-personal-token\"]\n").unwrap();
    repo.scan(["--config".as_ref(), file.as_os_str()]).exits(0);
    let run = repo.program().env("KEYWRIGHT_CONFIG", &file).run(["scan"]).exits(0);
    assert!(run.stderr.contains("settings from"), "{}", run.stderr);
    let home = repo.outside(".config/keywright");
    std::fs::create_dir_all(&home).unwrap();
    std::fs::copy(&file, home.join("keywright.toml")).unwrap();
    repo.scan::<&str>([]).exits(0);
}

#[test]
#[cfg(unix)]
fn a_settings_file_that_is_a_link_is_not_followed() {
    let repo = Repo::new();
    std::fs::write(repo.outside("other.toml"), "[ignore]\npaths = ['**']\n").unwrap();
    std::os::unix::fs::symlink("../other.toml", repo.path("keywright.toml")).unwrap();
    repo.write("a.env", key("github")).scan(["--files"]).exits(1);
}
