//! `keywright rules`: what is looked for, and rules of one's own.

use crate::support::{Folder, Repo, filled, key};

const ACME: &str = "[provider]\nid = \"acme\"\nname = \"Acme keys\"\ndocs = \"https://acme.io/keys\"\nremedy = \"delete it\"\n\n# Since 2020.\n[[rules]]\nid = \"acme-key\"\ndescription = \"Acme key\"\nregex = '''acme_[a-z0-9]{32}'''\nfinds = [\"acme_{base36:32}\"]\npasses = [\"acme_{base36:31}\"]\n";

#[test]
fn rules_are_listed_with_where_they_come_from() {
    let repo = Repo::new();
    repo.write("mine.toml", ACME)
        .write("keywright.toml", "[[rules]]\nid = \"theirs\"\nregex = 'theirs_[a-z]{20}'\n");
    let run = repo.run(["rules", "list", "--rules", "mine.toml", "--format", "json"]).exits(0);
    let listed = run.json();
    let rule = |id: &str| listed.as_array().unwrap().iter().find(|r| r["id"] == id).unwrap().clone();
    assert_eq!(
        (rule("acme-key")["from"].as_str(), rule("acme-key")["line"].as_u64()),
        (Some("operator"), Some(8))
    );
    assert_eq!(rule("theirs")["from"], "repository");
    assert_eq!(rule("jwt")["file"], "rules/jwt.toml");
    let acme = repo.run(["rules", "list", "--rules", "mine.toml", "--provider", "ACME"]).exits(0).text();
    let lines: Vec<&str> = acme.lines().collect();
    assert_eq!(lines[0], "rule      provider  severity  confidence  description");
    assert_eq!(lines[1], "acme-key  acme      high      medium      Acme key (mine.toml:8)");
    assert!(lines[3].starts_with("1 of ") && lines[3].ends_with("rules: 1 from mine.toml"), "{acme}");
    let narrow = repo.program().env("COLUMNS", "60").run(["rules", "list"]).exits(0);
    assert!(narrow.text().lines().all(|l| l.chars().count() <= 60 || l.contains("  ")), "{}", narrow.text());
    assert!(!narrow.text().contains('\x1b'));
    assert!(repo.run(["rules", "list", "--color", "always"]).text().contains('\x1b'));
    let none = repo.run(["rules", "list", "--tag", "nonsense"]).exits(0);
    assert!(none.text().starts_with("0 of "), "{}", none.text());
    repo.run(["rules", "list", "--severity", "nonsense"]).exits(2);
}

#[test]
fn one_rule_is_shown_with_all_it_says() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("mine.toml"), ACME).unwrap();
    insta::assert_snapshot!(folder.program().run(["rules", "show", "acme-key", "--rules", "mine.toml"]).screen(), @r"
    acme-key  Acme key
      provider      Acme keys (acme)
      severity      high
      confidence    medium, before its checks
      regex         acme_[a-z0-9]{32}
      literals      `acme_`
      secret        the first group that takes part, else all of the match
      window        matches of up to 37 bytes
      finds         acme_{base36:32}
      passes        acme_{base36:31}
      remedy        delete it
      docs          https://acme.io/keys
      stated in     mine.toml, line 8 (your own)
    exit 0
    ");
    let run = folder.program().run(["rules", "show", "acme-key", "--rules", "mine.toml", "--format", "toml"]);
    let text = run.exits(0).text();
    assert!(text.contains("# Since 2020.\n[[rules]]\nid = \"acme-key\"\n"), "{text}");
    std::fs::write(folder.path().join("again.toml"), text).unwrap();
    folder.program().run(["rules", "test", "again.toml"]).exits(0);
    let wrong = folder.program().run(["rules", "show", "githib-personal-token"]).exits(2);
    assert!(wrong.stderr.contains("fix: perhaps: github-personal-token"), "{}", wrong.stderr);
}

#[test]
fn a_sample_says_that_it_is_made_up() {
    let run = Folder::new().program().run(["rules", "show", "github-personal-token", "--sample"]).exits(0);
    let text = run.text();
    assert!(text.starts_with("# made up by `keywright rules show --sample`"), "{text}");
    assert!(text.contains("\nghp_"), "{text}");
}

#[test]
fn the_built_in_rules_hold() {
    let folder = Folder::new();
    folder.program().run(["rules", "test"]).exits(0);
    folder.program().run(["rules", "lint"]).exits(0);
}

#[test]
fn a_rule_that_breaks_its_word_is_told() {
    let folder = Folder::new();
    let write = |text: &str| std::fs::write(folder.path().join("mine.toml"), text).unwrap();
    let test = || folder.program().run(["rules", "test", "mine.toml"]);
    write(ACME);
    insta::assert_snapshot!(test().screen(), @r"
    all hold · 2 templates of 1 rule in 1 file
    exit 0
    ");
    write(
        &ACME.replace("{base36:31}", "{base36:33}").replace("finds = [", "finds = [\"acme-{base36:32}\", "),
    );
    insta::assert_snapshot!(test().screen(), @r"
    mine.toml:8  acme-key  finds `acme-{base36:32}` is not found
    mine.toml:8  acme-key  passes `acme_{base36:33}` is found
    2 do not hold · 3 templates of 1 rule in 1 file
    exit 1
    ");
    write(&ACME.replace("acme_[a-z0-9]{32}", "acme_[a-z"));
    test().exits(2);
    write("[[rules]]\nid = \"acme\"\nregex = '''(?i)acme_([a-z0-9]{20})\\b'''\nkeywords = [\"ACME_\"]\n");
    let bare = test().exits(0);
    assert!(bare.stderr.contains("no `finds` proves 1 rule: acme"), "{}", bare.stderr);
}

#[test]
fn what_a_rule_file_lacks_is_told_with_its_line_and_a_way_out() {
    let folder = Folder::new();
    let write = |text: &str| std::fs::write(folder.path().join("mine.toml"), text).unwrap();
    let lint = || folder.program().run(["rules", "lint", "mine.toml"]);
    write(ACME);
    lint().exits(0);
    write(&ACME.replace("passes = [\"acme_{base36:31}\"]\n", "passage = []\n").replace("{32}'''", "+'''"));
    insta::assert_snapshot!(lint().screen(), @r#"
    mine.toml:8  acme-key
      why: it has no passes: nothing proves it
      fix: write templates of what it must let pass: passes = ["acme_{base62:32}"]
    mine.toml:11  acme-key
      why: a match has no longest length: it is followed for 4096 bytes and cut there
      fix: bound its repeats ({20,200} for +), or say how far to look: window = 2048
    mine.toml:13  (the file)
      why: rule `acme-key`: `passage` is not known
      fix: take it out, or mend its name
    3 complaints · 1 rule in 1 file
    exit 1
    "#);
    let key = filled("ghp_{base62:30}{github-crc32}", 1);
    write(&ACME.replace("acme_{base36:32}", &key));
    let run = lint().exits(1);
    assert!(
        run.text().contains("mine.toml:12  (the file)\n  why: a key stands in it in clear: ghp_…"),
        "{}",
        run.text()
    );
    assert!(!run.text().contains(&key));
    write("rules = 3\n");
    lint().exits(2);
}

#[test]
fn a_finding_is_explained_by_its_fingerprint_though_it_stands_in_history_only() {
    let repo = Repo::new();
    repo.write("a.env", format!("a = 1\ntoken: {}\n", key("github"))).commit("add");
    repo.remove("a.env").commit("remove");
    let fingerprint = repo.scan::<&str>([]).findings()[0]["fingerprint"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(repo.run(["rules", "explain", &fingerprint[..12]]).screen(), @r"
    github-personal-token  GitHub personal access token (classic)  a.env:2
      + literal      `ghp_` stands at 2:8
      + regex        it matches 40 bytes at 2:8
      + free         nothing that may not stands right before or behind it
      + entropy      4.95 bits a byte; the rule asks for 3
      + checksum     its checksum is right
        confidence   high, as the rule says
      = counts · secret ghp_…7rUi · fingerprint [fp]

    matched too, and gave way:

    generic-secret  Random value given to a secret's name  a.env:2
      + name         a secret's name at 2:1 is given a value
        entropy      4.95 bits a byte; the rule does not ask
        confidence   medium, as the rule says
      - overlap      `github-personal-token` stands there and says more
    exit 0
    ");
    let unknown = repo.run(["rules", "explain", "deadbeef00"]).exits(2);
    assert!(unknown.stderr.contains("no finding has the fingerprint"), "{}", unknown.stderr);
    repo.run(["rules", "explain", "dead"]).exits(2);
}

#[test]
fn a_line_where_nothing_is_found_says_what_came_near() {
    let repo = Repo::new();
    let key = key("github");
    let text = format!("{}\nx{key}\nplain\n{key} # keywright:allow -- sample\n", &key[..30]);
    repo.write("a.env", text).write("b.jwt", filled("{jwt-anon}\n", 1));
    let line = |place: &str| repo.run(["rules", "explain", place]).exits(0).text();
    insta::assert_snapshot!(line("a.env:1"), @r"
    nothing is found in a.env:1

    came near, and does not match:

    github-personal-token  GitHub personal access token (classic)  a.env:1
      + literal      `ghp_` stands at 1:1
      - regex        it fits for 30 bytes from the literal on, and not the byte at 1:31
    ");
    assert!(
        line("a.env:2").contains("- not_before   it is a part of something longer"),
        "{}",
        line("a.env:2")
    );
    assert_eq!(line("a.env:3"), "nothing is found in a.env:3: no rule's literal stands there\n");
    assert!(
        line("a.env:4").contains("= does not count: inline `keywright:allow`: sample"),
        "{}",
        line("a.env:4")
    );
    assert!(line("b.jwt:1").contains("- structure    it opens nothing: "), "{}", line("b.jwt:1"));
    for place in ["a.env:1", "a.env:2", "a.env:4", "b.jwt:1"] {
        assert!(!line(place).contains(&key[4..30]), "{}", line(place));
    }
    let beyond = repo.run(["rules", "explain", "a.env:9"]).exits(2);
    assert!(beyond.stderr.contains("a.env has no line 9"), "{}", beyond.stderr);
    repo.run(["rules", "explain", "absent:1"]).exits(2);
}

#[test]
fn a_stream_is_explained_and_a_key_in_base64_too() {
    let encoded = data_encoding::BASE64.encode(format!("x={}", key("github")).as_bytes());
    let run = Folder::new().program().input(encoded).run(["rules", "explain", "-"]).exits(0);
    let text = run.text();
    assert!(text.contains("encoding     it stands inside base64"), "{text}");
    assert!(text.contains("= found, confidence high"), "{text}");
}
