//! Repositories made by an enemy: no program they name runs, nothing in them reaches the screen as
//! it is, and nothing takes for ever.

use std::fs;
use std::time::Duration;

use keywright::report::Format;

use crate::support::{Repo, key, nth_key};

/// Signs that could move a cursor, turn the reading direction or forge a line.
const HARMFUL: [char; 6] = ['\x1b', '\r', '\x07', '\u{202e}', '\u{200b}', '\u{2066}'];

/// Asserts that no format lets a harmful sign through.
#[track_caller]
fn harmless(repo: &Repo, args: &[&str]) {
    for format in Format::words() {
        let run = repo.run(["scan", "--format", format].iter().chain(args));
        // CSV ends its lines so.
        let screen = format!("{}{}", run.text(), run.stderr).replace("\r\n", "\n");
        for sign in HARMFUL {
            assert!(!screen.contains(sign), "{format} lets {sign:?} through: {screen:?}");
        }
        assert!(std::str::from_utf8(&run.stdout).is_ok(), "{format} is no UTF-8");
        assert!(matches!(run.code, Some(1 | 3)), "{}", run.screen());
        assert!(!run.stderr.contains("bug:"), "{}", run.stderr);
    }
}

#[test]
#[cfg(unix)]
fn names_that_would_command_a_terminal_are_shown_without_harm() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let repo = Repo::new();
    let names: [&[u8]; 6] = [
        b"a\x1b[31mred.env",
        b"b\rforged.env",
        b"c\xff\xfe.env",
        "d\u{202e}vne.env".as_bytes(),
        b"e\n::error::forged.env",
        "f\u{200b}\u{2066}\x07.env".as_bytes(),
    ];
    for (n, name) in (0u64..).zip(names) {
        repo.write(OsStr::from_bytes(name), nth_key("github", n));
    }
    harmless(&repo, &["--files"]);
    repo.git(["config", "i18n.commitEncoding", "utf-8"]);
    repo.git(["add", "--all"]);
    harmless(&repo, &["--staged"]);
    repo.git([
        "commit",
        "--quiet",
        "-m",
        "x",
        "--author",
        "Eve\x1b[2J \u{202e}evE <eve\x1b]0;t\x07@example.com>",
    ]);
    repo.git(["branch", "turned-\u{202e}hcnarb-\u{200b}x"]);
    harmless(&repo, &[]);
    harmless(&repo, &["--history"]);
    harmless(&repo, &["--range", &format!("{}..HEAD", "0".repeat(40))]);
    assert_eq!(repo.scan::<&str>([]).exits(1).found().len(), 6);
}

#[test]
fn a_line_that_would_command_a_terminal_is_shown_without_harm() {
    let repo = Repo::new();
    repo.write("a.env", format!("\x1b]0;title\x07\u{202e} {} \u{2066}\x1b[2J\r::error::x\n", key("github")));
    repo.commit(&format!("\x1b[2J {}", nth_key("github", 2)));
    harmless(&repo, &[]);
}

#[test]
fn what_the_user_mistypes_is_shown_without_harm() {
    let repo = Repo::new();
    repo.commit("first");
    for args in [["scan", "--range", "\x1b[31m\u{202e}..HEAD"], ["scan", "--format", "\x1b[31m\u{202e}"]] {
        let run = repo.run(args).exits(2);
        assert!(!run.stderr.contains('\x1b'), "{:?}", run.stderr);
    }
}

#[test]
#[cfg(unix)]
fn no_program_that_a_repository_names_ever_runs() {
    use std::os::unix::fs::PermissionsExt;
    let repo = Repo::new();
    let marker = repo.outside("marker");
    let program = repo.outside("program");
    fs::write(&program, format!("#!/bin/sh\necho \"$0 $@\" >> {}\ncat\n", marker.display())).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    repo.write("a.txt", format!("one {}\n", key("github"))).commit("first");
    let base = repo.id("HEAD");
    repo.write("a.txt", "two\n").commit("second");
    repo.write("b.txt", nth_key("github", 2)).stage("b.txt");
    let name = program.display();
    let config = format!(
        "[core]\n\tfsmonitor = {name}\n\thooksPath = {room}\n\tsshCommand = {name}\n\tpager = {name}\n\teditor = {name}\n\tgitProxy = {name}\n\taskPass = {name}\n\
         [diff]\n\texternal = {name}\n[diff \"x\"]\n\ttextconv = {name}\n\tcommand = {name}\n\
         [filter \"x\"]\n\tclean = {name}\n\tsmudge = {name}\n\tprocess = {name}\n\trequired = true\n\
         [merge \"x\"]\n\tdriver = {name}\n[alias]\n\tlog = !{name}\n\tdiff = !{name}\n\tcat-file = !{name}\n\
         [credential]\n\thelper = !{name}\n[gpg]\n\tprogram = {name}\n[uploadpack]\n\tpackObjectsHook = {name}\n\
         [include]\n\tpath = {room}/included\n[remote \"origin\"]\n\turl = ext::{name}\n\tpromisor = true\n\tpartialclonefilter = blob:none\n",
        room = repo.outside("").display(),
    );
    fs::write(repo.outside("included"), format!("[core]\n\tfsmonitor = {name}\n")).unwrap();
    let old = fs::read_to_string(repo.path(".git/config")).unwrap();
    fs::write(repo.path(".git/config"), old + &config).unwrap();
    repo.write(".gitattributes", "* filter=x diff=x merge=x working-tree-encoding=utf-16\n");
    repo.write(".git/info/attributes", "* filter=x diff=x merge=x\n");
    for hook in ["pre-commit", "post-index-change", "fsmonitor-watchman", "reference-transaction"] {
        for place in [repo.path(".git/hooks").join(hook), repo.outside(hook)] {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::copy(&program, place).unwrap();
        }
    }
    let _ = fs::remove_file(&marker);
    let range = format!("{base}..HEAD");
    for args in [
        &[][..],
        &["--staged"],
        &["--files"],
        &["--history"],
        &["--range", &range],
        &["--range", "HEAD~1.."],
        &["--since-commit", &base],
        &["--all-objects"],
        &["a.txt"],
        &["."],
    ] {
        let run = repo.run(["scan"].iter().chain(args));
        assert!(matches!(run.code, Some(0 | 1 | 3)), "{args:?}: {}", run.screen());
        let ran = fs::read_to_string(&marker).unwrap_or_default();
        assert_eq!(ran, "", "{args:?} ran a program");
    }
    // The trap is set: git itself walks into it.
    repo.try_git(["status"], b"");
    assert!(marker.exists(), "the trap does not work");
}

#[test]
fn commits_that_are_none_are_read_as_far_as_they_go() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    let tree = repo.id("HEAD^{tree}");
    let null = "0".repeat(40);
    for hostile in [
        String::new(),
        "\n\n\n".into(),
        "tree \n\n".into(),
        format!("tree {tree}"),
        format!("tree {tree}\nparent zzz\n\nmessage"),
        format!("tree {tree}\nparent {null}\nauthor <<>> 99999999999999999999 +9999\ncommitter x\n\nm"),
        format!(
            "tree {tree}\nauthor A <a@b> -62135596801 -9999\ncommitter C <c@d> 9223372036854775807 +0000\n\n\x1b[2J"
        ),
        format!("tree {null}\nauthor \x1b[31m\u{202e} <> 0 +0000\ncommitter  <> 0 +0000\n\nm"),
    ] {
        let id = repo.store("commit", hostile.as_bytes());
        fs::write(repo.path(format!(".git/refs/heads/h{}", &id[..8])), format!("{id}\n")).unwrap();
        repo.store("tag", hostile.as_bytes());
    }
    harmless(&repo, &[]);
    for format in Format::words() {
        let run = repo.run(["scan", "--format", format]).exits(1);
        assert!(!run.stderr.contains("bug:"), "{}", run.stderr);
    }
}

#[test]
fn a_tree_with_itself_named_again_and_again_ends_quickly() {
    // Ten levels of ten names each for one folder: ten thousand million paths.
    let repo = Repo::new();
    repo.commit("first");
    let blob = repo.store("blob", key("github").as_bytes());
    let mut tree = repo.git_with(["mktree"], format!("100644 blob {blob}\ta.env\n").as_bytes());
    for _ in 0..10 {
        let entries: String = (0..10).map(|n| format!("040000 tree {tree}\td{n}\n")).collect();
        tree = repo.git_with(["mktree"], entries.as_bytes());
    }
    let commit = repo.git(["commit-tree", "-m", "bomb", &tree]);
    repo.git(["branch", "bomb", &commit]);
    for head in ["main", "bomb"] {
        repo.git(["symbolic-ref", "HEAD", &format!("refs/heads/{head}")]);
        let run = repo.scan(["--history"]).exits(1);
        assert!(run.took < Duration::from_secs(30), "{:?}", run.took);
        assert_eq!(run.findings()[0]["in_head"], head == "bomb");
        let screen = repo.scan(["--history"]).screen();
        assert!(screen.contains("the first 1000 paths are listed"), "{screen}");
    }
}

#[test]
fn a_tree_bomb_in_a_range_ends_quickly() {
    let repo = Repo::new();
    repo.commit("first");
    let blob = repo.store("blob", b"nothing\n");
    let mut tree = repo.git_with(["mktree"], format!("100644 blob {blob}\ta.env\n").as_bytes());
    for _ in 0..10 {
        let entries: String = (0..10).map(|n| format!("040000 tree {tree}\td{n}\n")).collect();
        tree = repo.git_with(["mktree"], entries.as_bytes());
    }
    let commit = repo.git(["commit-tree", "-p", "HEAD", "-m", "bomb", &tree]);
    let run = repo.scan(["--range", &format!("HEAD..{commit}")]);
    assert!(run.took < Duration::from_secs(60), "{:?}", run.took);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
}

#[test]
fn a_file_a_thousand_folders_deep_is_found_or_told() {
    let repo = Repo::new();
    repo.commit("first");
    let blob = repo.store("blob", key("github").as_bytes());
    let mut tree = repo.git_with(["mktree"], format!("100644 blob {blob}\ta.env\n").as_bytes());
    for _ in 0..1000 {
        tree = repo.git_with(["mktree"], format!("040000 tree {tree}\td\n").as_bytes());
    }
    let commit = repo.git(["commit-tree", "-p", "HEAD", "-m", "deep", &tree]);
    repo.git(["branch", "deep", &commit]);
    let run = repo.scan(["--history"]);
    assert!(matches!(run.code, Some(1 | 3)), "{}", run.screen());
    assert!(!run.found().is_empty(), "{}", run.screen());
    let run = repo.scan(["--range", "HEAD..deep"]);
    assert!(matches!(run.code, Some(1 | 3)), "{}", run.screen());
}

#[test]
fn names_that_would_leave_the_folder_are_only_names() {
    let repo = Repo::new();
    repo.commit("first");
    let blob = repo.store("blob", key("github").as_bytes());
    let id = (0..20).map(|n| u8::from_str_radix(&blob[2 * n..2 * n + 2], 16).unwrap());
    let id: Vec<u8> = id.collect();
    let mut tree = Vec::new();
    for name in ["..", ".git", "../../etc/passwd", "/etc/passwd", "a\x1bb", ""] {
        tree.extend(format!("100644 {name}\0").as_bytes());
        tree.extend(&id);
    }
    let tree = repo.store("tree", &tree);
    let commit = repo.git(["commit-tree", "-m", "names", &tree]);
    repo.git(["update-ref", "refs/heads/names", &commit]);
    harmless(&repo, &["--history"]);
    harmless(&repo, &["--range", &format!("{}..names", "0".repeat(40))]);
}

#[test]
fn alternates_that_lead_in_a_circle_or_nowhere_end() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("add");
    let own = repo.path(".git/objects").display().to_string();
    repo.write(".git/objects/info/alternates", format!("{own}\n../../nowhere\n/dev/null\n\x1b[31m\n"));
    let run = repo.scan::<&str>([]);
    assert!(matches!(run.code, Some(1 | 3)), "{}", run.screen());
    assert!(!run.stderr.contains("bug:"), "{}", run.stderr);
}
