//! Hooks as people meet them: real git commits and pushes, and the program that its hooks call.
//!
//! - `blocked`: what somebody sees whom a hook has stopped
//! - `message`: the message of a commit
//! - `push`: what leaves
//! - `receive`: what a server takes in
//! - `everywhere`: every kind of hook, and hooks for all repositories
//! - `doctor`: the trial that shows that a hook fires
//! - `bypass`: what a server lets in on somebody's word
//! - `trouble`: repositories and pushes in odd states

mod blocked;
mod bypass;
mod doctor;
mod everywhere;
mod message;
mod push;
mod receive;
mod trouble;

use std::process::Output;

use crate::support::Repo;

/// A repository with one commit, and these hooks put in.
fn guarded(kinds: &[&str]) -> Repo {
    let repo = Repo::new();
    repo.write("readme", "hello\n").commit("first");
    install(&repo, kinds);
    repo
}

fn install(repo: &Repo, kinds: &[&str]) {
    for kind in kinds {
        repo.run(["hook", "install", "--type", kind]).exits(0);
    }
}

/// A bare repository beside this one, its remote from now on.
fn server(repo: &Repo) -> Repo {
    repo.git(["init", "--quiet", "--bare", "../server.git"]);
    repo.git(["remote", "add", "origin", "../server.git"]);
    repo.beside("server.git")
}

/// Returns what git said to a person.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).replace('\t', " ");
    // What comes from a server's hook fills its lines up, for terminals.
    let lines = text.split(['\n', '\r']).map(|line| line.trim_end_matches(['\u{1b}', '[', 'K', ' ']));
    lines.map(|line| line.strip_prefix("remote: ").unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// Runs git, which a hook must stop; returns what was said.
#[track_caller]
fn stopped<const N: usize>(repo: &Repo, args: [&str; N]) -> String {
    let output = repo.try_git(args, b"");
    let said = said(&output);
    assert!(!output.status.success(), "git {args:?} was not stopped: {said}");
    said
}

/// Runs git, which must succeed; returns what was said.
#[track_caller]
fn passes<const N: usize>(repo: &Repo, args: [&str; N]) -> String {
    let output = repo.try_git(args, b"");
    let said = said(&output);
    assert!(output.status.success(), "git {args:?}: {said}");
    said
}
