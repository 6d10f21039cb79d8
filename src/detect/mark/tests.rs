//! The sample lines that each tool's pages show, and what is none.

use proptest::prelude::*;

use super::*;
use crate::model::Severity;

const ALL: Marks = Marks::ALL;

fn rule(id: &str) -> RuleCard {
    RuleCard {
        id: id.into(),
        description: String::new(),
        provider: None,
        docs: None,
        remedy: String::new(),
        severity: Severity::High,
        tags: Vec::new(),
    }
}

/// The secret: from the first `SECRET` to the last.
fn secret(text: &[u8]) -> Range<usize> {
    let first = memchr::memmem::find(text, b"SECRET").unwrap();
    first..memchr::memmem::rfind(text, b"SECRET").unwrap() + 6
}

fn suppression(text: &[u8], id: &str, heeded: Marks) -> Option<Suppression> {
    let secret = secret(text);
    MarksIn::new(text, heeded).about(&rule(id), &secret, &secret, std::slice::from_ref(&secret))
}

/// The mark that lets the secret be.
fn by(text: &str) -> Option<String> {
    suppression(text.as_bytes(), "github-personal-token", ALL).map(|s| s.by)
}

fn reason(text: &str) -> Option<String> {
    suppression(text.as_bytes(), "github-personal-token", ALL).unwrap().reason
}

#[track_caller]
fn heeded(mark: &str, texts: &[&str]) {
    for text in texts {
        assert_eq!(by(text).as_deref(), Some(mark), "{text}");
    }
}

#[track_caller]
fn not_heeded(texts: &[&str]) {
    for text in texts {
        assert_eq!(by(text), None, "{text}");
    }
}

#[test]
fn every_spelling_is_as_short_as_the_search_goes_back() {
    assert!(CARDS.iter().all(|c| c.spelling.len() <= OVERLAP + 1));
}

#[test]
fn a_mark_on_the_own_line_counts_in_every_comment() {
    let own = CARDS
        .iter()
        .filter(|c| matches!(c.placement, Placement::OwnLine | Placement::Around | Placement::FirstOrBefore));
    for card in own {
        let mark = card.spelling;
        heeded(
            mark,
            &[
                &format!("key = 'SECRET'  # {mark}"),
                &format!("key = \"SECRET\"; // {mark}\r\nnext"),
                &format!("/* {mark} */ key = SECRET"),
                &format!("SECRET ' {mark}"),
                &format!("SECRET -- {mark}"),
                &format!("<k>SECRET</k> <!-- {mark} -->"),
                &format!("<k>SECRET</k> <!-- {mark} --!>"),
                &format!("SECRET ; {mark}"),
                &format!("{{\"k\": \"SECRET\", \"_\": \"see {mark}.\"}}"),
            ],
        );
        not_heeded(&[
            &format!("SECRET # x{mark}"),
            &format!("SECRET # {mark}ed"),
            &format!("SECRET # {mark}-x"),
            &format!("SECRET # {mark}.txt"),
            &format!("SECRET # {}", mark.to_uppercase()),
            &format!("SECRET image/{mark}"),
            &format!("SECRET?x={mark}"),
            &format!("SECRET\nnext # {mark}"),
        ]);
    }
}

#[test]
fn no_space_is_needed_where_the_pages_show_none() {
    heeded("betterleaks:allow", &["key = 'SECRET'  #betterleaks:allow"]);
    heeded(
        "gitleaks:allow",
        &["'SECRET' #gitleaks:allow", "SECRET//gitleaks:allow", "SECRET /*gitleaks:allow*/"],
    );
    heeded("trufflehog:ignore", &["SECRET #trufflehog:ignore "]);
    // Semgrep's page asks for the space.
    not_heeded(&["SECRET #nosemgrep", "SECRET //nosem"]);
}

#[test]
fn a_secret_does_not_let_itself_be() {
    not_heeded(&["SECRET gitleaks:allow SECRET", "k = 'SECRET # keywright:allow SECRET'"]);
    // Beside it in the same string it counts: a command in a YAML value has its comment there.
    heeded("gitleaks:allow", &["run: \"curl -u SECRET # gitleaks:allow\""]);
}

#[test]
fn of_a_secret_of_several_lines_the_first_and_the_last_count() {
    let own = ["a /* gitleaks:allow */ SECRET\nx\nSECRET", "SECRET\nx\nSECRET\"\"\" # gitleaks:allow"];
    heeded("gitleaks:allow", &own);
    not_heeded(&[
        "SECRET\n# gitleaks:allow\nSECRET",
        "# gitleaks:allow\nSECRET\nSECRET",
        "SECRET\nSECRET\n# gitleaks:allow",
    ]);
}

#[test]
fn a_match_that_takes_the_line_break_does_not_reach_the_next_line() {
    let text = b"key = SECRET\n# gitleaks:allow\n";
    let about = MarksIn::new(text, ALL).about(&rule("x"), &(6..12), &(0..13), &[]);
    assert_eq!(about, None);
}

#[test]
fn kingfishers_mark_may_stand_around_several_lines() {
    heeded(
        "kingfisher:ignore",
        &[
            "# kingfisher:ignore\nKEY = \"\"\"\nSECRET\nSECRET\n\"\"\"\n",
            "KEY = \"\"\"\nSECRET\nSECRET\n\"\"\"  # kingfisher:ignore\n",
            "KEY = \"\"\"\nSECRET\nSECRET\n\"\"\"\n# kingfisher:ignore\n",
            "# kingfisher:ignore\nSECRET\nSECRET\n",
        ],
    );
    not_heeded(&[
        "# kingfisher:ignore\nSECRET\n",
        "SECRET\n# kingfisher:ignore\n",
        "# kingfisher:ignore\nother\nSECRET\nSECRET\n",
        "SECRET\nSECRET\nother\n# kingfisher:ignore\n",
    ]);
}

#[test]
fn detect_secrets_may_speak_of_the_next_line() {
    let mark = "pragma: allowlist nextline secret";
    heeded(mark, &["# pragma: allowlist nextline secret\nKEY = 'SECRET'\n"]);
    heeded(
        mark,
        &[
            "  // pragma: allowlist nextline secret [sample]\nSECRET",
            "<!-- pragma: allowlist nextline secret -->\nSECRET",
        ],
    );
    not_heeded(&[
        "SECRET # pragma: allowlist nextline secret",
        "# pragma: allowlist nextline secret\n\nSECRET",
        "# pragma: allowlist secret\nSECRET",
        "SECRET # pragma: allowlist secrets",
    ]);
    heeded("pragma: allowlist secret", &["SECRET # pragma: allowlist secret [the sandbox's]"]);
}

#[test]
fn secretlint_speaks_of_lines_and_blocks() {
    heeded("secretlint-disable-line", &["SECRET // secretlint-disable-line -- sample"]);
    heeded("secretlint-disable-next-line", &["// secretlint-disable-next-line\nSECRET"]);
    heeded(
        "secretlint-disable",
        &[
            "// secretlint-disable\n\nSECRET\n\n// secretlint-enable\n",
            "/* secretlint-disable @secretlint/secretlint-rule-github */\nSECRET\n",
            "// secretlint-disable @secretlint/secretlint-rule-aws, @secretlint/secretlint-rule-github -- why\nSECRET",
            "// secretlint-disable\n// secretlint-enable @secretlint/secretlint-rule-aws\nSECRET",
            "/* secretlint-disable */ SECRET /* secretlint-enable */",
        ],
    );
    not_heeded(&[
        "// secretlint-disable\n// secretlint-enable\nSECRET",
        "SECRET\n// secretlint-disable\n",
        "// secretlint-disable-line\nSECRET",
        "// secretlint-disable-next-line\n\nSECRET",
        "// secretlint-disable @secretlint/secretlint-rule-slack\nSECRET",
        "// secretlint-disable\n// secretlint-enable @secretlint/secretlint-rule-github\nSECRET",
        "SECRET // secretlint-disable-line @secretlint/secretlint-rule-slack",
    ]);
}

#[test]
fn semgrep_speaks_of_its_first_line_or_the_next() {
    heeded(
        "nosemgrep",
        &[
            "SECRET  # nosemgrep",
            "# nosemgrep\nSECRET",
            "f(SECRET,   // nosemgrep\n arg)",
            "SECRET # nosemgrep: generic.secrets.security.detected-github-token.detected-github-token",
            "# nosemgrep: rule-id-1, python.lang.hardcoded-password\nSECRET",
            "REM nosemgrep\nSECRET",
        ],
    );
    heeded("nosem", &["SECRET # nosem"]);
    not_heeded(&[
        "SECRET # nosemgrep: rule-id-1, configs.rule-id-2",
        "SECRET # nosemgrep: missing-csrf-token",
        "other() # nosemgrep\nSECRET",
        "SECRET\nSECRET # nosemgrep",
        "# nosemgrep\n\nSECRET",
    ]);
}

#[test]
fn a_reason_may_follow() {
    let said = |text: &str| reason(text).unwrap_or_default();
    assert_eq!(said("SECRET # keywright:allow -- sample\nnext"), "sample");
    assert_eq!(said("SECRET # ggignore: a test's key"), "a test's key");
    assert_eq!(said("SECRET /* gitleaks:allow -- sample */ x"), "sample");
    assert_eq!(said("SECRET <!-- gitleaks:allow -- sample -->"), "sample");
    assert_eq!(said("# nosemgrep: a.secret -- sample\r\nSECRET"), "sample");
    assert_eq!(said("// secretlint-disable github -- for the docs\nSECRET"), "for the docs");
    assert_eq!(said("SECRET # gitleaks:allow: a\u{1b}[31mb"), "a\\x1b[31mb");
    assert_eq!(reason("SECRET # gitleaks:allow"), None);
    let long = said(&format!("SECRET # gitleaks:allow -- a{}", "é".repeat(300)));
    assert!(long.len() < 200 && long.ends_with('é'), "{long}");
}

#[test]
fn no_secret_shows_in_a_reason() {
    assert_eq!(reason("/* gitleaks:allow -- sample */ SECRET"), Some("sample".into()));
    assert_eq!(reason("# gitleaks:allow -- not SECRET"), Some("not".into()));
}

#[test]
fn ours_speaks_first() {
    assert_eq!(
        by("# nosemgrep\nSECRET # gitleaks:allow keywright:allow").as_deref(),
        Some("keywright:allow")
    );
}

#[test]
fn a_tool_can_be_switched_off() {
    for card in CARDS.iter().filter(|c| c.placement != Placement::BlockEnd) {
        let text = format!("# {}\nSECRET # {}\n", card.spelling, card.spelling);
        let one = Marks::from_words([card.tool]).unwrap();
        let by = |heeded| suppression(text.as_bytes(), "x", heeded).map(|s| s.by);
        assert_eq!(by(one).as_deref(), Some(card.spelling));
        assert_eq!(by(ALL.without(one)), None);
        assert_eq!(by(Marks::NONE), None);
    }
}

#[test]
fn a_mark_further_away_than_is_looked_does_not_count() {
    let far = |between: &str, n: usize| format!("/* secretlint-disable */{}SECRET", between.repeat(n));
    assert_eq!(by(&far("\n", BLOCK_REACH - 30)).as_deref(), Some("secretlint-disable"));
    not_heeded(&[&far("\n", BLOCK_REACH)]);
    let line = |n: usize| format!("SECRET{}# gitleaks:allow", " ".repeat(n));
    assert_eq!(by(&line(LINE_REACH - 30)).as_deref(), Some("gitleaks:allow"));
    not_heeded(&[&line(LINE_REACH)]);
}

/// What a mark by itself says of each of many secrets, asked in rising order.
fn each(text: &[u8], heeded: Marks, from: usize) -> Vec<Option<Suppression>> {
    let mut marks = MarksIn::new(text, heeded);
    let spans: Vec<_> = memchr::memmem::find_iter(text, b"SECRET").map(|at| at..at + 6).collect();
    let asked = spans.iter().filter(|s| s.start >= from);
    asked.map(|s| marks.about(&rule("github"), s, s, &spans)).collect()
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    let spelling = prop::sample::select(CARDS.iter().map(|c| c.spelling).collect::<Vec<_>>());
    let piece = prop_oneof![
        4 => spelling.prop_map(|s| s.as_bytes().to_vec()),
        4 => Just(b"SECRET".to_vec()),
        6 => prop::sample::select(vec!["\n", " ", "# ", " // ", "\r\n", " -- why", ": ", "\"\"\"\n", "*/", "x"])
            .prop_map(|s| s.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => (0usize..40_000, prop::sample::select(&b" \n"[..])).prop_map(|(n, b)| vec![b; n]),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn many_secrets_are_told_as_each_by_itself(text in texts()) {
        let alone: Vec<_> = memchr::memmem::find_iter(&text, b"SECRET")
            .map(|at| {
                let spans: Vec<_> = memchr::memmem::find_iter(&text, b"SECRET").map(|at| at..at + 6).collect();
                MarksIn::new(&text, ALL).about(&rule("github"), &(at..at + 6), &(at..at + 6), &spans)
            })
            .collect();
        prop_assert_eq!(each(&text, ALL, 0), alone);
    }

    #[test]
    fn a_seam_makes_no_difference(text in texts(), cut in 0usize..200_000) {
        let cut = cut.min(text.len());
        let behind = cut.saturating_add(BLOCK_REACH + 2);
        prop_assert_eq!(each(&text[cut..], ALL, BLOCK_REACH + 2), each(&text, ALL, behind));
    }
}
