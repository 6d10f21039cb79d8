//! Hooks for all repositories of a user, and for each kind of hook.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{install, passes, server, stopped};
use crate::support::{Repo, key};

/// A repository, and a run of keywright by somebody whose settings of git are `settings`.
fn user(settings: &str) -> (Repo, std::path::PathBuf) {
    let repo = Repo::new();
    let file = repo.outside(".gitconfig");
    fs::write(&file, settings).unwrap();
    repo.write("readme", "hello\n").commit("first");
    (repo, file)
}

/// Runs keywright as that user.
fn run(repo: &Repo, args: &[&str], code: i32) -> crate::support::Run {
    let settings = repo.outside(".gitconfig");
    repo.program().env("GIT_CONFIG_GLOBAL", settings).env("GIT_CONFIG_NOSYSTEM", "1").run(args).exits(code)
}

/// Runs git as that user: the support's own git reads no user's settings.
fn git(repo: &Repo, args: &[&str]) -> (bool, String) {
    let folder = repo.outside(".config/keywright/hooks");
    let named = fs::read_to_string(repo.outside(".gitconfig")).unwrap().contains("hooksPath");
    let setting = format!("core.hooksPath={}", folder.display());
    let flags: Vec<&str> = if named { vec!["-c", &setting] } else { Vec::new() };
    let output = repo.try_git(flags.into_iter().chain(args.iter().copied()), b"");
    (output.status.success(), super::said(&output))
}

#[test]
fn every_repository_is_checked_and_its_own_hooks_run() {
    let text = "[user]\n\tname = A # mine\n";
    let (repo, file) = user(text);
    let told = run(&repo, &["hook", "install", "--global", "--type", "pre-commit,pre-push"], 0).text();
    assert!(told.contains("pre-commit, pre-push in"), "{told}");
    assert!(fs::read_to_string(&file).unwrap().starts_with(text));
    let own = |name: &str, text: &str| {
        fs::write(repo.path(format!(".git/hooks/{name}")), text).unwrap();
        fs::set_permissions(repo.path(format!(".git/hooks/{name}")), PermissionsExt::from_mode(0o755))
            .unwrap();
    };
    own("pre-commit", "#!/bin/sh\necho pre-commit >>ran\n");
    own("post-commit", "#!/bin/sh\necho post-commit >>ran\n");
    own("pre-push", "#!/bin/sh\necho pre-push $1 $(wc -l) >>ran\n");
    repo.write("a.env", key("github")).stage("a.env");
    let (made, told) = git(&repo, &["commit", "-m", "second"]);
    assert!(!made && told.contains("The commit was stopped"), "{told}");
    repo.write("a.env", "").stage("a.env");
    assert!(git(&repo, &["commit", "-m", "second"]).0);
    server(&repo);
    assert!(git(&repo, &["push", "origin", "main"]).0);
    assert_eq!(fs::read_to_string(repo.path("ran")).unwrap(), "pre-commit\npost-commit\npre-push origin 1\n");
    // A linked work tree runs the hooks of its repository.
    repo.git(["worktree", "add", "--quiet", "-b", "side", "../side"]);
    let side = repo.beside("side");
    side.write("b", "b\n").stage("b");
    assert!(git(&side, &["commit", "-m", "third"]).0);
    assert_eq!(fs::read_to_string(side.path("ran")).unwrap(), "pre-commit\npost-commit\n");
    side.write("b.env", key("github")).stage("b.env");
    assert!(!git(&side, &["commit", "-m", "fourth"]).0);

    let told = run(&repo, &["hook", "status"], 0).text();
    assert!(told.contains("pre-commit hook installed for all your repositories"), "{told}");
    assert!(run(&repo, &["hook", "install"], 0).text().contains("is installed already"));
    assert!(run(&repo, &["hook", "install", "--type", "commit-msg"], 2).stderr.contains("--global"));
    assert!(run(&repo, &["hook", "uninstall"], 2).stderr.contains("hook uninstall --global"));
    // A second time adds to the first.
    let told = run(&repo, &["hook", "install", "--global", "--type", "commit-msg"], 0).text();
    assert!(told.contains("pre-commit, commit-msg, pre-push in"), "{told}");

    run(&repo, &["hook", "uninstall", "--global"], 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    assert!(!repo.outside(".config/keywright/hooks").exists());
    assert!(run(&repo, &["hook", "uninstall", "--global"], 0).text().contains("nothing to do"));
}

#[test]
fn settings_that_are_a_link_are_written_where_it_leads() {
    let (repo, file) = user("");
    fs::remove_file(&file).unwrap();
    fs::write(repo.outside("dotfiles"), "[user]\n").unwrap();
    std::os::unix::fs::symlink("dotfiles", &file).unwrap();
    run(&repo, &["hook", "install", "--global"], 0);
    assert!(file.symlink_metadata().unwrap().is_symlink());
    assert!(fs::read_to_string(repo.outside("dotfiles")).unwrap().contains("hooksPath"));
    // Another git writes them just now.
    run(&repo, &["hook", "uninstall", "--global"], 0);
    fs::write(repo.outside("dotfiles.lock"), "").unwrap();
    assert!(run(&repo, &["hook", "install", "--global"], 2).stderr.contains("lock git's settings"));
    assert_eq!(fs::read_to_string(repo.outside("dotfiles")).unwrap(), "[user]\n");
}

#[test]
fn a_folder_that_is_named_already_is_left_alone() {
    let text = "[core]\n\thooksPath = /elsewhere\n";
    let (repo, file) = user(text);
    let told = run(&repo, &["hook", "install", "--global"], 2).stderr;
    assert!(told.contains("set for all your repositories already, to /elsewhere"), "{told}");
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    // And what somebody else put into ours.
    fs::write(&file, "").unwrap();
    let foreign = repo.outside(".config/keywright/hooks/pre-commit");
    fs::create_dir_all(foreign.parent().unwrap()).unwrap();
    fs::write(&foreign, "#!/bin/sh\n").unwrap();
    assert!(run(&repo, &["hook", "install", "--global"], 2).stderr.contains("not keywright's"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "");
    run(&repo, &["hook", "uninstall", "--global"], 0);
    assert!(foreign.exists());
}

#[test]
fn a_repository_with_a_folder_of_its_own_is_told() {
    let (repo, _file) = user("");
    run(&repo, &["hook", "install", "--global"], 0);
    repo.git(["config", "core.hooksPath", ".hooks"]);
    let told = run(&repo, &["hook", "status"], 1).text();
    assert!(told.contains("not installed here") && told.contains("of all your repositories"), "{told}");
    run(&repo, &["hook", "install"], 0);
    assert!(run(&repo, &["hook", "status"], 0).text().contains("pre-commit hook installed: "));
}

#[test]
fn every_kind_is_put_in_told_and_taken_out() {
    let (repo, _file) = user("");
    run(&repo, &["hook", "install", "--type", "commit-msg", "--type", "pre-push,pre-receive"], 0);
    let told = run(&repo, &["hook", "status"], 1).text();
    for line in
        ["no pre-commit hook", "commit-msg hook installed", "pre-push hook installed", "pre-receive hook"]
    {
        assert!(told.contains(line), "{told}");
    }
    run(&repo, &["hook", "status", "--type", "pre-push"], 0);
    let told = run(&repo, &["hook", "uninstall"], 0).text();
    assert_eq!(told.matches("removed the ").count(), 3, "{told}");
    assert!(told.contains("every push from here goes unchecked from now on"), "{told}");
    assert!(run(&repo, &["hook", "uninstall"], 0).text().contains("no pre-commit hook of keywright's"));
    let bare = Repo::init(&["--quiet", "--bare"]);
    run(&bare, &["hook", "status"], 1);
    install(&bare, &["pre-receive"]);
    let told = run(&bare, &["hook", "status"], 0).text();
    assert!(told.contains("pre-receive hook installed") && !told.contains("pre-commit"), "{told}");
    run(&bare, &["hook", "uninstall"], 0);
}

#[test]
fn the_scripts_to_copy_run_every_hook() {
    let (repo, _file) = user("");
    let server = server(&repo);
    // Named keywright, on PATH.
    let bin = repo.outside("bin");
    fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_keywright"), bin.join("keywright")).unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("hooks");
    for (at, kind) in [
        (repo.path(".git/hooks"), "commit-msg"),
        (repo.path(".git/hooks"), "pre-push"),
        (server.path("hooks"), "pre-receive"),
    ] {
        assert!(stopped_without(&repo, &folder.join(kind)).contains("not on PATH"), "{kind}");
        // `exec` finds it by PATH, which the support's git hands on.
        let text = fs::read_to_string(folder.join(kind)).unwrap();
        let text = text.replacen("#!/bin/sh\n", &format!("#!/bin/sh\nPATH={}:$PATH\n", bin.display()), 1);
        fs::write(at.join(kind), text).unwrap();
        fs::set_permissions(at.join(kind), PermissionsExt::from_mode(0o755)).unwrap();
    }
    stopped(&repo, ["commit", "--allow-empty", "-m", &key("github")]);
    repo.write("a.env", key("github")).stage("a.env");
    passes(&repo, ["commit", "-m", "a key"]);
    assert!(stopped(&repo, ["push", "origin", "main"]).contains("The push was stopped"));
    assert!(stopped(&repo, ["push", "--no-verify", "origin", "main"]).contains("The push was refused"));
}

/// Runs a script where there is no keywright; returns what it says.
fn stopped_without(repo: &Repo, script: &std::path::Path) -> String {
    let mut command = std::process::Command::new("/bin/sh");
    let output = command.arg(script).env("PATH", "/nowhere").current_dir(repo.path("")).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}
