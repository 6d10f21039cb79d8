//! What somebody sees whom a hook has stopped.

use super::{guarded, passes, server, stopped};
use crate::support::{Repo, key, nth_key};

/// Replaces what differs from run to run.
fn screen(said: &str) -> String {
    let steady = |word: &str| {
        let core = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let is_id = core.len() >= 10 && core.bytes().all(|b| b.is_ascii_hexdigit());
        if is_id { word.replace(core, &format!("[{}]", core.len())) } else { word.to_owned() }
    };
    let lines = said.lines().filter(|line| !line.starts_with("error: failed to push"));
    let lines = lines.map(|line| line.split(' ').map(steady).collect::<Vec<_>>().join(" "));
    let lines = lines.map(|line| match line.split_once("it is out already") {
        Some((before, _)) => format!("{before}it is out already  [as the build has it]"),
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

#[test]
fn a_staged_key() {
    let repo = guarded(&["pre-commit"]);
    repo.write("deploy/a.env", format!("# tokens\nTOKEN={}\n", key("github"))).stage("deploy/a.env");
    insta::assert_snapshot!(screen(&stopped(&repo, ["commit", "-m", "second"])), @r#"
    The commit was stopped: 1 leak in 1 file

      deploy/a.env:2
        | TOKEN=ghp_…7rUi
        critical: GitHub personal access token (classic)
        why: its checksum is right

    Three ways on:
      take it out        edit the file, then: git add deploy/a.env
      it is no leak      keywright ignore add [12] --reason "why"
      it is out already  [as the build has it]
    "#);
    // The first way on.
    repo.write("deploy/a.env", "TOKEN=\n").git(["add", "deploy/a.env"]);
    insta::assert_snapshot!(passes(&repo, ["commit", "-q", "-m", "second"]).split(" in ").next().unwrap(), @"keywright: no leaks · read 1 index entry: 7 bytes");
}

#[test]
fn the_second_way_on() {
    let repo = guarded(&["pre-commit"]);
    repo.write("a.env", key("github")).stage("a.env");
    let told = stopped(&repo, ["commit", "-m", "second"]);
    let way = told.lines().find_map(|l| l.trim().strip_prefix("it is no leak")).unwrap().trim().to_owned();
    let words: Vec<&str> = way.split(' ').skip(1).map(|w| w.trim_matches('"')).collect();
    repo.run(words).exits(0);
    passes(&repo, ["commit", "-m", "second"]);
}

#[test]
fn from_a_folder_below_the_commands_hold_all_the_same() {
    let repo = guarded(&["pre-commit"]);
    repo.write("a file.env", key("github")).write("below/x", "x\n").git(["add", "."]);
    let below = repo.beside("project/below");
    let told = stopped(&below, ["commit", "-m", "second"]);
    assert!(told.contains("git add ':/a file.env'"), "{told}");
}

#[test]
fn several_leaks_are_told_in_few_lines() {
    let repo = guarded(&["pre-commit"]);
    for n in 0..9 {
        repo.write(format!("{n}.env"), nth_key("github", n));
    }
    repo.git(["add", "."]);
    let told = stopped(&repo, ["commit", "-m", "second"]);
    assert!(told.contains("+4 more leaks") && told.lines().count() < 40, "{told}");
    assert!(told.contains("The commit was stopped: 9 leaks in 9 files"), "{told}");
}

#[test]
fn a_key_in_the_commit_that_is_pushed() {
    let repo = guarded(&["pre-push"]);
    server(&repo);
    repo.write("a.env", key("github")).commit("use the token");
    insta::assert_snapshot!(screen(&stopped(&repo, ["push", "origin", "main"])), @r#"
    The push was stopped: 1 leak in 1 file

      a.env:1  [10]
        | ghp_…7rUi
        critical: GitHub personal access token (classic)
        why: its checksum is right

    Three ways on:
      take it out        edit the file, then: git add a.env && git commit --amend --no-edit, then push again
      it is no leak      keywright ignore add [12] --reason "why"
      it is out already  [as the build has it]
    "#);
    // The first way on.
    repo.write("a.env", "").git(["add", "a.env"]);
    repo.git(["commit", "--quiet", "--amend", "--no-edit"]);
    passes(&repo, ["push", "origin", "main"]);
}

#[test]
fn a_key_in_an_older_commit() {
    let repo = guarded(&["pre-push"]);
    server(&repo);
    repo.git(["push", "--quiet", "origin", "main"]);
    repo.write("a.env", key("github")).commit("use the token").remove("a.env").commit("no more");
    insta::assert_snapshot!(screen(&stopped(&repo, ["push", "origin", "main"])), @r#"
    The push was stopped: 1 leak in 1 file

      a.env:1  [10]
        | ghp_…7rUi
        critical: GitHub personal access token (classic)
        why: its checksum is right

    Three ways on:
      take it out        git rebase --interactive --rebase-merges [10]^
                           there, `edit` in front of [10]; take it out, then:
                           git add a.env && git commit --amend && git rebase --continue, then push again
      it is no leak      keywright ignore add [12] --reason "why"
      it is out already  [as the build has it]
    "#);
    let other = Repo::new();
    other.write("a.env", key("github")).commit("first").remove("a.env").commit("second");
    super::install(&other, &["pre-push"]);
    server(&other);
    let told = stopped(&other, ["push", "origin", "main"]);
    assert!(told.contains("git rebase --interactive --rebase-merges --root"), "{told}");
}

#[test]
fn a_program_gets_the_report_of_a_scan() {
    let repo = guarded(&[]);
    repo.write("a.env", key("github")).stage("a.env");
    let run = repo.run(["hook", "run", "pre-commit", "--format", "json"]).exits(1);
    assert_eq!(run.found(), ["index a.env:1 github-personal-token"]);
    assert_eq!(run.stderr, "");
}

#[test]
fn what_cannot_be_read_stops_too_and_says_so() {
    let repo = guarded(&["pre-commit"]);
    repo.write("a.txt", "text\n").stage("a.txt");
    let id = repo.id(":a.txt");
    std::fs::remove_file(repo.loose(&id)).unwrap();
    let run = repo.run(["hook", "run", "pre-commit"]).exits(3);
    assert!(run.stderr.contains("The commit was stopped: not everything could be read"), "{run:?}");
    assert!(!run.stderr.contains("ways on"), "{run:?}");
}

#[test]
fn a_path_cannot_write_a_command_of_its_own() {
    let repo = guarded(&[]);
    for path in ["$(touch owned)", "a\x1b[31mb", "it's"] {
        repo.write(path, nth_key("github", 7)).git(["add", "."]);
        let told = repo.run(["hook", "run", "pre-commit"]).exits(1).stderr;
        assert!(!told.contains('\x1b'), "{told}");
        repo.git(["rm", "-q", "-f", "--cached", "-r", "."]);
        repo.remove(path);
        let command = told.lines().find_map(|l| l.split_once("then: ")).map(|(_, c)| c.to_owned());
        match path.contains('\x1b') {
            true => assert_eq!(command, None),
            false => {
                repo.write(path, "");
                let command = command.unwrap();
                let mut shell = std::process::Command::new("sh");
                shell.args(["-c", &command]).current_dir(repo.path(""));
                assert!(shell.status().unwrap().success(), "{command}");
                assert!(!repo.path("owned").exists());
                assert_eq!(repo.git(["ls-files", "-z"]), format!("{path}\0"));
            }
        }
    }
}

#[test]
fn the_third_way_is_the_one_this_build_has() {
    let repo = guarded(&["pre-commit"]);
    repo.write("a.env", key("github")).stage("a.env");
    let told = stopped(&repo, ["commit", "-m", "second"]);
    let way = told.lines().find_map(|l| l.trim().strip_prefix("it is out already")).unwrap().trim();
    if cfg!(feature = "rekey") {
        assert!(way.starts_with("keywright respond --scan . "), "{way}");
        repo.git(["commit", "--quiet", "--no-verify", "-m", "second"]);
        let words = way.split("    ").next().unwrap().split(' ').skip(1).chain(["--explain"]);
        assert!(repo.run(words).text().contains("github-personal-token"));
    } else {
        assert!(way.contains("delete it in github.com/settings/tokens"), "{way}");
    }
}
