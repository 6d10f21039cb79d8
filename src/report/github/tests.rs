//! GitHub's report, read back as its runner and its pages read it: stories, then any text there is.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::super::sample::{self, PLAIN, finding, in_history, let_be, told};
use super::super::{Format, Outcome, Style, github_summary};
use crate::model::text::{shown, tame};
use crate::model::{Coverage, Finding, Path, Place, Severity, Skip, SkipReason, Status};

/// A workflow command, as the runner understands it.
#[derive(Debug, PartialEq)]
struct Read {
    level: String,
    properties: Vec<(String, String)>,
    message: String,
}

impl Read {
    fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// Reads a line as the runner does: white space in front is skipped, what is unescaped is what GitHub's
/// documentation names, and any line may hold the older form.
fn read(line: &str) -> Option<Read> {
    // To the runner's comparison these characters are not there.
    let seen: String = line.chars().filter(|c| !"\u{ad}\u{34f}\u{180b}\u{fe0f}".contains(*c)).collect();
    // A server that does not know a command looks for the older form in its line too.
    if seen.contains("##[") {
        return Some(Read {
            level: "of the older form".into(),
            properties: Vec::new(),
            message: line.into(),
        });
    }
    seen.trim_start().strip_prefix("::")?;
    assert!(line.starts_with("::"), "a command that is not ours: {line}");
    let (info, message) = line[2..].split_once("::")?;
    let (level, properties) = info.split_once(' ').unwrap_or((info, ""));
    let data = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
    let value = |text: &str| data(text).replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
    let properties = properties.trim().split(',').filter_map(|p| p.split_once('='));
    Some(Read {
        level: level.into(),
        // The runner takes every `=` between a name and its value away.
        properties: properties.map(|(n, v)| (n.into(), value(v.trim_start_matches('=')))).collect(),
        message: data(message).replace("%25", "%"),
    })
}

fn commands(text: &str) -> Vec<Read> {
    text.split('\n').filter_map(read).collect()
}

fn github(findings: &[Finding], coverage: &Coverage) -> String {
    told(Format::Github, &sample::outcome(findings, coverage), &PLAIN)
}

fn summary(outcome: &Outcome<'_>, most: usize) -> String {
    let mut out = Vec::new();
    github_summary(outcome, most, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn gap() -> Coverage {
    let mut coverage = Coverage { files: 3, bytes: 1200, ..Coverage::default() };
    let (what, mend) = ("blob 0a1b2c".into(), "git fetch --refetch".into());
    coverage.skip(Skip { reason: SkipReason::Missing, what, mend });
    coverage
}

#[test]
fn a_leak_is_an_error_a_gap_a_warning_and_what_was_read_a_notice() {
    let findings = [finding("example-token", Severity::High, "a,b:c%.env", 3)];
    insta::assert_snapshot!(github(&findings, &gap()), @r"
    ::error file=a%2Cb%3Ac%25.env,line=3,endLine=3,col=7,endColumn=33,title=Example token (high)::…qqqq at a,b:c%25.env line 3, confidence high%0ATo do: Revoke it in the console.%0ARule example-token, fingerprint 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    ::warning title=Not everything could be read::1 × missing: blob 0a1b2c%0ATo do: git fetch --refetch
    ::notice title=Keywright%3A 1 leak in 1 file::repository demo · read 3 files: 1.2 kB in 0.25 s, 212 rules
    ");
}

#[test]
fn a_clean_run_says_what_it_read() {
    let coverage = Coverage { files: 3, bytes: 1200, ..Coverage::default() };
    insta::assert_snapshot!(github(&[], &coverage), @"::notice title=Keywright%3A no leaks::repository demo · read 3 files: 1.2 kB in 0.25 s, 212 rules");
}

#[test]
fn a_place_that_is_in_no_file_any_more_is_told_in_words() {
    let gone = in_history(finding("r", Severity::High, "old.env", 3));
    let mut message = in_history(finding("r", Severity::High, "", 3));
    message.location.place = Place::CommitMessage;
    let mut odd = finding("r", Severity::High, "", 3);
    odd.location.path = Path::new(b"a\xff".as_slice());
    let read = commands(&github(&[gone, message, odd], &Coverage::default()));
    assert!(read[..3].iter().all(|command| command.level == "error" && command.properties.len() == 1));
    let says = |words: &str| assert!(read.iter().any(|c| c.message.contains(words)), "{words}: {read:#?}");
    says("at old.env line 3, since commit 1a2b3c4d5e of 2024-05-06 by Ann Author, no longer in HEAD but in");
    says("in the message of commit 1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e, since commit");
    says(r"at a\xff line 3");
}

#[test]
fn what_is_still_in_head_or_came_with_a_change_is_drawn_at_its_file() {
    for in_head in [Some(true), None] {
        let mut leak = in_history(finding("r", Severity::High, "a.env", 3));
        leak.location.in_head = in_head;
        leak.location.end_line = 9;
        let read = commands(&github(&[leak], &Coverage::default()));
        let names: Vec<_> = read[0].properties.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["file", "line", "endLine", "title"]);
    }
}

#[test]
fn the_worst_are_drawn_and_the_last_says_how_many_more_there_are() {
    let mut findings: Vec<_> = (1..=30).map(|line| finding("low", Severity::Low, "a.env", line)).collect();
    findings.push(finding("worst", Severity::Critical, "z.env", 1));
    let text = github(&findings, &Coverage::default());
    let errors: Vec<_> = commands(&text).into_iter().filter(|c| c.level == "error").collect();
    assert_eq!(errors.len(), 10);
    assert_eq!(errors[0].property("file"), Some("z.env"));
    assert_eq!(errors[9].property("title"), Some("22 more places hold leaks"));
    assert_eq!(
        text.lines().filter(|line| line.starts_with("leak: low, low, …qqqq at a.env line ")).count(),
        22
    );
}

#[test]
fn warnings_have_their_limit_too() {
    let coverage = gap();
    let warnings: Vec<_> = (0..40).map(|n| format!("rule {n} is odd")).collect();
    let mut outcome = sample::outcome(&[], &coverage);
    outcome.warnings = &warnings;
    let read = commands(&told(Format::Github, &outcome, &PLAIN));
    assert_eq!(read.iter().filter(|c| c.level == "warning").count(), 10);
    assert_eq!(read[0].property("title"), Some("Not everything could be read"));
    assert_eq!(read[9].property("title"), Some("32 more warnings"));
}

#[test]
fn what_does_not_count_is_counted_and_the_summary_lists_it() {
    let mut before = finding("r", Severity::High, "b.env", 1);
    before.status = Status::AlreadyThere;
    let findings = [let_be(finding("r", Severity::High, "a.env", 1), "a test"), before];
    let coverage = Coverage::default();
    let read = commands(&github(&findings, &coverage));
    assert_eq!(read.len(), 1);
    assert!(read[0].message.contains("not counted: 1 suppressed, 1 already there"), "{read:?}");
    insta::assert_snapshot!(summary(&sample::outcome(&findings, &coverage), 10_000), @r"
    ## Keywright: no leaks

    `repository demo`: read nothing: 0 bytes in 0.25 s, 212 rules.

    not counted: 1 suppressed, 1 already there

    ### Found, and not counted

    | Why | Rule | Where | Said by |
    | --- | --- | --- | --- |
    | suppressed | `r` | `a.env` line 1 | `keywright:allow` `a test` |
    | already-there | `r` | `b.env` line 1 |  |
    ");
}

#[test]
fn the_summary_tells_the_gaps_the_leaks_and_what_to_do() {
    let findings = [in_history(finding("example-token", Severity::High, "a|b`c.env", 3))];
    insta::assert_snapshot!(summary(&sample::outcome(&findings, &gap()), 10_000), @r"
    ## Keywright: 1 leak in 1 file

    `repository demo`: read 3 files: 1.2 kB in 0.25 s, 212 rules.

    1 high

    **Not everything could be read.**

    - `1 × missing: blob 0a1b2c`
      - to do: `git fetch --refetch`

    | How bad | Rule | Where | Secret | Since |
    | --- | --- | --- | --- | --- |
    | high | `example-token` | `a\x7cb\x60c.env` line 3, no longer in HEAD | `…qqqq` | `1a2b3c4d5e` `2024-05-06` `Ann Author` |

    ### What to do

    - `example-token` `Example token`: `Revoke it in the console.`
    ");
}

#[test]
fn a_summary_keeps_to_its_size_and_says_what_it_leaves_out() {
    let mut findings: Vec<_> = (1..500).map(|n| finding("r", Severity::High, "a.env", n)).collect();
    findings.extend((1..500).map(|n| let_be(finding("r", Severity::High, "b.env", n), "a test")));
    let coverage = gap();
    let outcome = sample::outcome(&findings, &coverage);
    for most in (0..120_000).step_by(977) {
        let text = summary(&outcome, most);
        assert!(text.len() <= most);
        let rows = |words: &str| text.lines().filter(|line| line.contains(words)).count();
        let (leaks, others) = (rows("| `a.env` line"), rows("| `b.env` line"));
        if most >= 2_000 {
            assert_eq!(leaks < 499, text.contains(&format!("\n{} more are not listed here", 499 - leaks)));
            assert!(leaks == 499 || others == 0, "what counts comes first");
            assert!(text.contains("to do: `git fetch --refetch`") && text.contains("### What to do"));
        }
    }
    assert_eq!(summary(&outcome, 120_000).matches("b.env").count(), 499);
}

#[test]
fn a_summary_masks_though_a_person_asked_for_more() {
    let coverage = Coverage::default();
    let mut leak = in_history(finding("r", Severity::High, &sample::secret(), 1));
    leak.location.commit.as_mut().unwrap().author = sample::secret().into_bytes();
    let findings = [leak, let_be(finding("r", Severity::High, "a", 1), &sample::secret())];
    assert!(!summary(&sample::outcome(&findings, &coverage), 10_000).contains(&sample::secret()));
}

/// Reads a summary as GitHub's pages do: asserts that every cell is in its column and that nothing that
/// comes from outside stands anywhere but in code.
fn is_calm(text: &str) {
    assert!(!text.contains(['\r', '\0']));
    let mut cells = 0;
    let mut in_table = None;
    for event in
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_GFM | Options::ENABLE_FOOTNOTES)
    {
        match event {
            Event::Html(_) | Event::InlineHtml(_) | Event::FootnoteReference(_) => panic!("HTML: {text}"),
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_) | Tag::BlockQuote(_)) => {
                panic!("more than words: {text}");
            }
            Event::Start(Tag::Table(columns)) => in_table = Some(columns.len()),
            Event::End(TagEnd::Table) => in_table = None,
            Event::Start(Tag::TableRow | Tag::TableHead) => cells = 0,
            Event::Start(Tag::TableCell) => cells += 1,
            Event::End(TagEnd::TableRow) => assert_eq!(Some(cells), in_table),
            Event::Text(words) => {
                let ours = |c: char| c.is_ascii_alphanumeric() || " ,.:()×-".contains(c);
                assert!(words.chars().all(ours), "{words} in {text}");
            }
            _ => {}
        }
    }
    assert!(in_table.is_none());
}

/// Text as somebody who means harm would write it.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "::",
        "##[",
        "##[add-mask]x",
        "#\u{ad}#[stop-commands]x",
        "::add-mask::x",
        "::stop-commands::t",
        "::set-output name=a::b",
        "\n",
        "\r",
        "%0A",
        "%25",
        "%",
        ":",
        ",",
        "=",
        "==",
        "#",
        "[",
        "]",
        "|",
        "`",
        "``",
        "\\",
        "\\|",
        "<img src=x>",
        "![a](http://e.example/x)",
        "[a](b)",
        "@team",
        "#12",
        "GH-1",
        "https://e.example",
        "www.e.example",
        "a@e.example",
        "$x$",
        "<!--",
        "-->",
        "\u{ad}",
        "\u{202e}",
        "\u{200b}",
        "\u{2028}",
        "\u{3000}",
        "\u{85}",
        "\t",
        " ",
        "\0",
        "\x1b[31m",
        "é",
        "file=b",
        "title=c",
        "*",
        "_",
        "~~",
        "&#64;",
        "- ",
        "# ",
        "> ",
        "a",
        "b",
    ]);
    prop_oneof![3 => prop::collection::vec(pieces, 0..8).prop_map(|p| p.concat()), 1 => any::<String>()]
}

proptest! {
    #[test]
    fn whatever_a_name_says_only_our_commands_are_read(
        names in prop::collection::vec((hostile(), hostile(), hostile(), prop::option::of(Just(0xffu8))), 1..14),
        others in prop::collection::vec(hostile(), 4),
        show_secrets: bool,
    ) {
        let mut findings = Vec::new();
        for (n, (path, author, word, odd)) in names.iter().enumerate() {
            let mut leak = finding("r", Severity::High, path, n as u64);
            if n % 3 == 1 {
                leak = in_history(leak);
                leak.location.in_head = [None, Some(true), Some(false)][n / 3 % 3];
                leak.location.refs = vec![word.clone(), path.clone()];
                leak.location.commit.as_mut().unwrap().author = author.clone().into_bytes();
            }
            let bytes = path.bytes().chain(*odd).collect::<Vec<_>>();
            leak.location.path = Path::new(bytes);
            leak.hit.masked = shown(word.as_bytes());
            let rule = std::sync::Arc::get_mut(&mut leak.hit.rule).unwrap();
            (rule.id, rule.description, rule.remedy) = (author.clone(), word.clone(), path.clone());
            findings.push(if n % 5 == 4 { let_be(leak, word) } else { leak });
        }
        let mut coverage = Coverage::default();
        let (what, mend) = (others[0].clone(), others[1].clone());
        coverage.skip(Skip { reason: SkipReason::Missing, what: what.clone(), mend: mend.clone() });
        coverage.skip(Skip { reason: SkipReason::Symlink, what, mend });
        let warnings = [others[2].clone()];
        let mut outcome = sample::outcome(&findings, &coverage);
        (outcome.warnings, outcome.target) = (&warnings, &others[3]);

        let text = told(Format::Github, &outcome, &Style { show_secrets, ..PLAIN });
        let leaks = findings.iter().filter(|f| f.suppression.is_none()).count();
        let read = commands(&text);
        let level = |level: &str| read.iter().filter(|c| c.level == level).count();
        prop_assert_eq!((level("error"), level("warning"), level("notice")), (leaks.min(10), 2, 1), "{}", text);
        prop_assert_eq!(read.len(), leaks.min(10) + 3);
        prop_assert!(text.lines().count() <= leaks + 4, "a line of somebody else's: {}", text);
        for command in read.iter().filter(|c| c.level == "error") {
            let known = ["file", "line", "endLine", "col", "endColumn", "title"];
            prop_assert!(command.properties.iter().all(|(name, _)| known.contains(&name.as_str())));
            if let Some(file) = command.property("file") {
                prop_assert!(findings.iter().any(|f| f.location.path.bytes() == file.as_bytes()), "{}", file);
            }
            prop_assert!(command.message.len() < 4096 && command.message.lines().count() <= 3);
        }
        // Whatever goes through as it is leads to its file.
        for leak in findings.iter().filter(|f| f.suppression.is_none() && f.location.in_head != Some(false)) {
            let Ok(path) = str::from_utf8(leak.location.path.bytes()) else { continue };
            if leaks <= 10 && !path.is_empty() && !path.starts_with('=') && tame(shown(path.as_bytes())) == path {
                prop_assert!(read.iter().any(|c| c.property("file") == Some(path)), "{}", path);
            }
        }
        is_calm(&summary(&outcome, 1_000_000));
    }
}
