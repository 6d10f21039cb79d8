//! What may be let be, by whom, and rules of one's own.

use crate::support::{Repo, filled, key, nth_key};

#[test]
fn an_ignored_path_is_told_and_does_not_count() {
    let repo = Repo::new();
    repo.write("keywright.toml", "[ignore]\npaths = ['docs/**']\n").write("docs/a.md", key("github"));
    repo.commit("add");
    let run = repo.scan::<&str>([]).exits(0);
    assert_eq!(run.found(), ["working-tree docs/a.md:1 github-personal-token (suppressed)"]);
    insta::assert_snapshot!(repo.run(["scan", "--no-cache"]).screen(), @r"
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
    assert!(run.stderr.contains("how it is told ([scan])"), "{}", run.stderr);
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
        "[extend]\nurl = \"https://acme.io/rules.toml\"\n",
        "[check]\nurl = \"https://acme.io\"\n",
        "[provider]\nid = \"acme\"\nauth = \"env:TOKEN\"\n",
        "[[rules]]\nid = \"acme\"\nregex = 'acme_[a-z]{20}'\nvalidate = \"http\"\n",
        "[destinations.a]\nurl = \"https://acme.io\"\n",
        "[exec]\nrun = \"sh\"\n",
        "[[webhooks]]\nurl = \"https://acme.io\"\n",
        "[policy]\nlive = \"never\"\n",
        "[[rules]]\nid = \"github-personal-token\"\nregex = '''nothing_{20}'''\n",
    ] {
        repo.write("keywright.toml", weaker);
        let run = repo.run(["scan"]).exits(2);
        assert!(run.stderr.contains(": line "), "{weaker}: {}", run.stderr);
        assert!(run.stderr.contains("keywright.toml"), "{weaker}: {}", run.stderr);
        assert!(run.stderr.contains("fix: "), "{weaker}: {}", run.stderr);
    }
    insta::assert_snapshot!(repo.run(["scan"]).screen(), @r"
    --- stderr
    error: keywright.toml redefines rule `github-personal-token`: line 1
      fix: a scanned repository may add rules and [ignore] paths only; put it into your own file and name that with --config or --rules
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

/// The line of `scan --print-config` that begins with a word.
fn in_force(text: &str, word: &str) -> String {
    let line = text.lines().find(|l| l.starts_with(word)).unwrap_or_else(|| panic!("no {word} in {text}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_a_file() {
    let repo = Repo::new();
    let file = repo.outside("mine.toml");
    let said = "[scan]\nmin_confidence = \"high\"\nfail_on = \"never\"\nformat = \"json\"\n";
    std::fs::write(&file, said).unwrap();
    let ask = |args: &[&str]| {
        let program = repo.program().env("KEYWRIGHT_CONFIG", &file).env("KEYWRIGHT_FAIL_ON", "new");
        program.run(["scan", "--print-config"].iter().chain(args)).exits(0).text()
    };
    assert_eq!(in_force(&ask(&["--fail-on", "any"]), "fail_on"), "fail_on = \"any\" # --fail-on");
    let text = ask(&[]);
    assert_eq!(in_force(&text, "fail_on"), "fail_on = \"new\" # KEYWRIGHT_FAIL_ON");
    assert!(in_force(&text, "min_confidence").ends_with("mine.toml"), "{text}");
    assert_eq!(in_force(&text, "allow_incomplete"), "allow_incomplete = false # default");
    repo.write("a.env", key("github")).commit("add");
    let run = repo.program().env("KEYWRIGHT_CONFIG", &file).run(["scan"]).exits(0);
    assert_eq!(run.findings().len(), 1);
    repo.program().env("KEYWRIGHT_CONFIG", &file).env("KEYWRIGHT_FAIL_ON", "any").run(["scan"]).exits(1);
    let wrong = repo.program().env("KEYWRIGHT_ALL_OBJECTS", "perhaps").run(["scan"]).exits(2);
    assert!(wrong.stderr.contains("KEYWRIGHT_ALL_OBJECTS is `perhaps`"), "{}", wrong.stderr);
}

#[test]
fn the_settings_in_force_can_be_kept_as_a_file() {
    let repo = Repo::new();
    let acme = "[[rules]]\nid = \"acme\"\nregex = 'acme_[a-z0-9]{20}'\n";
    std::fs::write(repo.outside("acme.toml"), acme).unwrap();
    let mine = repo.outside("mine.toml");
    let said = "[scan]\nrules = [\"acme.toml\"]\nall_objects = true\n[ignore]\npaths = [\"doc\\\"s/**\"]\n[extend]\ndisabledRules = [\"jwt\"]\n";
    std::fs::write(&mine, said).unwrap();
    let theirs =
        "[ignore]\npaths = [\"theirs/**\"]\n\n[[rules]]\nid = \"theirs\"\nregex = 'theirs_[a-z]{20}'\n";
    repo.write("keywright.toml", theirs);
    repo.write("a.env", filled("acme_{base36:20}", 1)).write("b.jwt", filled("{jwt}", 1));
    let run = |more: &[&str], file: &std::path::Path| {
        let flags = ["scan", "--files", "--format", "json", "--fail-on", "never", "--config"];
        repo.run(flags.iter().chain([&file.to_str().unwrap()]).chain(more)).exits(0)
    };
    let first = run(&["--print-config"], &mine).text();
    let added = "# keywright.toml, from the repository itself, adds:\n#   line 4: rule theirs\n#   path to let be: theirs/**\n";
    assert!(first.contains(added), "{first}");
    let kept = repo.outside("kept.toml");
    std::fs::write(&kept, &first).unwrap();
    // The same values; only what set them is another thing.
    let values = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(values(&first), values(&run(&["--print-config"], &kept).text()), "{first}");
    assert_eq!(run(&[], &kept).found(), ["working-tree a.env:1 acme"]);
    assert_eq!(run(&[], &mine).found(), run(&[], &kept).found());
}

#[test]
fn a_file_of_rules_says_nothing_of_scans() {
    let repo = Repo::new();
    repo.write("rules.toml", "[scan]\nfail_on = \"never\"\n").write("a.env", key("github"));
    let run = repo.run(["scan", "--files", "--rules", "rules.toml"]).exits(1);
    let told = "rules.toml: [scan] counts only in the file that --config names";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}
