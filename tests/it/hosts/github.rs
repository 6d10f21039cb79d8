//! GitHub's own interface: visibility, alerts, comments, pushes.

use std::collections::BTreeMap;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use keywright::host::github::{Github, Resolution};
use keywright::host::{Hosts, Remote, Visibility};
use keywright::http::Door;
use keywright::model::credential::{CallError, Refusal};
use serde_json::Value;

use crate::support::double::Call;
use crate::support::github_host::{FOUND, GithubHost, State, TOKEN};
use crate::support::prism::Prism;
use crate::support::{Repo, git_http, loopback};

/// The hosts as an operator names them, and who asks.
struct Desk {
    hosts: Hosts,
    remote: Remote,
    runtime: tokio::runtime::Runtime,
    _room: tempfile::TempDir,
}

impl Desk {
    /// GitHub's interface is at `api`; what is in `more` may be asked besides.
    fn new(api: &str, more: &[&str]) -> Self {
        let room = tempfile::tempdir().unwrap();
        let path = room.path().join("token");
        std::fs::write(&path, TOKEN).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        let mut tables = format!("[github]\napi = 'http://{api}/'\ntoken = 'file:{}'\n", path.display());
        for (at, place) in more.iter().enumerate() {
            tables += &format!("[more{at}]\nkind = 'plain'\nhost = '{place}'\n");
        }
        let tables: BTreeMap<String, toml::Table> = toml::from_str(&tables).unwrap();
        let allowed: Vec<String> = [&[api], more].concat().iter().map(|p| (*p).to_owned()).collect();
        let patience = Duration::from_secs(60);
        let door = Arc::new(Door::new(&allowed).unwrap().with_patience(patience, patience));
        let hosts = Hosts::from_settings(&tables, &door).unwrap();
        let remote = Remote::parse(b"git@127.0.0.1:acme/shop.git").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { hosts, remote, runtime, _room: room }
    }

    fn github(&self) -> &Github {
        self.hosts.github(&self.remote).unwrap().0
    }

    /// Waits for a call; nothing it says holds what nobody may see.
    #[track_caller]
    fn told<T>(&self, call: impl Future<Output = Result<T, CallError>>) -> Result<T, CallError> {
        // The service behind octocrab lives as long as the runtime runs.
        let told = self.runtime.block_on(call);
        if let Err(e) = &told {
            let text = format!("{e} {e:?}");
            assert!(!text.contains(TOKEN) && !text.contains(FOUND), "{text}");
        }
        told
    }
}

fn double() -> GithubHost {
    let mut state = State::default();
    for (name, who) in
        [("open", (false, "public")), ("shop", (true, "private")), ("inner", (true, "internal"))]
    {
        state.repositories.insert(format!("acme/{name}"), who);
    }
    for number in [1, 2] {
        state.alerts.insert(number, ("open".into(), Value::Null, Value::Null));
    }
    GithubHost::start(state)
}

#[test]
fn who_may_read_a_repository_is_told() {
    let double = double();
    let desk = Desk::new(double.place(), &[]);
    for (name, visibility) in
        [("open", Visibility::Public), ("shop", Visibility::Private), ("inner", Visibility::Private)]
    {
        let told = desk.told(desk.github().repository("acme", name)).unwrap();
        assert_eq!((told.owner.as_str(), told.name.as_str(), told.visibility), ("acme", name, visibility));
        assert_eq!(told.pushed_at, Some(1_777_125_600_000));
    }
    let absent = desk.told(desk.github().repository("acme", "nothing"));
    assert!(matches!(absent, Err(CallError::Refused { kind: Refusal::Absent, .. })), "{absent:?}");
    for odd in ["..", "", "a/b", "a?b", "a%2fb"] {
        double.calls();
        assert!(
            matches!(desk.told(desk.github().repository("acme", odd)), Err(CallError::NotSent(_))),
            "{odd}"
        );
        assert!(double.calls().is_empty());
    }
}

#[test]
fn lists_are_read_to_their_end() {
    let double = double();
    for number in 0..117 {
        double.state().repositories.insert(format!("acme/r{number}"), (true, "private"));
        double.state().alerts.insert(1000 + number, ("open".into(), Value::Null, Value::Null));
    }
    let desk = Desk::new(double.place(), &[]);
    assert_eq!(desk.told(desk.github().repositories("acme")).unwrap().len(), 120);
    assert_eq!(double.calls().len(), 2);
    let alerts = desk.told(desk.github().alerts("acme", "shop")).unwrap();
    assert_eq!((alerts.len(), alerts[0].number, alerts[118].number), (119, 1, 1116));
    assert!(double.calls().iter().all(|call| call.contains("hide_secret=true")), "secrets stay at GitHub");
    // A list without an end, and one that leads to somebody else.
    double.state().next = Some(format!("http://{}/orgs/acme/repos?per_page=100&page=1", double.place()));
    let endless = desk.told(desk.github().repositories("acme"));
    assert!(matches!(endless, Err(CallError::Unreadable(_))), "{endless:?}");
    assert!(double.calls().len() < 5);
    let elsewhere = GithubHost::start(State::default());
    double.state().next = Some(format!("http://{}/orgs/acme/repos?page=2", elsewhere.place()));
    let refused = desk.told(desk.github().repositories("acme"));
    assert!(matches!(refused, Err(CallError::Withheld(_))), "{refused:?}");
    assert!(elsewhere.calls().is_empty());
}

#[test]
fn an_alert_is_resolved_as_revoked_and_opened_again() {
    let double = double();
    let desk = Desk::new(double.place(), &[]);
    let open = desk.told(desk.github().alerts("acme", "shop")).unwrap();
    assert!(
        open.iter().all(|a| a.resolution.is_none() && a.is_public == Some(true) && a.kind == "some_api_key")
    );
    desk.told(desk.github().resolve("acme", "shop", 1, "proven dead at 14:02 UTC")).unwrap();
    assert_eq!(double.state().alerts[&1].2, "proven dead at 14:02 UTC");
    let alerts = desk.told(desk.github().alerts("acme", "shop")).unwrap();
    assert_eq!((alerts[0].resolution, alerts[1].resolution), (Some(Resolution::Revoked), None));
    desk.told(desk.github().reopen("acme", "shop", 1, "it works again")).unwrap();
    let alerts = desk.told(desk.github().alerts("acme", "shop")).unwrap();
    assert_eq!(alerts[0].resolution, None);
    let absent = desk.told(desk.github().resolve("acme", "shop", 77, "x"));
    assert!(matches!(absent, Err(CallError::Refused { kind: Refusal::Absent, .. })));
    let spots = desk.told(desk.github().spots("acme", "shop", 1)).unwrap();
    assert_eq!((spots[0].path.as_deref(), spots[0].line), (Some("a/.env"), Some(3)));
    assert_eq!((spots[0].blob.as_deref(), spots[0].commit.as_deref()), (Some("b1"), Some("c1")));
}

#[test]
fn a_comment_is_made_changed_and_taken_away() {
    let double = double();
    let desk = Desk::new(double.place(), &[]);
    let github = desk.github();
    let number = desk.told(github.comment("acme", "shop", 7, "a key stood here")).unwrap();
    desk.told(github.change_comment("acme", "shop", number, "it is dead: \"<script>\"\n")).unwrap();
    let comments = desk.told(github.comments("acme", "shop", 7)).unwrap();
    assert_eq!(comments[0].body, "it is dead: \"<script>\"\n");
    assert_eq!((comments[0].number, comments[0].author.as_deref()), (number, Some("keywright[bot]")));
    desk.told(github.delete_comment("acme", "shop", number)).unwrap();
    assert!(double.state().comments.is_empty());
    // Strangers who write as much as they may keep nobody from reading.
    for number in 0..41 {
        double.state().comments.insert(number, "x".repeat(65_536));
    }
    assert_eq!(desk.told(github.comments("acme", "shop", 7)).unwrap().len(), 41);
    double.state().comments.clear();
    desk.told(github.delete_comment("acme", "shop", number)).expect("it is not there, as was wanted");
    double.calls();
    for text in ["", " \n", &"x".repeat(65_537)] {
        assert!(matches!(desk.told(github.comment("acme", "shop", 7, text)), Err(CallError::NotSent(_))));
    }
    assert!(double.calls().is_empty());
}

#[test]
fn a_no_is_told_by_its_kind_and_a_limit_with_its_end() {
    let double = double();
    let desk = Desk::new(double.place(), &[]);
    const DATE: &str =
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 784111837\r\n";
    const PAST: &str =
        "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 5\r\n";
    const FAR: &str = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 9223372036854775807\r\n";
    for (status, headers, kind, later) in [
        (401, "", Refusal::Credential, None),
        (403, "", Refusal::Permission, None),
        (403, "X-RateLimit-Remaining: 17\r\nX-RateLimit-Reset: 784111837\r\n", Refusal::Permission, None),
        (403, DATE, Refusal::TooMany, Some(60)),
        (403, PAST, Refusal::TooMany, Some(0)),
        (429, FAR, Refusal::TooMany, Some(24 * 60 * 60)),
        (403, "Retry-After: 9\r\n", Refusal::TooMany, Some(9)),
        (429, "Retry-After: 9\r\n", Refusal::TooMany, Some(9)),
        (429, "", Refusal::TooMany, None),
        (404, "", Refusal::Absent, None),
        (409, "", Refusal::Conflict, None),
        (422, "", Refusal::Other, None),
        (301, "Location: http://127.0.0.1:1/\r\n", Refusal::Other, None),
    ] {
        double.state().instead = [(status, headers), (status, headers)].into();
        for told in [
            desk.told(desk.github().repository("acme", "shop")).map(drop),
            desk.told(desk.github().resolve("acme", "shop", 1, "x")),
        ] {
            let Err(CallError::Refused { status: s, kind: k, retry_after, .. }) = told else {
                panic!("{told:?}")
            };
            assert_eq!((s, k, retry_after), (status, kind, later), "{headers}");
        }
    }
    // Out of order: nothing was changed by a look, and nobody knows of a change.
    double.state().instead = [(502, ""), (502, "")].into();
    let look = desk.told(desk.github().repository("acme", "shop"));
    assert!(matches!(look, Err(CallError::Refused { status: 502, kind: Refusal::Other, .. })), "{look:?}");
    let change = desk.told(desk.github().resolve("acme", "shop", 1, "x"));
    assert!(matches!(change, Err(CallError::Lost(_))), "{change:?}");
    // A yes that is none.
    double.state().instead = [(200, "")].into();
    let odd = desk.told(desk.github().repository("acme", "shop"));
    assert!(matches!(odd, Err(CallError::Unreadable(_))), "{odd:?}");
    let nobody = Desk::new("127.0.0.1:1", &[]);
    let unsent = nobody.told(nobody.github().repository("acme", "shop"));
    assert!(matches!(unsent, Err(CallError::NotSent(_))), "{unsent:?}");
}

#[test]
fn githubs_own_description_takes_every_call() {
    let Some(prism) = Prism::start() else { return };
    let double = double();
    let desk = Desk::new(double.place(), &[]);
    let github = desk.github();
    desk.told(github.repository("acme", "shop")).unwrap();
    desk.told(github.repositories("acme")).unwrap();
    desk.told(github.alerts("acme", "shop")).unwrap();
    desk.told(github.spots("acme", "shop", 1)).unwrap();
    desk.told(github.resolve("acme", "shop", 1, "proven dead")).unwrap();
    desk.told(github.reopen("acme", "shop", 1, "alive")).unwrap();
    let comment = desk.told(github.comment("acme", "shop", 7, "a key stood here")).unwrap();
    desk.told(github.comments("acme", "shop", 7)).unwrap();
    desk.told(github.change_comment("acme", "shop", comment, "dead")).unwrap();
    desk.told(github.delete_comment("acme", "shop", comment)).unwrap();
    desk.told(github.pushes("acme", "shop", Some("refs/heads/main"))).unwrap();
    let calls = std::mem::take(&mut double.state().log);
    assert_eq!(calls.len(), 11);
    for call in &calls {
        let status = prism.replay(call);
        assert!((200..300).contains(&status), "{} {}: {status}", call.method, call.path);
    }
    // It would say no.
    let mut wrong = calls.into_iter().find(|c| c.method == "PATCH").unwrap();
    wrong.body["resolution"] = "forgotten".into();
    assert_eq!(prism.replay(&wrong), 422);
}

#[test]
fn what_prism_tells_is_understood() {
    let Some(prism) = Prism::start() else { return };
    let place = loopback::serve(move |asked| {
        let path = format!("{}?{}", asked.path, asked.query);
        let (method, headers, body) = (asked.method.clone(), asked.headers.clone(), asked.body.clone());
        prism.answer(&Call { method, path, headers, body })
    });
    let desk = Desk::new(&place, &[]);
    let github = desk.github();
    assert_eq!(
        desk.told(github.repository("octocat", "Hello-World")).unwrap().visibility,
        Visibility::Public
    );
    assert!(!desk.told(github.repositories("github")).unwrap().is_empty());
    let alerts = desk.told(github.alerts("octocat", "Hello-World")).unwrap();
    assert!(!alerts.is_empty() && alerts.iter().all(|a| a.at.is_some() && a.number > 0));
    let spots = desk.told(github.spots("octocat", "Hello-World", 42)).unwrap();
    assert!(spots.iter().any(|s| s.kind == "commit" && s.path.is_some() && s.commit.is_some()));
    desk.told(github.resolve("octocat", "Hello-World", 42, "dead")).unwrap();
    assert!(desk.told(github.comment("octocat", "Hello-World", 7, "words")).unwrap() > 0);
    assert!(!desk.told(github.comments("octocat", "Hello-World", 7)).unwrap().is_empty());
    desk.told(github.delete_comment("octocat", "Hello-World", 1)).unwrap();
    let pushes = desk.told(github.pushes("octocat", "Hello-World", None)).unwrap();
    assert!(pushes.iter().all(|p| p.at.is_some() && p.after.len() == 40) && !pushes.is_empty());
}

#[test]
fn how_far_a_commit_can_be_seen_is_asked_of_both() {
    let repo = Repo::new();
    repo.write("a", "1").commit("one");
    let leak = repo.git(["rev-parse", "HEAD"]).trim().to_owned();
    repo.write("a", "2").commit("two");
    let tip = repo.git(["rev-parse", "HEAD"]).trim().to_owned();
    let bare = repo.clone("acme", &["--bare"]);
    std::fs::create_dir(bare.outside("served")).unwrap();
    std::fs::rename(bare.path(""), bare.outside("served/acme")).unwrap();
    let git = git_http::serve(&bare.outside("served"), |_| None);
    let known = |commit: &str, of: &str| Some(repo.git(["rev-list", of]).lines().any(|line| line == commit));
    let is_ancestor = |commit: &str, of: &str| if of == leak || of == tip { known(commit, of) } else { None };
    let double = double();
    double.state().repositories.insert("served/acme".into(), (false, "public"));
    double.state().pushes = vec![
        (tip.clone(), "2026-04-26T00:00:00Z"),
        (leak.clone(), "2026-04-25T00:00:00Z"),
        ("0".repeat(40), "2026-04-24T00:00:00Z"),
    ];
    let desk = Desk::new(double.place(), &[&git]);
    let at = |url: String| Remote::parse(url.as_bytes()).unwrap();
    // A plain host tells by what it shows.
    let told = desk.runtime.block_on(desk.hosts.exposed(
        &at(format!("http://{git}/acme")),
        slice::from_ref(&leak),
        is_ancestor,
    ));
    assert_eq!(
        (told.visibility, told.holds, told.since),
        (Visibility::Public, Some(true), None),
        "{}",
        told.why
    );
    // Where GitHub says what it is, and when it came; nobody may be asked over https here.
    for (name, visibility, since) in [
        ("open", Visibility::Public, Some(1_777_075_200_000)),
        ("shop", Visibility::Private, None),
        ("nothing", Visibility::Unknown, None),
    ] {
        let remote = at(format!("git@127.0.0.1:acme/{name}.git"));
        let told = desk.runtime.block_on(desk.hosts.exposed(&remote, slice::from_ref(&leak), is_ancestor));
        assert_eq!((told.visibility, told.since, told.holds), (visibility, since, None), "{}", told.why);
    }
    // A host that the operator did not name is not asked, and nothing is known of it.
    let other = loopback::serve(|_| (200, Value::Null));
    let told = desk.runtime.block_on(desk.hosts.exposed(
        &at(format!("http://{other}/a")),
        slice::from_ref(&leak),
        is_ancestor,
    ));
    assert_eq!((told.visibility, told.holds), (Visibility::Unknown, None));
    assert!(told.why.contains("operator's list"), "{}", told.why);
}

#[test]
fn what_is_wrong_in_a_table_is_told_without_its_values() {
    // R27
    for (tables, told) in [
        ("[github]\ntoken = 'hunter2'", "its `token`: this is no reference"),
        ("[github]\n", "missing field `token`"),
        ("[github]\ntoken = 'env:A'\nhunter = 'hunter2'", "unknown field `hunter`"),
        ("[github]\ntoken = ['hunter2']", "a value is of another kind"),
        ("[github]\ntoken = 'env:A'\napi = 'https://me:hunter2@host'", "its `api` is no address"),
        ("[github]\ntoken = 'env:A'\napi = 'ftp://hunter2'", "its `api` is no address"),
        ("[mine]\ntoken = 'env:A'", "its kind is not known"),
        ("[mine]\nkind = 'hunter2'", "its kind is not known"),
        ("[mine]\nkind = 'plain'\nhost = 'hunter2@host'", "its `host` is none"),
        ("[mine]\nkind = 'plain'\nhost = 'https://hunter2'", "its `host` is none"),
    ] {
        let tables = toml::from_str(tables).unwrap();
        let door = Arc::new(Door::new(&[]).unwrap());
        let e = Hosts::from_settings(&tables, &door).err().unwrap().to_string();
        assert!(e.contains(told) && !e.contains("hunter2"), "{e}");
    }
    let tables = toml::from_str(
        "[work]\nkind = 'github'\ntoken = 'env:A'\napi = 'https://git.example.com/api/v3'\n\
         [company]\nkind = 'github'\ntoken = 'env:A'\napi = 'https://api.acme.ghe.com'\n\
         [mine]\nkind = 'plain'\nhost = 'Code.example.com'\n",
    );
    let hosts = Hosts::from_settings(&tables.unwrap(), &Arc::new(Door::new(&[]).unwrap())).unwrap();
    let is_github =
        |url: &str| hosts.github(&Remote::parse(url.as_bytes()).unwrap()).map(|(g, _, _)| g.web().to_owned());
    assert_eq!(is_github("git@git.example.com:a/b.git").as_deref(), Some("git.example.com"));
    assert_eq!(is_github("https://acme.ghe.com/a/b").as_deref(), Some("acme.ghe.com"));
    assert_eq!(is_github("https://github.com/a/b"), None);
    assert_eq!(is_github("https://git.example.com/a/b/c"), None);
    assert!(hosts.allows("code.example.com", 443) && !hosts.allows("code.example.com", 8443));
    assert!(hosts.allows("acme.ghe.com", 443) && !hosts.allows("github.com", 443));
}
