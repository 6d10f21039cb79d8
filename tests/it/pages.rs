//! What the program says about itself: help, manual pages, completions.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::Folder;

/// Every command, word by word, read from its own help.
fn commands() -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    let mut at = 0;
    while at < all.len() {
        let words = all[at].clone();
        let help = help(&words);
        let listed = help.split("\nCommands:\n").nth(1).unwrap_or_default();
        for line in listed.lines().take_while(|l| !l.is_empty()).filter(|l| l.starts_with("  ")) {
            // A description that goes on stands further to the right.
            if let Some(name) = line[2..].split(' ').next().filter(|n| !n.is_empty()) {
                all.push([words.clone(), vec![name.into()]].concat());
            }
        }
        at += 1;
    }
    all
}

fn help(words: &[String]) -> String {
    let args = words.iter().map(String::as_str).chain(["--help"]);
    Folder::new().program().run(args).exits(0).text()
}

/// Hands text to a program; `None`: it is not on this machine.
fn pipe(program: &str, args: &[&str], input: &[u8]) -> Option<std::process::Output> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
        Err(e) => panic!("{program}: {e}"),
    };
    let mut stdin = child.stdin.take().unwrap();
    let bytes = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    Some(output)
}

#[test]
fn every_commands_help_has_examples() {
    let commands = commands();
    assert!(commands.len() > 6, "{commands:?}");
    for words in commands {
        let help = help(&words);
        let examples = help.split("Examples:\n").nth(1).unwrap_or_else(|| panic!("{words:?}: {help}"));
        assert!(examples.contains(&["keywright".into(), words.join(" ")].join(" ")), "{words:?}: {help}");
    }
}

#[test]
fn every_commands_page_renders_without_a_word_of_complaint() {
    let folder = Folder::new();
    let program = || folder.program().env("SOURCE_DATE_EPOCH", "1700000000");
    program().run(["man", "--dir", "pages"]).exits(0);
    let commands = commands();
    assert_eq!(std::fs::read_dir(folder.path().join("pages")).unwrap().count(), commands.len());
    for words in commands {
        let name = [vec!["keywright".into()], words.clone()].concat().join("-");
        let written = std::fs::read(folder.path().join("pages").join(format!("{name}.1"))).unwrap();
        let args = ["man"].into_iter().chain(words.iter().map(String::as_str));
        assert_eq!(program().run(args).exits(0).stdout, written, "{name}");
        if let Some(said) = pipe("groff", &["-man", "-Tascii", "-ww", "-z"], &written) {
            assert!(said.status.success() && said.stderr.is_empty(), "{name}: {said:?}");
        }
        if let Some(said) = pipe("mandoc", &["-T", "lint", "-W", "warning"], &written) {
            assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stdout));
        }
    }
    let unknown = folder.program().run(["man", "scan", "nonsense"]).exits(2);
    assert!(unknown.stderr.contains("`nonsense`"), "{}", unknown.stderr);
}

#[test]
fn every_shell_has_a_script_and_takes_it() {
    let folder = Folder::new();
    for (shell, check) in [
        ("bash", Some("-n")),
        ("zsh", Some("-n")),
        ("fish", Some("-n")),
        ("elvish", None),
        ("powershell", None),
    ] {
        let script = folder.program().run(["completions", shell]).exits(0);
        assert!(script.text().contains("min-confidence"), "{shell}: {}", script.text());
        let Some(flag) = check else { continue };
        if let Some(said) = pipe(shell, &[flag], &script.stdout) {
            assert!(said.status.success() && said.stderr.is_empty(), "{shell}: {said:?}");
        }
    }
    folder.program().run(["completions", "nonsense"]).exits(2);
}

#[test]
fn bash_completes_a_command_and_a_flag() {
    let script = Folder::new().program().run(["completions", "bash"]).exits(0).text();
    let complete = |words: &str| {
        let ask = format!(
            "COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n_keywright keywright \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"\nprintf '%s ' \"${{COMPREPLY[@]}}\"\n"
        );
        let said = pipe("bash", &["--norc"], format!("{script}\n{ask}").as_bytes()).unwrap();
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    };
    assert_eq!(complete("keywright sc"), "scan");
    assert_eq!(complete("keywright scan --min"), "--min-confidence");
}
