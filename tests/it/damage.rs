//! Damaged repositories: what can be read still is, the rest is told, and nothing panics.

use std::fs::{self, Permissions};
use std::path::Path;

use crate::support::{Repo, Run, key, nth_key};

/// A repository with a key in the working tree and a history worth damaging.
fn repo() -> Repo {
    let repo = Repo::new();
    for n in 0..8u64 {
        let filler: String =
            (0..200).map(|line| format!("{n} {}\n", (line * 7919 + n * 104_729) % 100_003)).collect();
        repo.write("a.txt", filler).commit(&format!("commit {n}"));
    }
    repo
}

/// Makes a file writable and changes it.
fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, Permissions::from_mode(0o644)).unwrap();
    }
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

/// Asserts that a run knows it is incomplete, and that no bug was met.
#[track_caller]
fn incomplete(run: Run) -> Run {
    assert!(!run.stderr.contains("bug:"), "{}", run.stderr);
    let run = run.exits(3);
    assert!(!run.gaps().is_empty(), "{}", run.text());
    run
}

#[test]
fn a_pack_with_flipped_bytes_is_told_and_the_rest_is_read() {
    let repo = repo();
    repo.git(["gc", "--quiet"]);
    change(&repo.packs("pack")[0], |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle..middle + 64].iter_mut().for_each(|b| *b ^= 0x5a);
    });
    incomplete(repo.scan::<&str>([]));
    repo.write("b.env", key("github"));
    assert_eq!(repo.scan::<&str>([]).exits(1).found(), ["working-tree b.env:1 github-personal-token"]);
    repo.scan(["--allow-incomplete", "--history"]).exits(0);
}

#[test]
fn a_pack_with_one_flipped_byte_anywhere_never_panics() {
    let repo = repo();
    repo.git(["gc", "--quiet"]);
    let pack = repo.packs("pack")[0].clone();
    let whole = fs::read(&pack).unwrap();
    for step in 0..24 {
        change(&pack, |bytes| {
            bytes.clone_from(&whole);
            let at = 12 + step * (bytes.len() - 40) / 24;
            bytes[at] ^= 0xff;
        });
        let run = repo.scan(["--history"]);
        assert!(matches!(run.code, Some(0 | 3)), "byte {step}: {}", run.screen());
        assert!(!run.stderr.contains("bug:"), "byte {step}: {}", run.stderr);
    }
}

#[test]
fn a_truncated_pack_is_told() {
    let repo = repo();
    repo.git(["gc", "--quiet"]);
    for part in [0, 8, 100, 1000] {
        change(&repo.packs("pack")[0], |bytes| {
            bytes.truncate(if part == 0 { bytes.len() / 2 } else { part });
        });
        incomplete(repo.scan(["--history"]));
    }
    change(&repo.packs("pack")[0], Vec::clear);
    incomplete(repo.scan(["--history"]));
}

#[test]
fn a_pack_without_its_index_is_told() {
    let repo = repo();
    repo.git(["gc", "--quiet"]);
    fs::remove_file(&repo.packs("idx")[0]).unwrap();
    let run = incomplete(repo.scan(["--history"]));
    assert!(run.text().contains("has no index"), "{}", run.text());
}

#[test]
fn a_damaged_pack_index_is_told() {
    let repo = repo();
    repo.git(["gc", "--quiet"]);
    let index = repo.packs("idx")[0].clone();
    let whole = fs::read(&index).unwrap();
    for cut in [0, 7, 100, 1031, whole.len() - 60] {
        change(&index, |bytes| {
            bytes.clone_from(&whole);
            bytes.truncate(cut);
        });
        incomplete(repo.scan(["--history"]));
    }
    for at in [1032, 1100, whole.len() - 100] {
        change(&index, |bytes| {
            bytes.clone_from(&whole);
            bytes[at..at + 8].fill(0xff);
        });
        let run = repo.scan(["--history"]);
        assert!(!run.stderr.contains("bug:"), "byte {at}: {}", run.stderr);
    }
}

#[test]
fn a_damaged_loose_object_is_told_and_the_rest_is_read() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).write("b", "damaged soon\n").commit("add");
    let blob = repo.loose(&repo.id("HEAD:b"));
    repo.remove("a.env").commit("remove");
    for damage in ["flipped", "cut", "empty", "plain"] {
        change(&blob, |bytes| match damage {
            "flipped" => bytes.iter_mut().skip(2).for_each(|b| *b ^= 0x5a),
            "cut" => bytes.truncate(4),
            "empty" => bytes.clear(),
            _ => *bytes = b"blob 4\0abc".to_vec(),
        });
        let run = repo.scan(["--history"]).exits(1);
        assert_eq!(run.found(), ["history a.env:1 github-personal-token"]);
        assert_eq!(run.gaps(), ["1 × corrupt"], "{damage}");
    }
}

#[test]
fn a_missing_commit_is_told() {
    let repo = repo();
    fs::remove_file(repo.loose(&repo.id("HEAD~3"))).unwrap();
    let run = incomplete(repo.scan(["--history"]));
    assert_eq!(run.gaps(), ["1 × missing"]);
    let run = repo.scan(["--range", &format!("{}..HEAD", "0".repeat(40))]);
    assert!(matches!(run.code, Some(2 | 3)), "{}", run.screen());
}

#[test]
fn a_missing_tree_is_told() {
    let repo = repo();
    fs::remove_file(repo.loose(&repo.id("HEAD~3^{tree}"))).unwrap();
    assert_eq!(incomplete(repo.scan(["--history"])).gaps(), ["1 × missing"]);
    incomplete(repo.scan(["--range", "HEAD~4..HEAD"]));
}

#[test]
fn a_missing_blob_is_told() {
    let repo = repo();
    fs::remove_file(repo.loose(&repo.id("HEAD~3:a.txt"))).unwrap();
    incomplete(repo.scan(["--range", "HEAD~4..HEAD"]));
}

#[test]
fn a_blob_missing_from_the_history_is_told() {
    let repo = repo();
    fs::remove_file(repo.loose(&repo.id("HEAD~3:a.txt"))).unwrap();
    incomplete(repo.scan(["--history"]));
}

#[test]
fn a_folder_missing_from_the_history_is_told() {
    let repo = Repo::new();
    repo.write("dir/a", "a\n").commit("add").remove("dir/a").write("b", "b\n").commit("remove");
    fs::remove_file(repo.loose(&repo.id("HEAD~1:dir"))).unwrap();
    incomplete(repo.scan(["--history"]));
}

#[test]
fn a_ref_to_nothing_is_told() {
    let repo = repo();
    fs::write(repo.path(".git/refs/heads/lost"), format!("{}\n", "ab".repeat(20))).unwrap();
    fs::write(repo.path(".git/refs/heads/broken"), "not an id\n").unwrap();
    incomplete(repo.scan(["--history"]));
}

#[test]
fn a_branch_that_was_never_begun_is_no_gap() {
    let repo = repo();
    repo.git(["symbolic-ref", "HEAD", "refs/heads/unborn"]);
    repo.scan(["--history"]).exits(0);
}

#[test]
fn a_damaged_index_is_told() {
    let repo = repo();
    repo.write("a.env", key("github"));
    for damage in ["flipped", "cut", "empty", "rubbish"] {
        change(&repo.path(".git/index"), |bytes| match damage {
            "flipped" => bytes.iter_mut().skip(8).take(60).for_each(|b| *b ^= 0xff),
            "cut" => bytes.truncate(20),
            "empty" => bytes.clear(),
            _ => *bytes = b"DIRC and then rubbish".to_vec(),
        });
        let run = repo.run(["scan", "--staged"]);
        assert_eq!(run.code, Some(3), "{damage}: {}", run.screen());
        assert!(run.stderr.contains("can't read the index"), "{damage}: {}", run.screen());
        let run = repo.scan::<&str>([]).exits(1);
        assert_eq!(run.found(), ["working-tree a.env:1 github-personal-token"], "{damage}");
        assert!(run.gaps()[0].ends_with("corrupt"), "{damage}: {:?}", run.gaps());
    }
    repo.remove("a.env").scan::<&str>([]).exits(3);
    repo.write("a.txt", key("github")).scan(["a.txt"]).exits(1);
}

#[test]
fn a_damaged_config_is_told() {
    let repo = repo();
    fs::write(repo.path(".git/config"), "[core\nrubbish").unwrap();
    let run = repo.run(["scan"]);
    assert_eq!(run.code, Some(3), "{}", run.screen());
    assert!(!run.stderr.contains("bug:"), "{}", run.screen());
    fs::write(repo.path(".git/HEAD"), "rubbish").unwrap();
    let run = repo.run(["scan"]);
    assert!(matches!(run.code, Some(2 | 3)), "{}", run.screen());
}

#[test]
#[cfg(unix)]
fn a_repository_owned_by_somebody_else_is_scanned() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    let everything =
        std::process::Command::new("chown").args(["-R", "12345:12345"]).arg(repo.path("")).output();
    if everything.is_ok_and(|o| o.status.success()) {
        let found = ["working-tree a.env:1 github-personal-token"];
        assert_eq!(repo.scan::<&str>([]).exits(1).found(), found);
        repo.scan(["--staged"]).exits(0);
    }
}

#[test]
#[cfg(unix)]
fn an_unreadable_file_is_told_and_the_rest_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let repo = Repo::new();
    repo.write("a.env", key("github")).write("b.env", nth_key("github", 2));
    fs::set_permissions(repo.path("a.env"), Permissions::from_mode(0o000)).unwrap();
    let run = repo.scan(["--files"]).exits(1);
    // An administrator reads everything.
    if fs::read(repo.path("a.env")).is_err() {
        assert_eq!(run.gaps(), ["1 × unreadable"]);
        repo.remove("b.env").scan(["--files"]).exits(3);
    }
}

/// A pack of a blob that says it has so many bytes, and of another one made from it; and its index.
#[cfg(target_os = "linux")]
fn claiming(size: u64) -> (Vec<u8>, Vec<u8>) {
    // zlib of nothing.
    let nothing = b"\x78\x9c\x03\0\0\0\0\x01";
    let mut pack = b"PACK\0\0\0\x02\0\0\0\x02".to_vec();
    // Kind 3 and four bits of the size, then seven at a time.
    pack.push(0x80 | 3 << 4 | (size & 15) as u8);
    let mut rest = size >> 4;
    while rest > 0 {
        pack.push((rest & 0x7f) as u8 | if rest > 0x7f { 0x80 } else { 0 });
        rest >>= 7;
    }
    pack.extend(nothing);
    // Kind 6, made from what stands so many bytes before.
    let second = pack.len() as u8;
    pack.extend([6 << 4, second - 12]);
    pack.extend(nothing);
    pack.extend([9; 20]);
    let mut index = b"\xfftOc\0\0\0\x02".to_vec();
    (0..256u32).for_each(|first| index.extend((2 * u32::from(first >= 7)).to_be_bytes()));
    index.extend([[7; 20], [[7; 19].as_slice(), &[8]].concat().try_into().unwrap()].concat());
    index.extend([0; 8]);
    index.extend([0, 0, 0, 12, 0, 0, 0, second]);
    index.extend([9; 40]);
    (pack, index)
}

/// A blob says it has a gigabyte, and eight bytes stand behind that: no such room is asked for, which
/// would end a program that may not have it.
#[cfg(target_os = "linux")]
#[test]
fn a_gigabyte_that_is_only_claimed_is_not_set_aside() {
    let repo = repo();
    let (pack, index) = claiming(1 << 30);
    for (end, bytes) in [("pack", pack), ("idx", index)] {
        repo.write(format!(".git/objects/pack/pack-{}.{end}", "0".repeat(40)), bytes);
    }
    let run = incomplete(repo.scan(["--history"]));
    let told = run.json()["coverage"].to_string();
    assert!(told.contains("0 bytes and says 1073741824"), "{told}");
    let limited = std::process::Command::new("sh")
        .args(["-c", r#"ulimit -v 1000000 && exec "$0" scan --history"#, env!("CARGO_BIN_EXE_keywright")])
        .current_dir(repo.path(""))
        .env("RAYON_NUM_THREADS", "1")
        .output()
        .unwrap();
    assert_eq!(limited.status.code(), Some(3), "{}", String::from_utf8_lossy(&limited.stderr));
}
