//! What is kept between scans: it holds no secret, nobody else is believed, and it can always go.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use crate::support::{Program, Repo, Run, key, nth_key};

fn leaky() -> Repo {
    let repo = Repo::new();
    repo.write("a.env", format!("TOKEN={}\n", key("github"))).commit(&nth_key("stripe", 2));
    repo.write("a.env", "password: \"correct-horse-7\"\n").commit("b");
    repo
}

fn is_known(run: &Run) -> bool {
    run.json()["coverage"]["history_known_since"].is_string()
}

/// The files that are kept.
fn kept(repo: &Repo) -> Vec<PathBuf> {
    let files = fs::read_dir(repo.outside(".cache/keywright/seen")).into_iter().flatten();
    let mut files: Vec<PathBuf> = files.map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

/// The one file that is kept after a scan.
fn scanned(repo: &Repo) -> PathBuf {
    repo.scan::<&str>([]).exits(1);
    let files = kept(repo);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

fn mode(path: PathBuf) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn it_is_for_its_owner_only_and_tells_no_secret() {
    let repo = leaky();
    let file = scanned(&repo);
    assert_eq!(mode(file.clone()), 0o600);
    assert_eq!(mode(repo.outside(".cache/keywright")), 0o700);
    assert_eq!(mode(repo.outside(".cache/keywright/seen")), 0o700);
    assert_eq!(mode(repo.outside(".local/state/keywright/installation.key")), 0o600);
    let bytes = fs::read(file).unwrap();
    let findings = repo.scan(["--min-confidence", "low"]).findings();
    assert!(findings.len() >= 3);
    for secret in [key("github"), nth_key("stripe", 2), "correct-horse-7".into()] {
        // Nor any piece of one, at either end.
        for piece in secret.as_bytes()[secret.len() - 12..].windows(4) {
            assert!(memchr::memmem::find(&bytes, piece).is_none(), "{}", String::from_utf8_lossy(piece));
        }
    }
    for finding in findings {
        let print = finding["fingerprint"].as_str().unwrap();
        assert!(memchr::memmem::find(&bytes, print.as_bytes()).is_none());
    }
}

#[test]
fn where_a_name_repeats_a_key_nothing_is_kept() {
    let repo = leaky();
    repo.git(["branch", &key("github")]);
    for _ in 0..2 {
        assert!(!is_known(&repo.scan::<&str>([]).exits(1)));
        assert!(kept(&repo).is_empty());
    }
}

#[test]
fn what_was_tampered_with_is_as_if_it_were_not_there() {
    let repo = leaky();
    let file = scanned(&repo);
    let whole = fs::read(&file).unwrap();
    let first = repo.scan(["--no-cache"]).findings();
    let mut forged: Vec<Vec<u8>> = [0, 15, 16, 47, 48, 80, 90, 120].map(|at| flipped(&whole, at)).into();
    forged.extend((1..8).map(|part| flipped(&whole, whole.len() * part / 8)));
    forged.push(flipped(&whole, whole.len() - 1));
    forged.extend([0, 1, 16, 48, 49, whole.len() / 2, whole.len() - 1].map(|end| whole[..end].to_vec()));
    forged.push([&whole[..], b"0"].concat());
    for bytes in forged {
        fs::write(&file, &bytes).unwrap();
        let run = repo.scan::<&str>([]).exits(1);
        assert!(!is_known(&run));
        assert_eq!(run.findings(), first);
        assert_eq!(fs::read(&file).unwrap().len(), whole.len(), "it was written anew");
    }
    assert!(is_known(&repo.scan::<&str>([])));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(!is_known(&repo.scan::<&str>([]).exits(1)));
    fs::remove_dir(&file).unwrap();
    let elsewhere = repo.outside("elsewhere");
    fs::write(&elsewhere, &whole).unwrap();
    symlink(&elsewhere, &file).unwrap();
    assert!(!is_known(&repo.scan::<&str>([]).exits(1)), "a link is not followed");
    assert_eq!(fs::read(&elsewhere).unwrap(), whole);
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

#[test]
fn what_is_known_of_another_repository_is_of_no_use() {
    let repo = leaky();
    let theirs = scanned(&repo);
    // The very same objects and refs, in another folder.
    let other = repo.beside("other");
    repo.git(["init", "--quiet", "--bare", "../empty"]);
    let copied = std::process::Command::new("cp").arg("-a").arg(repo.path("")).arg(other.path("")).status();
    assert!(copied.unwrap().success());
    other.scan::<&str>([]).exits(1);
    let ours = kept(&repo).into_iter().find(|f| *f != theirs).unwrap();
    assert!(is_known(&other.scan::<&str>([])));
    fs::copy(&theirs, &ours).unwrap();
    assert!(!is_known(&other.scan::<&str>([]).exits(1)));
}

#[test]
fn a_key_that_others_can_read_is_not_used() {
    let repo = leaky();
    scanned(&repo);
    let key = repo.outside(".local/state/keywright/installation.key");
    let first = fs::read(&key).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    let run = repo.scan::<&str>([]).exits(1);
    assert!(!is_known(&run));
    assert!(
        run.stderr.contains("installation.key is open to others; `chmod 600` closes it"),
        "{}",
        run.stderr
    );
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    assert!(is_known(&repo.scan::<&str>([])));
    for wrong in [&first[..31], &[&first[..], b"0"].concat(), b""] {
        fs::write(&key, wrong).unwrap();
        let run = repo.scan::<&str>([]).exits(1);
        assert!(!is_known(&run) && run.stderr.contains("does not hold 32 bytes"), "{}", run.stderr);
    }
    fs::remove_file(&key).unwrap();
    assert!(!is_known(&repo.scan::<&str>([]).exits(1)));
    assert_ne!(fs::read(&key).unwrap(), first);
    assert!(is_known(&repo.scan::<&str>([])));
    fs::rename(&key, repo.outside("moved")).unwrap();
    symlink(repo.outside("moved"), &key).unwrap();
    assert!(!is_known(&repo.scan::<&str>([]).exits(1)), "a link is no key");
}

#[test]
fn a_folder_that_is_a_link_or_open_to_others_is_not_used() {
    let repo = leaky();
    let (cache, elsewhere) = (repo.outside(".cache"), repo.outside("elsewhere"));
    fs::create_dir_all(&cache).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, cache.join("keywright")).unwrap();
    let run = repo.scan::<&str>([]).exits(1);
    assert!(run.stderr.contains("keywright is no folder"), "{}", run.stderr);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    fs::remove_file(cache.join("keywright")).unwrap();
    scanned(&repo);
    fs::set_permissions(cache.join("keywright"), Permissions::from_mode(0o777)).unwrap();
    let run = repo.scan::<&str>([]).exits(1);
    assert!(!is_known(&run) && run.stderr.contains("keywright is open to others"), "{}", run.stderr);
}

#[test]
fn where_nothing_can_be_kept_nothing_is() {
    let repo = leaky();
    let at = |home: &str| -> Program {
        let program = repo.program().env("HOME", home).env("XDG_CACHE_HOME", "").env("XDG_CONFIG_HOME", "");
        program.env("XDG_STATE_HOME", "")
    };
    let nowhere = repo.outside("file");
    fs::write(&nowhere, "").unwrap();
    for home in ["", "relative", nowhere.to_str().unwrap(), "/proc/none"] {
        for _ in 0..2 {
            let run = at(home).scan::<&str>([]).exits(1);
            assert!(!is_known(&run), "{home}");
            assert_eq!(run.stderr, "", "{home}");
        }
    }
    assert!(!repo.path("relative").exists());
}

#[test]
fn nothing_is_written_into_the_scanned_repository() {
    let repo = leaky();
    let inside = repo.path(".cache");
    for _ in 0..2 {
        let run = repo.program().env("XDG_CACHE_HOME", &inside).scan::<&str>([]).exits(1);
        assert!(!is_known(&run));
    }
    assert_eq!(repo.git(["status", "--porcelain"]), "");
    assert!(!inside.exists());
}

#[test]
fn several_at_once_do_no_harm_and_all_of_it_can_be_deleted() {
    let repo = leaky();
    let first = repo.scan(["--no-cache"]).findings();
    for _ in 0..2 {
        std::thread::scope(|scope| {
            let runs: Vec<_> = (0..4)
                .map(|_| repo.program())
                .map(|program| scope.spawn(move || program.scan::<&str>([]).exits(1)))
                .collect();
            for run in runs {
                let run = run.join().unwrap();
                assert_eq!((run.findings(), run.stderr.as_str()), (first.clone(), ""));
            }
        });
        assert!(is_known(&repo.scan::<&str>([])));
        assert_eq!(kept(&repo).len(), 1);
        fs::remove_dir_all(repo.outside(".cache")).unwrap();
        fs::remove_dir_all(repo.outside(".local")).unwrap();
    }
}
