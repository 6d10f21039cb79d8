//! What still holds a leaked key, and a history from which it is taken out.

use std::path::Path;
use std::process::Command;

use keywright::detect::Detector;
use keywright::git::Repository;
use keywright::model::{Extent, Secret};
use keywright::respond::clean::{Left, Wanted, left, recheck, write_script};
use keywright::rule::RuleSet;

use crate::support::{Repo, key};

fn secret() -> Secret {
    Secret::new(key("github").into_bytes())
}

fn look(folder: &Path, secret: &Secret) -> Left {
    let repo = Repository::open(folder).unwrap();
    left(&repo, &Wanted { secret: Some(secret), ..Wanted::default() }).unwrap()
}

/// The refs that hold it, each with how often.
fn refs(left: &Left) -> Vec<String> {
    left.refs.iter().map(|(name, n)| format!("{name} {n}")).collect()
}

/// A repository that holds the key in three files of its history, a commit's message, a tag's message, a
/// note, a stash, a pull request, an object without a ref and the working tree.
fn spread() -> Repo {
    let repo = Repo::new();
    let key = key("github");
    repo.write("README.md", "# Shop\n").commit("a beginning");
    repo.git(["tag", "before"]);
    repo.write("a.env", format!("TOKEN={key}\n")).commit("first");
    repo.write("b/c.py", format!("x = '{key}{key}'\nOTHER = 1\n")).commit(&format!("use {key} for now"));
    repo.git(["tag", "-a", "v1", "-m", &format!("works with {key}")]);
    repo.remove("a.env").remove("b/c.py").commit("take them away");
    repo.branch("pull").write("d.txt", format!("{key}-in-a-pull-request\n")).commit("a pull request");
    repo.git(["update-ref", "refs/pull/7/head", "HEAD"]);
    repo.go("main").git(["branch", "-D", "pull"]);
    repo.git(["notes", "add", "-m", &format!("the key was {key}"), "before"]);
    repo.write("README.md", format!("{key}\n")).git(["stash"]);
    repo.git_with(["hash-object", "-w", "--stdin"], format!("lost: {key}\n").as_bytes());
    repo.write("notes.txt", format!("todo: {key}\n"));
    repo
}

#[test]
fn every_ref_that_holds_it_is_named() {
    let repo = spread();
    let left = look(&repo.path(""), &secret());
    // Three objects: two files and a message; a tag adds its own, a pull request its file.
    assert_eq!(
        refs(&left),
        ["refs/heads/main 3", "refs/notes/commits 1", "refs/pull/7/head 4", "refs/stash 4", "refs/tags/v1 4"]
    );
    assert_eq!((left.worktree.as_slice(), left.unreachable), (&["notes.txt".to_owned()][..], 1));
    assert_eq!((left.unread, left.names, left.gaps.len()), (0, 0, 0));
    assert!(left.objects > 20 && !left.is_clean());
    let advice = left.advice().join("\n");
    for word in ["working tree", "filter-repo", "pull requests", "stash", "gc --prune"] {
        assert!(advice.contains(word), "{word}: {advice}");
    }
    assert!(!format!("{left:?}").contains(&key("github")));
}

#[test]
fn an_object_that_is_known_to_hold_it_is_looked_for_by_its_id() {
    let repo = spread();
    let objects = [repo.id("v1:a.env"), "no id".into()];
    let opened = Repository::open(&repo.path("")).unwrap();
    let left = left(&opened, &Wanted { objects: &objects, ..Wanted::default() }).unwrap();
    assert_eq!(refs(&left), ["refs/heads/main 1", "refs/pull/7/head 1", "refs/stash 1", "refs/tags/v1 1"]);
}

#[test]
fn what_nobody_can_read_any_more_is_recognised_by_a_detector() {
    let repo = spread();
    let opened = Repository::open(&repo.path("")).unwrap();
    let detector = Detector::new(RuleSet::builtin());
    let is_it = |bytes: &[u8]| {
        detector.detect(bytes, &Extent::whole(bytes.len())).into_iter().any(|hit| hit.secret == secret())
    };
    let by_detector = left(&opened, &Wanted { recognised: Some(&is_it), ..Wanted::default() }).unwrap();
    // Two of them in a row are no key to a rule: that file is not seen.
    assert_eq!(
        refs(&by_detector),
        ["refs/heads/main 2", "refs/notes/commits 1", "refs/pull/7/head 3", "refs/stash 3", "refs/tags/v1 3"]
    );
    assert!(by_detector.gaps.is_empty());
    // By ids alone nothing is called clean.
    let clean = Repo::new();
    clean.write("a", "b").commit("c");
    let opened = Repository::open(&clean.path("")).unwrap();
    let by_ids = left(&opened, &Wanted { objects: &["0a".repeat(20)], ..Wanted::default() }).unwrap();
    assert!(by_ids.refs.is_empty() && !by_ids.is_clean(), "{by_ids:?}");
}

#[test]
fn several_repositories_are_told_together() {
    let (repo, secret) = (spread(), secret());
    let one = look(&repo.path(""), &secret);
    assert_eq!((Left::of_all(&[]), Left::of_all(&[("a".into(), one.clone())])), (None, Some(one.clone())));
    let unseen = Left::unseen("it is not there".into());
    let both = Left::of_all(&[("a".into(), one.clone()), ("b".into(), unseen)]).unwrap();
    assert_eq!((both.refs[0].0.as_str(), both.refs.len()), ("a: refs/heads/main", one.refs.len()));
    assert_eq!(both.gaps, ["b: it is not there"]);
    assert_eq!(both.advice().len(), one.advice().len() + 1);
}

#[test]
fn a_staged_file_and_a_file_named_after_it_are_told() {
    let repo = Repo::new();
    let key = key("github");
    repo.write("a.env", &key).stage("a.env").write("a.env", "");
    repo.write(format!("{key}.txt"), "").git(["add", &format!("{key}.txt")]);
    repo.git(["write-tree"]);
    let left = look(&repo.path(""), &secret());
    assert_eq!((left.worktree.as_slice(), left.names), (&["a.env (staged)".to_owned()][..], 1));
    assert_eq!((left.unreachable, left.refs.len()), (0, 0));
}

#[test]
fn a_clone_that_is_cut_off_is_not_called_clean() {
    let repo = spread();
    repo.write("README.md", "# Shop\n").remove("notes.txt");
    let shallow = repo.clone("shallow", &["--depth=1"]);
    let left = look(&shallow.path(""), &secret());
    assert!(left.refs.is_empty() && left.worktree.is_empty());
    assert!(!left.is_clean() && left.gaps[0].contains("shallow"), "{left:?}");
}

/// Rewrites a mirror of a repository with the real `git filter-repo` and a file for a secret.
/// `None`: it is not installed.
#[expect(clippy::print_stdout, reason = "a test that did nothing says so")]
fn rewritten(repo: &Repo, name: &str, secret: &Secret) -> Option<Repo> {
    let program = std::env::var_os("KEYWRIGHT_PEERS").map(|peers| Path::new(&peers).join("git-filter-repo"));
    let Some(program) = program.filter(|program| program.exists()) else {
        assert!(std::env::var_os("KEYWRIGHT_TESTS_RUN").is_none(), "tests/run sets git-filter-repo up");
        println!("skipped: KEYWRIGHT_PEERS has no git-filter-repo (tests/peers/setup.sh)");
        return None;
    };
    let mirror = repo.clone(name, &["--mirror"]);
    let file = repo.outside(&format!("{name}.callback"));
    write_script(&file, secret).unwrap();
    let output = Command::new(program)
        .args(["--force", "--blob-callback"])
        .arg(&file)
        .arg("--message-callback")
        .arg(&file)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .current_dir(mirror.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(mirror)
}

#[test]
fn after_the_real_filter_repo_nothing_is_left() {
    let repo = spread();
    let secret = secret();
    let Some(mirror) = rewritten(&repo, "clean", &secret) else { return };
    let before = look(&repo.path(""), &secret);
    let opened = Repository::open(&mirror.path("")).unwrap();
    let again = recheck(&opened, &Wanted { secret: Some(&secret), ..Wanted::default() }, &before).unwrap();
    assert!(again.still.is_clean(), "{:?}", again.still);
    assert_eq!(again.gone.len(), 6, "{:?}", again.gone);
    // Nothing else was touched, and both of two in a row are gone.
    assert_eq!(mirror.git(["show", "v1:b/c.py"]), "x = '***REMOVED******REMOVED***'\nOTHER = 1");
    assert_eq!(mirror.git(["log", "-1", "--format=%s", "v1"]), "use ***REMOVED*** for now");
    assert_eq!(mirror.git(["show", "v1:README.md"]), "# Shop");
    let run = mirror.run(["scan", "."]);
    assert_eq!(run.code, Some(0), "{}\n{}", run.text(), run.stderr);
}

#[test]
fn a_weak_secret_of_odd_bytes_is_taken_out_too() {
    let repo = Repo::new();
    let weak = "p@ss w\\rd\"é#1";
    let text = format!("a{weak}b\nénd {weak}\n");
    repo.write("a.txt", &text).commit(&format!("it is {weak}!"));
    let Some(mirror) = rewritten(&repo, "weak", &Secret::new(weak.as_bytes().to_vec())) else { return };
    assert_eq!(mirror.git(["show", "main:a.txt"]), "a***REMOVED***b\nénd ***REMOVED***");
    assert_eq!(mirror.git(["log", "-1", "--format=%s"]), "it is ***REMOVED***!");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone_and_is_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let room = tempfile::tempdir().unwrap();
    let file = room.path().join("callback");
    write_script(&file, &Secret::new(b"hunter2".to_vec())).unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(text.contains("WARNING: the secret is weak") && !text.contains("hunter2"));
    assert!(write_script(&file, &secret()).is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}
