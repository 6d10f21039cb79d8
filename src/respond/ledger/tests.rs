use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::*;
use crate::model::credential::Liveness;
use crate::model::incident::{Action, Decision, Exposed, Ownership, Shown, Stage, Times};

/// Text that would do something in a page that took it as it is.
const HARM: &str = "</style></p>\"'><img src=x onerror=alert(1)>&lt;<!--\u{202e}\n# h\n[a](http://e.example)|`x`\x1b[31m ##[x] @all";
/// The name that never leaves the store.
const IDENTITY: &str = "f00dfacef00dfacef00dfacef00dface";
const NOW: Moment = 1_700_000_900_000;

/// An incident that is over, whose every foreign text is the given one.
fn incident(text: &str) -> Incident {
    let at = |seconds: Moment| Some(1_700_000_000_000 + seconds * 1000);
    fn answer<T>(is: T, why: &str) -> Option<Shown<T>> {
        Some(Shown { is, why: why.into(), at: 1_700_000_130_000 })
    }
    let flag = |first, sign: &str| Flagged {
        sign: sign.into(),
        what: text.into(),
        uses: 12,
        sent: 34_567,
        first: at(first),
        last: at(first + 20),
        ids: vec![text.into(), "ev-2".into()],
    };
    let reviewed = Reviewed {
        from: 1_700_000_100_000,
        until: 1_700_000_160_000,
        uses: 99,
        before: 12,
        flags: vec![flag(105, "new target host"), Flagged { first: None, last: None, ..flag(0, text) }],
        letter: Some(format!("To: a\nSubject: b\n\n{text}\n")),
        ..Reviewed::default()
    };
    Incident {
        id: "i-0123456789abcdef".into(),
        identity: IDENTITY.into(),
        fingerprint: "ab".repeat(32),
        rule: text.into(),
        provider: text.into(),
        key_id: Some(text.into()),
        masked: "avp_live_…beef".into(),
        severity: "critical".into(),
        stage: Stage::Closed,
        liveness: answer(Liveness::Alive, text),
        ownership: answer(Ownership::Ours, text),
        exposed: answer(Exposed::Public, text),
        key: Some(text.into()),
        decision: Some(Decision {
            action: Action::Auto,
            because: text.into(),
            by: text.into(),
            at: 1_700_000_140_000,
        }),
        rotation: Some("r-1".into()),
        plan_hash: Some("h".into()),
        asked_by: text.into(),
        approvals: vec![(text.into(), 1_700_000_141_000)],
        times: Times {
            committed: at(0),
            public: at(100),
            detected: at(130),
            decided: at(140),
            contained: at(150),
            delivered: at(155),
            dead: at(160),
            reviewed: at(170),
            closed: at(800),
        },
        outage: Some(5_250),
        rechecks: 2,
        review: serde_json::to_value(reviewed).unwrap(),
        note: text.into(),
        unlisted: 3,
        host_untold: false,
    }
}

fn sighting(text: &str) -> Sighting {
    Sighting {
        repository: text.into(),
        place: "history".into(),
        object: "0a".repeat(20),
        path: text.into(),
        line: 3,
        commit: "0b".repeat(20),
        date: text.into(),
        refs: vec![text.into()],
        seen: 1_700_000_130_000,
    }
}

fn audited(text: &str, number: i64) -> AuditRecord {
    let text = || text.to_owned();
    AuditRecord {
        number,
        at: 1_700_000_150_000,
        actor: text(),
        action: "rotation.revoke".into(),
        key: text(),
        provider: text(),
        rotation: "r-1".into(),
        old_last4: "beef".into(),
        new_last4: "cafe".into(),
        status: "success".into(),
        reason: text(),
        detail: text(),
        hash: "0c".repeat(32),
    }
}

/// What is left: everything there can be.
fn left(text: &str) -> Left {
    Left {
        refs: vec![(text.into(), 2), ("refs/pull/7/head".into(), 1)],
        worktree: vec![text.into()],
        unreachable: 1,
        names: 1,
        objects: 12,
        files: 3,
        unread: 1,
        gaps: vec![text.into()],
    }
}

/// Writes the report in each form: Markdown, JSON, HTML.
fn reports(text: &str) -> [String; 3] {
    let (incident, left) = (incident(text), left(text));
    let (places, audit) = ([sighting(text)], [audited(text, 8), audited(text, 7)]);
    let ledger =
        Ledger { incident: &incident, sightings: &places, audit: &audit, left: Some(&left), now: NOW };
    [ledger.markdown(), ledger.json(), ledger.html()]
}

fn bare(incident: &Incident) -> Ledger<'_> {
    Ledger { incident, sightings: &[], audit: &[], left: None, now: NOW }
}

#[test]
fn every_form_tells_moments_reasons_and_numbers() {
    let [markdown, json, html] = reports("because of line 3");
    for (name, report) in [("markdown", &markdown), ("json", &json), ("html", &html)] {
        for words in ["i-0123456789abcdef", "avp_live_…beef", "because of line 3", "refs/pull/7/head", "auto"]
        {
            assert!(report.contains(words), "{name}: {words}");
        }
        // One minute of exposure: from the first public moment to the proof of death.
        assert!(report.contains("1.0"), "{name}");
    }
    for report in [&markdown, &html] {
        for words in ["2023-11-14 22:13:20 UTC", "5.2 s", "Dead after 1.0 minutes, and closed", "1 min 40 s"]
        {
            assert!(report.contains(words), "{words}: {report}");
        }
    }
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["exposure"], json!({"from": "public", "minutes": 1.0, "ms": 60_000, "is_over": true}));
    assert_eq!(json["outage_ms"], json!(5_250));
    let names: Vec<_> =
        json["times"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    let order = [
        "committed",
        "public",
        "detected",
        "decided",
        "contained",
        "delivered",
        "dead",
        "reviewed",
        "closed",
    ];
    assert_eq!(names, order);
    assert_eq!(json["times"][1]["at"], "2023-11-14T22:15:00.000Z");
    let numbers: Vec<_> = json["steps"].as_array().unwrap().iter().map(|s| s["number"].as_i64()).collect();
    assert_eq!(numbers, [Some(7), Some(8)]);
    assert_eq!(json["review"]["flags"][0]["sign"], "new target host");
    assert_eq!(json["left"]["refs"][1], json!(["refs/pull/7/head", 1]));
}

#[test]
fn the_hashes_of_the_evidence_can_be_made_again() {
    let [_, json, html] = reports(HARM);
    let json: Value = serde_json::from_str(&json).unwrap();
    let hash = |text: &str| data_encoding::HEXLOWER.encode(&Sha256::digest(text));
    let mut all = String::new();
    for line in json["evidence"]["lines"].as_array().unwrap() {
        assert_eq!(line["sha256"], hash(line["text"].as_str().unwrap()));
        all += line["sha256"].as_str().unwrap();
        all += "\n";
    }
    assert_eq!(json["evidence"]["sha256"], hash(&all));
    assert!(html.contains(&hash(&all)));
    let what: Vec<_> =
        json["evidence"]["lines"].as_array().unwrap().iter().map(|l| l["what"].as_str().unwrap()).collect();
    assert_eq!(
        what,
        [
            "fingerprint",
            "times",
            "liveness",
            "ownership",
            "exposure",
            "decision",
            "asked by",
            "approval",
            "plan",
            "place",
            "review",
            "left",
            "audit 8",
            "audit 7"
        ]
    );
}

#[test]
fn one_changed_letter_is_another_hash() {
    let sum = |incident: &Incident| {
        let json: Value = serde_json::from_str(&bare(incident).json()).unwrap();
        json["evidence"]["sha256"].as_str().unwrap().to_owned()
    };
    let first = incident("a");
    let mut second = first.clone();
    second.decision.as_mut().unwrap().because = "b".into();
    assert_ne!(sum(&first), sum(&second));
    assert_eq!(sum(&first), sum(&first.clone()));
}

#[test]
fn nothing_of_the_store_or_of_the_new_key_is_told() {
    for report in reports("x") {
        assert!(!report.contains(IDENTITY) && !report.contains("cafe"), "{report}");
    }
}

/// Lists the tags of a page, values left out.
fn tags(page: &str) -> Vec<String> {
    let body = page.split_once("</style>").unwrap().1;
    let tags = body.split('<').skip(1).map(|rest| {
        let tag = rest.split_once('>').expect("a tag ends").0;
        let unquoted: Vec<_> = tag.split('"').step_by(2).collect();
        unquoted.join("")
    });
    tags.collect()
}

#[test]
fn no_text_adds_a_tag_or_an_attribute_to_the_page() {
    let ([.., harm], [.., plain]) = (reports(HARM), reports("a"));
    assert_eq!(tags(&harm), tags(&plain));
    assert!(harm.contains("&lt;img src=x onerror=alert(1)&gt;&amp;lt;&lt;!--\\u{202e}\\x0a# h"), "{harm}");
    assert!(!harm.contains('\u{202e}') && !harm.contains('\x1b') && !harm.contains("##[x]"));
    for tag in tags(&harm) {
        let mut words = tag.split(' ').map(|word| word.split('=').next().unwrap());
        let element = words.next().unwrap();
        let active =
            ["script", "img", "link", "iframe", "object", "embed", "form", "base", "a", "use", "image"];
        assert!(!active.contains(&element), "{tag}");
        for name in words {
            let loads = ["src", "srcset", "style", "action", "href"].contains(&name);
            assert!(!loads && !name.starts_with("on"), "{tag}");
        }
    }
}

#[test]
fn the_policy_allows_the_style_and_nothing_else() {
    let [.., html] = reports("a");
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = data_encoding::BASE64.encode(&Sha256::digest(style));
    let policy =
        html.split_once("Content-Security-Policy\" content=\"").unwrap().1.split_once('"').unwrap().0;
    assert_eq!(
        policy,
        format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
    );
    assert!(!style.contains("url(") && !style.contains("@import"));
}

/// What is in a Markdown text, without the text itself.
fn parts(markdown: &str) -> Vec<String> {
    Parser::new_ext(markdown, Options::all())
        .filter_map(|event| match event {
            Event::Start(tag) => Some(format!("{tag:?}")),
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => Some("harm".into()),
            _ => None,
        })
        .collect()
}

#[test]
fn no_text_becomes_markup_in_the_markdown() {
    let ([harm, ..], [plain, ..]) = (reports(HARM), reports("a"));
    assert_eq!(parts(&harm), parts(&plain));
    for event in Parser::new_ext(&harm, Options::all()) {
        let is_link = matches!(event, Event::Start(Tag::Link { .. } | Tag::Image { .. }));
        assert!(!is_link && !matches!(event, Event::Html(_) | Event::InlineHtml(_)), "{event:?}");
    }
    assert!(!harm.contains('\u{202e}') && !harm.contains('\x1b'));
}

#[test]
fn the_json_reads_back_exactly() {
    let [_, json, _] = reports(HARM);
    let parsed: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(parsed["incident"]["note"], HARM);
    assert!(json.is_ascii() || !json.contains('\u{202e}'));
}

#[test]
fn an_incident_of_which_little_is_known_is_told_too() {
    let mut young = incident("a");
    young.times = Times { detected: Some(1_700_000_000_000), ..Times::default() };
    (young.liveness, young.ownership, young.exposed, young.decision) = (None, None, None, None);
    (young.review, young.outage, young.stage) = (Value::Null, None, Stage::Open);
    let ledger = bare(&young);
    let html = ledger.html();
    for words in ["Not proven dead", "not asked", "Nothing was reviewed.", "Nobody has looked yet."] {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("<svg"), "one moment is no line");
    assert!(ledger.markdown().contains("cannot tell, for nobody knows since when"));
    let json: Value = serde_json::from_str(&ledger.json()).unwrap();
    assert_eq!((&json["exposure"]["minutes"], &json["left"]), (&Value::Null, &Value::Null));
}

#[test]
fn exposure_is_counted_until_now_while_it_is_not_dead() {
    let mut open = incident("a");
    (open.times.dead, open.times.public, open.stage) = (None, None, Stage::Answering);
    let told = bare(&open).markdown();
    assert!(
        told.contains("15.0 minutes, from the first commit, for nobody knows when it became public to now"),
        "{told}"
    );
    assert!(told.contains("**Not proven dead, 15.0 minutes so far.**"));
}

#[test]
fn the_picture_shows_the_moments_the_exposure_and_unusual_uses() {
    let [.., html] = reports("evil.example");
    let svg = html.split_once("<svg").unwrap().1.split_once("</svg>").unwrap().0;
    assert_eq!(svg.matches("<circle").count(), 9);
    // From public over detected, decided, contained and delivered to dead.
    assert_eq!((svg.matches("class=\"open\"").count(), svg.matches("class=\"shut\"").count()), (5, 3));
    // The flag without a time is not drawn.
    assert_eq!(svg.matches("<rect").count(), 1);
    assert!(svg.contains("new target host: evil.example ×12"), "{svg}");
}

#[test]
fn a_review_of_another_shape_is_none() {
    assert_eq!(Reviewed::read(&json!(null)), None);
    assert_eq!(Reviewed::read(&json!({"flags": 7})), None);
    assert_eq!(Reviewed::read(&json!({"uses": 7, "more": 1})).unwrap().uses, 7);
}

#[test]
fn a_review_is_kept_whole() {
    use crate::respond::review::{Exposure, Use, review};
    let uses = [Use { at: Some(5), host: Some("a.example".into()), id: Some("e".into()), ..Use::default() }];
    let review = review(&uses, Exposure { from: 0, until: 9 });
    let kept = Reviewed::of(&review, Some("letter".into()));
    assert_eq!((kept.uses, kept.from, kept.until, kept.letter.as_deref()), (1, 0, 9, Some("letter")));
    let flag = &kept.flags[0];
    assert_eq!((flag.sign.as_str(), flag.what.as_str(), flag.ids.len()), ("new target host", "a.example", 1));
    assert_eq!(Reviewed::read(&serde_json::to_value(&kept).unwrap()), Some(kept));
}

proptest::proptest! {
    #[test]
    fn any_moments_do_no_harm(at: [Option<Moment>; 9], now: Moment, flag: [Option<Moment>; 2]) {
        let mut odd = incident("a");
        let [committed, public, detected, decided, contained, delivered, dead, reviewed, closed] = at;
        odd.times = Times {
            committed, public, detected, decided, contained, delivered, dead, reviewed, closed,
        };
        odd.review["flags"][0]["first"] = json!(flag[0]);
        odd.review["flags"][0]["last"] = json!(flag[1]);
        let ledger = Ledger { now, ..bare(&odd) };
        for report in [ledger.markdown(), ledger.json(), ledger.html()] {
            proptest::prop_assert!(!report.is_empty() && !report.contains("NaN"));
        }
    }
}
