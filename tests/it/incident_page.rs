//! The report of an incident, as a real browser shows it, about a real repository.

use std::path::{Path, PathBuf};

use keywright::git::Repository;
use keywright::model::Secret;
use keywright::model::credential::Liveness;
use keywright::model::incident::{
    Action, Decision, Exposed, Incident, Ownership, Shown, Sighting, Stage, Times,
};
use keywright::model::rotation::Moment;
use keywright::respond::clean::{Left, Wanted, left};
use keywright::respond::ledger::{Ledger, Reviewed};
use keywright::respond::letter::{Facts, letter};
use keywright::respond::review::{Exposure, Use, review};
use keywright::store::record::AuditRecord;
use serde_json::json;

use crate::support::{Browser, Repo, filled, key};

/// What somebody who means harm writes into every name there is.
const HARM: &str = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>";
/// 2026-05-06, 07:00 in UTC.
const BEGIN: Moment = 1_778_050_800_000;
const MINUTE: Moment = 60_000;

fn at(minutes: f64) -> Option<Moment> {
    Some(BEGIN + (minutes * MINUTE as f64) as Moment)
}

/// The key that leaked.
fn leaked() -> String {
    key("atlasvpn basicAuth")
}

/// A public repository with the leak in a file, on two branches and in a pull request.
fn shop() -> Repo {
    let repo = Repo::new();
    repo.write("README.md", "# Shop\n").commit("a beginning");
    repo.write("proxy.json", format!("{{\"basicAuth\": \"{}\"}}\n", leaked())).commit("proxy");
    repo.git(["branch", "staging"]);
    repo.git(["update-ref", "refs/pull/12/head", "HEAD"]);
    repo.remove("proxy.json").commit("take the key away");
    repo
}

fn look(repo: &Repo) -> Left {
    let secret = Secret::new(leaked().into_bytes());
    let opened = Repository::open(&repo.path("")).unwrap();
    left(&opened, &Wanted { secret: Some(&secret), ..Wanted::default() }).unwrap()
}

/// Two weeks of habit, and then what a stranger did.
fn uses(stranger: &str) -> Vec<Use> {
    let seen = |at: Moment, host: &str, origin: &str, sent| Use {
        id: Some(format!("ev-{:04}", at.rem_euclid(9973))),
        at: Some(at),
        host: Some(host.into()),
        status: Some(200),
        sent,
        received: 900,
        origin: Some(origin.into()),
    };
    let day = 24 * 60 * MINUTE;
    let habit = |n: Moment| seen(BEGIN - n * day + 20 * MINUTE, "api.shop.example", "NL", 512);
    let mut uses: Vec<_> = (1..=28).map(habit).collect();
    let begun = at(2.5).unwrap();
    uses.extend((0..40).map(|n| seen(begun + n * 2_000, stranger, "KP", 90_000)));
    uses.push(Use { status: Some(429), ..seen(begun + 90_000, stranger, "KP", 10) });
    uses
}

/// An incident that was answered in minutes, and whose foreign texts are the given one.
fn incident(text: &str) -> Incident {
    fn answer<T>(is: T, why: &str) -> Option<Shown<T>> {
        Some(Shown { is, why: why.into(), at: at(2.2)? })
    }
    let exposure = Exposure { from: at(0.4).unwrap(), until: at(4.3).unwrap() };
    let found = review(&uses(text), exposure);
    let key_id = leaked().split(':').next().unwrap().to_owned();
    let facts = Facts {
        to: "security@provider.example",
        provider: "AtlasVPN",
        key_id: &key_id,
        from: "the shop's operators",
    };
    Incident {
        id: "i-0123456789abcdef".into(),
        identity: "f00d".repeat(8),
        fingerprint: "ab".repeat(32),
        rule: "atlasvpn-basic-auth".into(),
        provider: "atlasvpn".into(),
        key_id: Some(key_id.clone()),
        masked: format!("avp_live_…{}", &leaked()[leaked().len() - 4..]),
        severity: "critical".into(),
        stage: Stage::Closed,
        liveness: answer(Liveness::Alive, "the gateway let it through"),
        ownership: answer(Ownership::Ours, "it is the key shop-proxy of the inventory"),
        exposed: answer(Exposed::Public, text),
        key: Some("shop-proxy".into()),
        decision: Some(Decision {
            action: Action::Auto,
            because: "line 4 of the policy".into(),
            by: "policy".into(),
            at: at(2.3).unwrap(),
        }),
        rotation: Some("r-0123456789abcdef".into()),
        plan_hash: None,
        asked_by: String::new(),
        approvals: Vec::new(),
        times: Times {
            committed: at(-190.0),
            public: at(0.4),
            detected: at(2.1),
            decided: at(2.3),
            contained: at(2.9),
            delivered: at(3.6),
            dead: at(4.3),
            reviewed: at(4.5),
            closed: at(1445.0),
        },
        outage: Some(41_300),
        rechecks: 2,
        review: serde_json::to_value(Reviewed::of(&found, letter(&facts, &found))).unwrap(),
        note: "it stayed dead after an hour and after a day".into(),
        unlisted: 0,
        host_untold: false,
    }
}

fn sightings(repo: &Repo, text: &str) -> Vec<Sighting> {
    vec![Sighting {
        repository: "shop".into(),
        place: "history".into(),
        object: repo.id("staging:proxy.json"),
        path: format!("proxy.json{text}"),
        line: 1,
        commit: repo.id("staging"),
        date: "2026-05-06T03:50:00Z".into(),
        refs: vec!["refs/heads/staging".into(), text.into()],
        seen: at(2.1).unwrap(),
    }]
}

fn audit(text: &str) -> Vec<AuditRecord> {
    let line = |number: i64, minutes, action: &str, detail: &str| AuditRecord {
        number,
        at: at(minutes).unwrap(),
        actor: "policy".into(),
        action: action.into(),
        key: "shop-proxy".into(),
        provider: "atlasvpn".into(),
        rotation: "r-0123456789abcdef".into(),
        old_last4: String::new(),
        new_last4: String::new(),
        status: "success".into(),
        reason: "leak:commit".into(),
        detail: detail.into(),
        hash: data_encoding::HEXLOWER.encode(&[number as u8; 32]),
    };
    vec![
        line(41, 2.1, "incident.recorded", text),
        line(42, 2.3, "incident.decided", "auto"),
        line(43, 2.9, "rotation.contain", "the old key is revoked"),
        line(44, 3.6, "rotation.write", "vercel:shop#PROXY_AUTH"),
        line(45, 4.3, "rotation.dead", "the gateway answers 407"),
        line(46, 4.5, "incident.reviewed", "4 kinds of unusual use"),
    ]
}

/// Writes the report in each form: Markdown, JSON, HTML.
fn reports(repo: &Repo, text: &str) -> [String; 3] {
    let (incident, places, audit, left) = (incident(text), sightings(repo, text), audit(text), look(repo));
    let now = at(1446.0).unwrap();
    let ledger = Ledger { incident: &incident, sightings: &places, audit: &audit, left: Some(&left), now };
    [ledger.markdown(), ledger.json(), ledger.html()]
}

fn page(repo: &Repo, text: &str) -> PathBuf {
    let [.., html] = reports(repo, text);
    let page = repo.outside("incident.html");
    std::fs::write(&page, html).unwrap();
    page
}

/// Opens a page that has no script to say that it is ready.
fn open(browser: &Browser, page: &Path) {
    browser.tell("POST", "/url", &json!({ "url": format!("file://{}", page.display()) }));
    browser.wait("return document.readyState === 'complete'");
}

#[test]
fn no_form_of_the_report_holds_the_secret() {
    let repo = shop();
    let secret = leaked();
    let (id, half) = secret.split_once(':').unwrap();
    let encoded = data_encoding::BASE64.encode(secret.as_bytes());
    for report in reports(&repo, "scrape.example") {
        assert!(report.contains(id) && report.contains("refs/pull/12/head"));
        // No eight of its signs in a row: the mask shows four.
        for part in half.as_bytes().windows(8) {
            let part = std::str::from_utf8(part).unwrap();
            assert!(!report.contains(part), "{part}");
        }
        assert!(!report.contains(&encoded[..24]));
        assert!(!report.contains(&"f00d".repeat(8)));
    }
}

#[test]
fn a_browser_shows_the_page_and_finds_nothing_wrong_with_it() {
    let repo = shop();
    let page = page(&repo, "scrape.example");
    let Some(browser) = Browser::start(1280, 1000) else { return };
    open(&browser, &page);
    let shown = browser.run(
        "const text = selector => document.querySelector(selector).textContent;
         return [text('h1'), text('.numbers li').trim(), document.querySelectorAll('svg circle').length,
                 document.querySelectorAll('svg .flag').length, document.styleSheets.length,
                 getComputedStyle(document.querySelector('svg line.open')).stroke,
                 document.documentElement.scrollWidth <= innerWidth]",
    );
    assert_eq!(
        shown,
        json!([
            "Dead after 3.9 minutes, and closed",
            "3.9 minutes of exposure",
            9,
            5,
            1,
            "rgb(168, 18, 58)",
            true
        ])
    );
    // No text of the picture stands in another, and none leaves it.
    let clashes = browser.run(
        "const boxes = [...document.querySelectorAll('svg text')].map(t => [t.textContent, t.getBoundingClientRect()]);
         const all = document.querySelector('svg').getBoundingClientRect();
         const clash = [];
         for (const [a, x] of boxes) {
           if (x.left < all.left || x.right > all.right || x.bottom > all.bottom) clash.push(a);
           for (const [b, y] of boxes)
             if (a < b && x.left < y.right && y.left < x.right && x.top < y.bottom && y.top < x.bottom) clash.push(a + ' / ' + b);
         }
         return clash",
    );
    assert_eq!(clashes, json!([]));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn hostile_texts_do_nothing_in_the_page() {
    let repo = shop();
    let page = page(&repo, HARM);
    let Some(browser) = Browser::start(1280, 1000) else { return };
    open(&browser, &page);
    let strange = browser.run(
        "return [document.title, document.images.length, document.scripts.length,
                 document.body.textContent.includes(\"<img src=x onerror=document\")]",
    );
    assert_eq!(
        strange,
        json!(["Incident i-0123456789abcdef: Dead after 3.9 minutes, and closed", 0, 0, true])
    );
    assert_eq!(browser.complaints(), [""; 0]);
    // The policy holds, and a breach of it would have been seen.
    browser.run("new Image().src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw='");
    browser.run("const s = document.createElement('script'); s.textContent = '1'; document.body.append(s)");
    let complaints = browser.complaints();
    assert!(
        complaints.iter().any(|text| text.contains("img-src") || text.contains("default-src")),
        "{complaints:?}"
    );
    assert!(complaints.len() >= 2, "{complaints:?}");
}

#[test]
fn the_page_is_dark_where_the_reader_is() {
    let repo = shop();
    let page = page(&repo, filled("{hex:6}", 1).as_str());
    let Some(browser) = Browser::start(700, 900) else { return };
    open(&browser, &page);
    let dark = json!({ "cmd": "Emulation.setEmulatedMedia",
                       "params": { "features": [{ "name": "prefers-color-scheme", "value": "dark" }] } });
    let ground = "return getComputedStyle(document.body).backgroundColor";
    assert_eq!(browser.run(ground), json!("rgb(247, 247, 245)"));
    browser.tell("POST", "/goog/cdp/execute", &dark);
    assert_eq!(browser.run(ground), json!("rgb(17, 19, 22)"));
}

/// Draws the picture of docs/incidents.md: `cargo test --test it incident_picture -- --ignored`.
#[test]
#[ignore = "it writes into docs/"]
fn incident_picture_for_the_documents() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let repo = shop();
    let page = page(&repo, "scrape.example");
    let browser = Browser::start(1320, 900).unwrap();
    open(&browser, &page);
    std::fs::write(docs.join("incident.png"), browser.picture()).unwrap();
}
