//! The examples of docs/agents.md: a save hook, and secrets masked before an agent or a log has them.

use std::ffi::OsStr;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::action::{checkers, fed, path_with_keywright, root};
use crate::support::program::cleared;
use crate::support::{Folder, Repo, filled, key, nth_key};

/// Runs the hook on what a tool answered; returns what takes its place, if anything does.
fn hook(path: &OsStr, response: &Value) -> Option<Value> {
    let mut command = Command::new(checkers()?.join("venv/bin/python"));
    command.arg(root().join("docs/agents/redact-tool-output")).env("PATH", path);
    let call = json!({"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_response": response});
    let output = fed(&mut command, call.to_string().as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    if output.stdout.is_empty() {
        return None;
    }
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["hookSpecificOutput"]["hookEventName"], "PostToolUse");
    Some(told["hookSpecificOutput"]["updatedToolOutput"].clone())
}

#[test]
fn an_agent_gets_what_a_tool_answered_without_its_secrets() {
    if checkers().is_none() {
        return;
    }
    let path = path_with_keywright();
    let (one, two) = (key("github"), nth_key("github", 2));
    let pem = filled(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{base64:70}\n{base64:70}\n-----END OPENSSH PRIVATE KEY-----\n",
        1,
    );
    let response = json!({
        "stdout": format!("TOKEN={one}\nPORT=80\n"), "stderr": pem, "code": 0, "interrupted": false,
        "files": [{two.clone(): null, "path": "a \"b\"\\.env", "text": "ä\u{1f511}\n"}],
    });
    let told = hook(&path, &response).unwrap();
    let text = told.to_string();
    for secret in [one.as_str(), two.as_str(), &pem[40..100]] {
        assert!(!text.contains(secret), "{text}");
    }
    assert_eq!(told["stdout"], "TOKEN=[REDACTED:github-personal-token]\nPORT=80\n");
    assert_eq!((&told["code"], &told["files"][0]["path"]), (&json!(0), &json!("a \"b\"\\.env")));
    assert_eq!(told["files"][0]["text"], "ä\u{1f511}\n");
    // An answer without secrets stays as it is.
    assert_eq!(hook(&path, &json!({"stdout": "all is well\n"})), None);
    assert_eq!(hook(&path, &Value::Null), None);
}

#[test]
fn what_cannot_be_masked_for_sure_is_withheld() {
    if checkers().is_none() {
        return;
    }
    let response = json!({"stdout": format!("TOKEN={}\n", key("github"))});
    let told = hook(OsStr::new("/nowhere"), &response).unwrap();
    assert!(told.as_str().unwrap().starts_with("[withheld: "), "{told}");
    let told = hook(&path_with_keywright(), &json!({"stdout": format!("a\n\0\n{}", key("github"))})).unwrap();
    assert_eq!(told, "[withheld: it holds NUL]");
}

fn redacted(folder: &Folder, path: &OsStr, script: &str) -> Output {
    let mut command = cleared("bash", &folder.path());
    command.arg(root().join("docs/agents/redacted")).args(["sh", "-c", script]).current_dir(folder.path());
    command.env("PATH", path).output().unwrap()
}

#[test]
fn a_command_is_masked_and_ends_as_it_ended() {
    let (folder, path) = (Folder::new(), path_with_keywright());
    let script = format!("echo T={}; echo E={} >&2; exit 7", key("github"), nth_key("github", 2));
    let output = redacted(&folder, &path, &script);
    assert_eq!(output.status.code(), Some(7));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, "T=[REDACTED:github-personal-token]\nE=[REDACTED:github-personal-token]\n");
    assert_eq!(redacted(&folder, &path, "echo fine").status.code(), Some(0));
    // Without keywright nothing is run at all.
    let bare = OsStr::new("/usr/bin:/bin");
    let output = redacted(&folder, bare, "touch ran");
    assert_eq!((output.status.code(), folder.path().join("ran").exists()), (Some(127), false));
}

#[test]
fn a_save_hook_goes_by_the_name_and_the_repository() {
    let repo = Repo::new();
    repo.write("keywright.toml", "[ignore]\npaths = [\"samples/**\"]\n").commit("settings");
    let text = format!("TOKEN={}\n", key("github"));
    let save = |name: &str| repo.program().input(text.clone()).scan(["-", "--stdin-path", name]);
    let found = save("deploy/prod.env").exits(1).found();
    assert_eq!(found, ["stdin deploy/prod.env:1 github-personal-token"]);
    save("samples/a.env").exits(0);
}
