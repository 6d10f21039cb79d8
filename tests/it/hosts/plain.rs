//! Any host that serves git over http: real git, served by git's own program.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keywright::host::plain::{Seen, ask};
use keywright::host::{Remote, Visibility};
use keywright::http::Door;

use crate::support::{Repo, git_http, loopback};

fn seen(url: &str, may: bool) -> Seen {
    let remote = Remote::parse(url.as_bytes()).unwrap();
    let (host, port) = remote.host().unwrap_or(("localhost", 1));
    let patience = Duration::from_secs(20);
    let door = Door::new(&[format!("{host}:{port}")]).unwrap().with_patience(patience, patience);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(ask(&door, &remote, |_, _| may))
}

#[test]
fn what_anybody_can_clone_is_public_and_shows_what_it_holds() {
    let repo = Repo::new();
    repo.write("a", "1").commit("one");
    let leak = repo.git(["rev-parse", "HEAD"]).trim().to_owned();
    repo.write("a", "2").commit("two").git(["tag", "-a", "v1", "-m", "a tag"]);
    repo.branch("away").write("b", "3").commit("three");
    let away = repo.git(["rev-parse", "HEAD"]).trim().to_owned();
    let served = repo.clone("served.git", &["--bare", "--branch", "v1", "--single-branch"]);
    served.git(["update-ref", "refs/heads/main", "refs/tags/v1^{commit}"]);
    let at = git_http::serve(served.path("").parent().unwrap(), |_| None);
    let seen = seen(&format!("http://{at}/served.git"), true);
    assert_eq!((seen.visibility, seen.is_whole), (Visibility::Public, true), "{}", seen.why);
    let tag = seen.refs.iter().find(|r| r.name == "refs/tags/v1").unwrap();
    assert_eq!(tag.tip, repo.git(["rev-parse", "v1^{commit}"]).trim(), "what the tag leads to");
    let is_ancestor =
        |commit: &str, tip: &str| Some(repo.git(["rev-list", tip]).lines().any(|line| line == commit));
    assert_eq!(seen.exposed(&[leak], is_ancestor).holds, Some(true));
    assert_eq!(seen.exposed(&[away], is_ancestor).holds, Some(false));
}

#[test]
fn sha256_and_empty_repositories_are_read_too() {
    let repo = Repo::sha256();
    repo.write("a", "1").commit("one");
    let tip = repo.git(["rev-parse", "HEAD"]).trim().to_owned();
    let empty = repo.beside("empty");
    repo.git(["init", "--quiet", empty.path("").to_str().unwrap()]);
    let at = git_http::serve(repo.path("").parent().unwrap(), |_| None);
    let told = seen(&format!("http://{at}/project/.git"), true);
    assert!(tip.len() == 64 && told.refs.iter().all(|r| r.tip == tip) && !told.refs.is_empty());
    let told = seen(&format!("http://{at}/empty/.git"), true);
    assert_eq!((told.visibility, told.refs.len()), (Visibility::Public, 0), "{}", told.why);
}

#[test]
fn what_is_refused_or_odd_is_told_as_what_it_is() {
    let repo = Repo::new();
    repo.write("a", "1").commit("one");
    for (status, headers, visibility) in [
        (401, "WWW-Authenticate: Basic\r\n", Visibility::Private),
        (403, "", Visibility::Private),
        (404, "", Visibility::Unknown),
        (410, "", Visibility::Unknown),
        (429, "Retry-After: 60\r\n", Visibility::Unknown),
        (500, "", Visibility::Unknown),
        (302, "Location: http://127.0.0.1:1/\r\n", Visibility::Unknown),
        (200, "Content-Type: text/html\r\n", Visibility::Unknown),
        (200, "Content-Type: application/x-git-upload-pack-advertisement\r\n", Visibility::Unknown),
    ] {
        let at = git_http::serve(repo.path("").parent().unwrap(), move |_| Some((status, headers)));
        let told = seen(&format!("http://{at}/project"), true);
        assert_eq!((told.visibility, told.refs.len()), (visibility, 0), "{status} {headers}: {}", told.why);
    }
    // A repository that is not there, by git itself.
    let at = git_http::serve(repo.path("").parent().unwrap(), |_| None);
    assert_eq!(seen(&format!("http://{at}/nothing.git"), true).visibility, Visibility::Unknown);
}

#[test]
fn a_host_that_serves_under_the_whole_name_alone_is_asked_there() {
    let repo = Repo::new();
    repo.write("a", "1").commit("one");
    let bare = repo.clone("shop.git", &["--bare"]);
    let at = git_http::serve(bare.path("").parent().unwrap(), |asked| {
        (!asked.path.starts_with("/shop.git/")).then_some((301, "Location: http://127.0.0.1:1/shop.git\r\n"))
    });
    assert_eq!(seen(&format!("http://{at}/shop"), true).visibility, Visibility::Public);
}

#[test]
fn nobody_is_asked_whom_the_operator_did_not_name() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let at = loopback::serve(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        (401, serde_json::Value::Null)
    });
    let host = at.split(':').next().unwrap();
    for (url, may) in
        [(format!("http://{at}/a/b"), false), (format!("git@{host}:a/b"), true), ("/srv/a".to_owned(), true)]
    {
        let told = seen(&url, may);
        assert_eq!(told.visibility, Visibility::Unknown, "{}", told.why);
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    assert_eq!(seen(&format!("http://{at}/a/b"), true).visibility, Visibility::Private);
}
