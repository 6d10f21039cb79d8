//! What other scanners were hiding, carried over.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::support::{Repo, Run, filled, key, nth_key};

/// Runs `keywright migrate --format json` and more.
fn migrate(repo: &Repo, more: &[&str]) -> Value {
    let run = repo.run([&["migrate", "--format", "json", "--owner", "ann"], more].concat());
    assert_eq!(run.code, Some(0), "{}\n{}", run.text(), run.stderr);
    run.json()
}

/// The places of findings that count, and of those that do not.
fn told(repo: &Repo) -> (Vec<String>, Vec<String>) {
    let run = repo.scan::<&str>([]);
    let place = |line: &String| line.split(' ').nth(1).unwrap().to_owned();
    let (hidden, open): (Vec<_>, Vec<_>) = run.found().into_iter().partition(|l| l.ends_with("(suppressed)"));
    (open.iter().map(place).collect(), hidden.iter().map(place).collect())
}

fn hash(secret: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(secret))
}

/// The folder of the real scanners; a test without them says so.
#[expect(clippy::print_stdout, reason = "a test that did nothing says so")]
fn peers() -> Option<PathBuf> {
    let folder = std::env::var_os("KEYWRIGHT_PEERS").map(PathBuf::from);
    if folder.is_none() {
        assert!(std::env::var_os("KEYWRIGHT_TESTS_RUN").is_none(), "tests/run sets the scanners up");
        println!("skipped: KEYWRIGHT_PEERS names no folder of scanners (tests/peers/setup.sh)");
    }
    folder
}

/// Runs a real scanner in the working tree; how it ends is its own affair.
fn run_peer(folder: &Path, repo: &Repo, program: &str, args: &[&str]) -> String {
    let output = Command::new(folder.join(program)).args(args).current_dir(repo.path("")).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// A repository that people forgot four kinds of secrets in.
fn forgetful() -> Repo {
    let repo = Repo::new();
    repo.write("src/pay.py", format!("import x\n\nKEY = \"{}\"\n", key("stripe")));
    repo.write("deploy/a.env", format!("GITHUB_TOKEN={}\n", key("github")));
    repo.write("db.yml", format!("url: postgres://app:{}@db.internal.corp/main\n", filled("{base62:24}", 3)));
    repo.commit("first");
    repo.write("src/pay.py", format!("import x\nimport y\n\n\nKEY = \"{}\"\n", key("stripe")))
        .commit("moved");
    repo
}

#[test]
fn what_detect_secrets_had_hidden_stays_hidden_and_a_new_secret_is_told() {
    let Some(peers) = peers() else { return };
    let repo = forgetful();
    let baseline = run_peer(&peers, &repo, "detect-secrets", &["scan"]);
    repo.write(".secrets.baseline", &baseline).commit("baseline");
    let known: Vec<String> = told(&repo).0;
    let files: Value = serde_json::from_str(&baseline).unwrap();
    let names: Vec<&String> = files["results"].as_object().unwrap().keys().collect();
    assert!(names.len() >= 3, "detect-secrets took too little: {names:?}");
    let plan = migrate(&repo, &["--write"]);
    let (open, hidden) = told(&repo);
    for name in names {
        assert!(!open.iter().any(|place| place.starts_with(name.as_str())), "{name} is told: {plan:#}");
        assert!(hidden.iter().any(|place| place.starts_with(name.as_str())), "{name}: {plan:#}");
    }
    assert_eq!(open.len() + hidden.len(), known.len());
    repo.write("src/pay.py", format!("KEY = \"{}\"\n", nth_key("stripe", 9)));
    assert_eq!(told(&repo).0.iter().filter(|place| place.starts_with("src/pay.py")).count(), 1);
}

#[test]
fn what_a_gitleaks_baseline_had_hidden_stays_hidden_and_a_new_secret_is_told() {
    let Some(peers) = peers() else { return };
    for (name, mode, redact) in
        [("in clear", "git", "--redact=0"), ("redacted", "git", "--redact"), ("folder", "dir", "--redact")]
    {
        let repo = forgetful();
        let report = repo.outside("gitleaks.json");
        let to = report.to_str().unwrap();
        run_peer(&peers, &repo, "gitleaks", &[mode, "--no-banner", redact, "--report-path", to, "."]);
        let taken: Vec<Value> = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
        assert!(taken.len() >= 2, "{name}: gitleaks took too little");
        assert_eq!(told_as_gitleaks(&repo, &[mode, "--baseline-path", to], &taken), Vec::<String>::new());
        let plan = migrate(&repo, &["--write", "--baseline", to]);
        let (open, hidden) = told(&repo);
        for finding in &taken {
            let file = finding["File"].as_str().unwrap();
            assert!(!open.iter().any(|place| place.starts_with(file)), "{name}: {file} is told: {plan:#}");
            assert!(hidden.iter().any(|place| place.starts_with(file)), "{name}: {file}: {plan:#}");
        }
        let clear = plan["files"][0]["values_in_clear"].as_u64().unwrap();
        assert_eq!(clear > 0, name == "in clear");
        assert!(!plan.to_string().contains(&key("stripe")));
        repo.write("src/pay.py", format!("KEY = \"{}\"\n", nth_key("stripe", 9)));
        assert_eq!(told(&repo).0.iter().filter(|place| place.starts_with("src/pay.py")).count(), 1, "{name}");
    }
}

/// Runs gitleaks' command here, and returns which of the files it knows are told all the same.
fn told_as_gitleaks(repo: &Repo, args: &[&str], known: &[Value]) -> Vec<String> {
    let all = repo.run(args.iter().copied().chain(["-f", "json", "-r", "-", "."])).json();
    let files = all.as_array().unwrap().iter().map(|f| f["File"].as_str().unwrap().to_owned());
    files.filter(|file| known.iter().any(|k| k["File"] == file.as_str())).collect()
}

#[test]
fn a_gitleaksignore_made_of_real_fingerprints_is_carried_over() {
    let Some(peers) = peers() else { return };
    for mode in ["git", "dir"] {
        let repo = forgetful();
        let report = repo.outside("gitleaks.json");
        run_peer(&peers, &repo, "gitleaks", &[mode, "--no-banner", "-r", report.to_str().unwrap(), "."]);
        let taken: Vec<Value> = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
        let prints: Vec<&str> = taken.iter().map(|f| f["Fingerprint"].as_str().unwrap()).collect();
        repo.write(".gitleaksignore", prints.join("\n"));
        assert_eq!(told_as_gitleaks(&repo, &[mode], &taken), Vec::<String>::new());
        let plan = migrate(&repo, &["--write"]);
        assert_eq!(plan["files"][0]["idle"].as_array().unwrap().len(), 0, "{mode}: {plan:#}");
        let (open, _) = told(&repo);
        for finding in &taken {
            let file = finding["File"].as_str().unwrap();
            assert!(!open.iter().any(|place| place.starts_with(file)), "{mode}: {file}: {plan:#}");
        }
    }
}

/// A sample of each other tool's file, after its documentation, that hides the key in `a/a.env`.
#[test]
fn each_tools_file_hides_here_what_it_hid_there() {
    let secret = key("github");
    let kept = [("src/b.env", 1)];
    let sha256 = hash(&secret);
    let line = format!("TOKEN={secret}\n");
    let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(&Sha256::digest(bytes));
    let talisman = hex([hex(b""), hex(line.as_bytes()), hex(b"a/a.env")].concat().as_bytes());
    let files: Vec<(&str, String)> = vec![
        (".gitleaks.toml", "[allowlist]\npaths = ['''^a/''']\n".into()),
        (".gitleaks.toml", "[[allowlists]]\nregexTarget = 'line'\nregexes = ['''^TOKEN=''']\n".into()),
        (".gitleaks.toml", "[[allowlists]]\ncondition = 'AND'\nregexes = ['''^ghp_''']\npaths = ['''a.env$''']\n".into()),
        (".betterleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''^a/''']\n".into()),
        (".gitleaksignore", "# ours\na/a.env:github-pat:1\n".into()),
        (".betterleaksignore", "a/a.env:github-pat:1\n".into()),
        (".gitguardian.yaml", format!("version: 2\nsecret:\n  ignored_matches:\n  - name: x\n    match: {sha256}\n")),
        (".gitguardian.yml", format!("matches-ignore:\n  - {sha256}\n")),
        (".gitguardian.yaml", "version: 2\nsecret:\n  ignored_paths: ['a/*']\n".into()),
        (".talismanrc", format!("fileignoreconfig:\n- filename: a/a.env\n  checksum: {talisman}\nversion: \"1.0\"\n")),
        (".talismanrc", "fileignoreconfig:\n- filename: a/a.env\n  ignore_detectors: [filecontent]\n".into()),
        (".talismanrc", "allowed_patterns:\n- TOKEN=ghp_\\w+\n".into()),
        ("kingfisher.yaml", "filters:\n  exclude:\n    - a/\n".into()),
        ("baseline-file.yml", "ExactFindings:\n  matches:\n  - filepath: project/a/a.env/\n    fingerprint: '389162583612032034'\n    linenum: 1\n    lastupdated: x\n".into()),
        ("known.yml", "version: 2\nfingerprint_algorithm: kingfisher-v1\nrepositories:\n- id: git://example.com/a\n  findings:\n  - path: a/a.env\n    fingerprint: '3'\n    rule_id: kingfisher.github.1\n    line: 1\n".into()),
        (".secretsignore", "a/*\n\n[secrets]\nsomething-else\n".into()),
        (".gitallowed", "^a/a\\.env:1:\n".into()),
        (".secretlintignore", "a/\n".into()),
        (".github/secret_scanning.yml", "paths-ignore:\n  - \"a/**\"\n".into()),
    ];
    for (name, text) in files {
        let repo = Repo::new();
        repo.write("a/a.env", &line).write("src/b.env", format!("KEY = {}\n", nth_key("stripe", 2)));
        repo.commit("add").write(name, &text);
        let plan = migrate(&repo, &["--write"]);
        let (open, hidden) = told(&repo);
        assert_eq!(hidden, ["a/a.env:1"], "{name}\n{text}\n{plan:#}");
        assert_eq!(open, kept.map(|(path, line)| format!("{path}:{line}")), "{name}\n{text}");
        // A secret that was not there when the other tool looked is told, unless its whole folder is let be.
        repo.write("src/c.env", nth_key("github", 7));
        assert!(told(&repo).0.contains(&"src/c.env:1".to_owned()), "{name}\n{text}");
    }
}

#[test]
fn a_plain_match_and_a_file_of_secrets_are_never_repeated() {
    let repo = Repo::new();
    let secret = key("github");
    repo.write("a.env", &secret).commit("add");
    repo.write(
        ".gitguardian.yaml",
        format!("version: 2\nsecret:\n  ignored_matches:\n  - match: {secret}\n"),
    );
    repo.write(".secretsignore", format!("[secrets]\n{secret}\n"));
    repo.write(".gitleaksignore", format!("{secret}\n"));
    repo.write(".gitallowed", format!("{secret}\n"));
    repo.write(
        ".gitleaks.toml",
        format!("[[rules]]\nid = 'mine'\nregex = '{secret}'\n[allowlist]\nregexes = ['{secret}']\n"),
    );
    for more in [&[][..], &["--verbose"], &["--format", "json"], &["--write"]] {
        let run = repo.run([&["migrate"], more].concat());
        assert!(!run.text().contains(&secret) && !run.stderr.contains(&secret), "{}", run.text());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
    }
    for name in [".keywrightignore", "keywright.toml"] {
        let text = std::fs::read_to_string(repo.path(name)).unwrap_or_default();
        assert!(!text.contains(&secret), "{name}");
    }
    assert!(repo.run(["migrate"]).text().contains("Secrets in clear"));
}

#[test]
fn a_secret_that_also_stands_elsewhere_is_told_all_the_same() {
    let repo = Repo::new();
    repo.write("tests/a.env", key("github")).write("prod.env", key("github")).commit("add");
    repo.write(".gitleaksignore", "tests/a.env:github-pat:1\n");
    let plan = migrate(&repo, &["--write"]);
    assert_eq!(plan["kept"][0]["also_at"], "prod.env:1", "{plan:#}");
    assert_eq!(told(&repo).0, ["prod.env:1", "tests/a.env:1"]);
}

#[test]
fn of_two_secrets_on_a_line_only_the_named_one_is_hidden() {
    let repo = Repo::new();
    repo.write("a.env", format!("{} {}\n", key("github"), key("stripe"))).commit("add");
    repo.write(".gitleaksignore", "a.env:stripe-access-token:1\n");
    migrate(&repo, &["--write"]);
    let rules: Vec<String> = repo.scan::<&str>([]).found();
    assert_eq!(rules.iter().filter(|line| line.contains("(suppressed)")).count(), 1, "{rules:?}");
    assert!(rules.iter().any(|line| line.ends_with("github-personal-token")), "{rules:?}");
    repo.write(".gitleaksignore", "a.env:something:1\n").remove(".keywrightignore");
    let plan = migrate(&repo, &["--write"]);
    assert_eq!(plan["files"][0]["unsure"].as_array().unwrap().len(), 1, "{plan:#}");
}

#[test]
fn own_rules_are_taken_over_and_what_cannot_be_held_is_told() {
    let repo = Repo::new();
    repo.write("keywright.toml", "# ours\n[ignore]\npaths = ['docs/**'] # samples\n");
    repo.write("a.conf", filled("acme_{base36:20}", 1)).write("v/a.conf", filled("acme_{base36:20}", 2));
    repo.commit("add");
    repo.write(
        ".gitleaks.toml",
        "[extend]\nuseDefault = true\ndisabledRules = ['jwt']\n[[rules]]\nid = 'acme'\nregex = '''acme_[a-z0-9]{20}'''\nkeywords = ['acme_']\n[[rules]]\nid = 'ahead'\nregex = '''a(?=b)'''\n[[rules]]\nid = 'github-personal-token'\nregex = '''x{30}'''\n[allowlist]\npaths = ['''^v/''', '''\\bfoo\\b''']\n",
    );
    let plan = migrate(&repo, &["--write"]);
    let why: Vec<String> = plan["files"][0]["not_carried_over"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skip| format!("{}: {}", skip["line"], skip["what"].as_str().unwrap()))
        .collect();
    assert_eq!(
        why,
        [
            "3: that rule `jwt` is off",
            r"15: paths like \bfoo\b",
            "8: rule `ahead`",
            "11: rule `github-personal-token`"
        ]
    );
    assert_eq!(told(&repo), (vec!["a.conf:1".to_owned()], vec!["v/a.conf:1".to_owned()]));
    let text = std::fs::read_to_string(repo.path("keywright.toml")).unwrap();
    assert!(
        text.starts_with("# ours\n[ignore]\npaths = ['docs/**',") && text.contains("# samples"),
        "{text}"
    );
    // A second time there is nothing to do.
    let again = migrate(&repo, &["--write"]);
    assert_eq!(again["write"], serde_json::json!({"entries": [], "paths": [], "rules": []}), "{again:#}");
    assert_eq!(std::fs::read_to_string(repo.path("keywright.toml")).unwrap(), text);
}

#[test]
fn a_configuration_that_another_extends_is_read_below_the_root_only() {
    let repo = Repo::new();
    repo.write("a/a.env", key("github")).commit("add");
    let list = "[allowlist]\npaths = ['''^a/''']\n";
    std::fs::write(repo.outside("outside.toml"), list).unwrap();
    for (path, is_read) in [("conf/base.toml", true), ("../outside.toml", false), (".gitleaks.toml", false)] {
        repo.write("conf/base.toml", list).write(".gitleaks.toml", format!("[extend]\npath = '{path}'\n"));
        let plan = migrate(&repo, &[]);
        let paths = plan["write"]["paths"].as_array().unwrap();
        assert_eq!(paths.len(), usize::from(is_read), "{path}: {plan:#}");
    }
}

#[test]
fn a_broken_file_is_told_and_the_others_go_on() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    repo.write(".gitleaksignore", "a.env:github-pat:1\n");
    repo.write(".secrets.baseline", "{\"version\": \"1.5.0\", \"results\": {\"a.env\": [{\"type\"");
    repo.write(".talismanrc", "fileignoreconfig: [\n");
    repo.write(".gitguardian.yaml", "version: 9\n");
    let run = repo.run(["migrate", "--write", "--owner", "ann"]).exits(3);
    for word in [".secrets.baseline: line 1", ".talismanrc: line ", ".gitguardian.yaml: line 1"] {
        assert!(run.stderr.contains(word), "{word}: {}", run.stderr);
    }
    assert_eq!(told(&repo).1, ["a.env:1"]);
}

#[test]
fn nothing_is_written_unless_asked_for_and_the_plan_is_told() {
    let repo = Repo::new();
    repo.write("a.env", format!("TOKEN={}\n", key("github"))).write("tests/k.env", nth_key("github", 2));
    repo.write("gone.env", "x").commit("add");
    repo.write(
        ".gitleaksignore",
        "a.env:github-pat:1\ngone.env:github-pat:1\nlost.env:jwt:4\nwhat is this\n",
    );
    repo.write(".gitleaks.toml", "[extend]\nuseDefault = true\n[allowlist]\npaths = ['''^tests/''']\n");
    let run = repo.run(["migrate", "--owner", "ann"]);
    insta::assert_snapshot!(run.screen(), @r"
    .gitleaks.toml (gitleaks): 1 entry
      hides 1 finding
        [fp]  tests/k.env:1  ghp_…baN2 · paths like ^tests/ → github-personal-token

    .gitleaksignore (gitleaks): 3 entries
      hides 1 finding
        [fp]  a.env:1  ghp_…7rUi · github-pat → github-personal-token
      1 is about something Keywright takes for no secret
      1 hides nothing that is here
      not carried over
        line 4: a line: it is not of the shape [commit:]file:rule:line

    Worth a second look, before it stays hidden
        [fp]  tests/k.env:1  ghp_…baN2 · it is surely a key, and a path pattern of .gitleaks.toml hides whatever stands there

    Would be written
      .keywrightignore   1 entry
      keywright.toml     1 ignored path
        tests/**
    Nothing was written. To write it: keywright migrate --write
    exit 0
    ");
    assert!(!repo.path(".keywrightignore").exists() && !repo.path("keywright.toml").exists());
    let run: Run = repo.run(["migrate", "--owner", "ann", "--write"]).exits(0);
    assert!(run.text().contains("\nWritten\n"), "{}", run.text());
    let text = std::fs::read_to_string(repo.path(".keywrightignore")).unwrap();
    let tail = text.trim_end().split_once(' ').and_then(|_| text.lines().last()).unwrap();
    assert!(
        tail.ends_with(
            " rule=github-personal-token seen=a.env owner=ann reason=\"migrated from .gitleaksignore\""
        ),
        "{text}"
    );
}

#[test]
fn a_baseline_of_a_hundred_thousand_entries_is_read() {
    let repo = Repo::new();
    repo.write("a.env", format!("KEY=\"{}\"\n", key("stripe"))).commit("add");
    let entry = |n: usize| {
        let digest = if n == 77_777 {
            data_encoding::HEXLOWER.encode(&sha1::Sha1::digest(key("stripe")))
        } else {
            format!("{n:040x}")
        };
        format!(
            r#"{{"type":"T","filename":"a.env","hashed_secret":"{digest}","is_verified":false,"line_number":{n}}}"#
        )
    };
    let entries: Vec<String> = (0..100_000).map(entry).collect();
    let text =
        format!(r#"{{"version":"1.5.0","plugins_used":[],"results":{{"a.env":[{}]}}}}"#, entries.join(","));
    repo.write(".secrets.baseline", text);
    let lines: Vec<String> = (2..100_002).map(|n| format!("a.env:jwt:{n}\nb{n}.env:jwt:1")).collect();
    repo.write(".gitleaksignore", lines.join("\n"));
    let plan = migrate(&repo, &["--write"]);
    assert_eq!(plan["write"]["entries"].as_array().unwrap().len(), 1);
    assert_eq!(told(&repo).1, ["a.env:1"]);
}

#[test]
fn a_repository_without_any_such_file_is_told_so() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    let run = repo.run(["migrate"]).exits(0);
    assert!(run.text().starts_with("no other scanner's files were found"), "{}", run.text());
}
