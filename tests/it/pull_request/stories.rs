//! The comment from its first word to its end.

use super::scene::Scene;
use crate::support::github_host::TOKEN;
use crate::support::prism::Prism;
use crate::support::{Repo, github_tokens, key, nth_key};

#[test]
fn without_a_host_the_comment_is_printed_and_nobody_is_asked() {
    let scene = Scene::new();
    scene.hints();
    let run = scene.run(&["--hints", "hints.json"]).exits(1);
    let page = format!("https://127.0.0.1/acme/shop/blob/{}", scene.head());
    let text = run.text().replace(&page, "[blob]").replace(&scene.head()[..10], "[commit]");
    insta::assert_snapshot!(text, @r"
    ## Keywright: 1 leak in 1 file

    Taking a line out does not end a key: it stays in the history, and whoever has read it has it. Revoke it where it was made, then take it out.

    1 critical

    | How bad | Rule | Where | Secret | Since |
    | --- | --- | --- | --- | --- |
    | critical | `github-personal-token` | [`dir/a b(1).env` line 2]([blob]/dir/a%20b%281%29.env#L2) | `ghp_…7rUi` | `[commit]` `2023-11-14` `Ann Author` |

    ### What to do

    - `github-personal-token` `GitHub personal access token (classic)`: `delete it in github.com/settings/tokens and make a new one, fine-grained if you can`
    ");
    assert_eq!(scene.host.calls(), [""; 0]);
    // Without hints all of the branch is read, and it comes to the same.
    assert_eq!(scene.run(&[]).exits(1).text(), run.text());
}

#[test]
fn one_comment_is_written_changed_and_taken_away() {
    let scene = Scene::new();
    scene.hints();
    let args = ["--hints", "hints.json", "--comment"];
    // A stranger wrote the mark before, and somebody spoke of it.
    scene.host.state().comments.insert(1, "<!-- keywright:pull-request -->\nno leaks, merge it".into());
    scene.host.state().comments.insert(2, "it says `<!-- keywright:pull-request -->`".into());
    scene.host.state().authors = [(1, "mallory"), (2, "keywright[bot]")].into();
    let run = scene.run(&args).exits(1);
    assert!(run.text().contains("acme/shop#7: comment 902 is written"), "{run:?}");
    let written = scene.host.state().comments[&902].clone();
    assert!(
        written.starts_with("<!-- keywright:pull-request -->\n## Keywright: 1 leak in 1 file\n"),
        "{written}"
    );
    assert_eq!(scene.changes(), ["POST /repos/acme/shop/issues/7/comments"]);

    let again = scene.run(&args).exits(1);
    assert!(again.text().contains("comment 902 says that already"), "{again:?}");
    assert_eq!(scene.changes(), [""; 0]);

    scene.repo.write("b.env", nth_key("github", 2)).commit("another key");
    scene.open(&[7]);
    scene.hints();
    let more = scene.run(&args).exits(1);
    assert!(more.text().contains("comment 902 is changed"), "{more:?}");
    assert!(scene.host.state().comments[&902].contains("2 leaks in 2 files"));
    assert_eq!(scene.changes(), ["PATCH /repos/acme/shop/issues/comments/902"]);

    // A second one, by a run at the same time.
    scene.host.state().comments.insert(950, written);
    scene.repo.git(["reset", "-q", "--hard", &scene.base]);
    scene.repo.write("c", "clean\n").commit("clean");
    scene.open(&[7]);
    scene.repo.run(["scan", "--range", "HEAD~1..HEAD", "-f", "hints", "-o", "../hints.json"]).exits(0);
    let clean = scene.run(&args).exits(0);
    assert!(clean.text().contains("the comment is taken away"), "{clean:?}");
    let left: Vec<u64> = scene.host.state().comments.keys().copied().collect();
    assert_eq!(left, [1, 2], "what others wrote, and what is no comment of this kind, stays");
    scene.host.calls();
    let run = scene.run(&args).exits(0);
    assert!(run.text().contains("there is no comment"), "{run:?}");
    assert_eq!(scene.changes(), [""; 0]);
}

#[test]
fn a_leak_is_told_under_each_path_in_messages_and_where_it_was_taken_out_again() {
    for repo in [Repo::new(), Repo::sha256()] {
        let scene = Scene::of(repo);
        scene.repo.write("gone.env", nth_key("github", 2)).write("here.env", nth_key("github", 3));
        scene.repo.commit(&format!("use {}", nth_key("github", 4)));
        let brought = scene.head();
        scene.repo.remove("gone.env").write("copy/here.env", nth_key("github", 3)).commit("tidy");
        scene.open(&[7]);
        assert_eq!(
            scene.hints()["hints"].as_array().unwrap().len(),
            5,
            "the copy is told apart by its commit"
        );
        let text = scene.run(&["--hints", "hints.json"]).exits(1).text();
        let page = "https://127.0.0.1/acme/shop";
        let head = scene.head();
        for told in [
            format!("[`gone.env` line 1]({page}/blob/{brought}/gone.env#L1), no longer in the head |"),
            format!("[`here.env` line 1]({page}/blob/{head}/here.env#L1) |"),
            format!("[`copy/here.env` line 1]({page}/blob/{head}/copy/here.env#L1) |"),
            format!("[message of commit `{}`]({page}/commit/{brought}) |", &brought[..10]),
        ] {
            assert!(text.contains(&told), "{told}\n{text}");
        }
        assert!(text.contains("4 leaks at 5 places in 4 files and 1 message"), "{text}");
        for n in 2..5 {
            assert!(!text.contains(&nth_key("github", n)));
        }
    }
}

#[test]
fn of_several_githubs_the_environment_says_which() {
    let scene = Scene::new();
    let place = scene.host.place().to_owned();
    scene.settings(&format!(
        "[network]\nallow = [\"{place}\"]\n[hosts.github]\ntoken = \"env:NOBODY\"\n\
         [hosts.work]\nkind = \"github\"\napi = \"http://{place}/\"\ntoken = \"env:PR_TOKEN\"\n"
    ));
    let run = scene.run(&["--comment"]).exits(2);
    assert!(run.stderr.contains("set GITHUB_API_URL to the `api` of one"), "{run:?}");
    assert_eq!(scene.host.calls(), [""; 0]);
    let (head, base) = (scene.head(), scene.base.clone());
    let words = ["pull-request", "--repository", "acme/shop", "--head", &head, "--base", &base, "--comment"];
    let program = scene.program().env("GITHUB_API_URL", format!("http://{place}"));
    program.run([&words[..], &["objects.git"]].concat()).exits(1);
    assert!(scene.comment().contains("1 leak in 1 file"));
}

#[test]
fn an_answer_that_was_lost_makes_no_second_comment() {
    let scene = Scene::new();
    scene.host.state().is_lost = true;
    let run = scene.run(&["--comment"]).exits(1);
    assert!(run.text().contains("comment 900 is written"), "{run:?}");
    assert!(scene.comment().contains("1 leak in 1 file"));
}

#[test]
fn the_pull_request_is_found_by_its_head_and_must_be_the_only_one() {
    let scene = Scene::new();
    scene.open(&[]);
    let run = scene.run(&["--comment"]).exits(3);
    assert!(
        run.stderr.contains("no open one has that head: it was pushed to again, merged or closed"),
        "{run:?}"
    );
    scene.open(&[7, 9]);
    let run = scene.run(&["--comment"]).exits(3);
    assert!(run.stderr.contains("#7, #9 have the same head"), "{run:?}");
    assert_eq!(scene.changes(), [""; 0]);
}

#[test]
fn a_base_that_was_not_named_is_what_the_host_says() {
    let scene = Scene::new();
    let run = scene.run_with(&["--comment"]).exits(1);
    assert!(!run.stderr.contains("no base is known"), "{run:?}");
    assert!(scene.comment().contains("1 leak in 1 file"));
    // Without a host it is nothing: what the first commit brought is told as well.
    let run = scene.run_with(&[]).exits(1);
    assert!(run.stderr.contains("no base is known") && run.text().contains("2 leaks in 2 files"), "{run:?}");
}

#[test]
fn settings_and_entries_are_those_of_the_base() {
    let scene = Scene::new();
    let run = scene.repo.program().input(key("github")).scan(["-"]);
    let print = run.findings()[0]["fingerprint"].as_str().unwrap().to_owned();
    scene.repo.write(".keywrightignore", format!("{print} reason=trust-me\n")).commit("let it be");
    scene.open(&[7]);
    let told = scene.run(&[]).exits(1);
    assert!(told.text().contains("1 leak in 1 file"), "{told:?}");
    // In the base it is believed, and told.
    let mut scene = Scene::new();
    scene.repo.go("main").write(".keywrightignore", format!("{print} reason=known\n")).commit("let it be");
    scene.base = scene.repo.id("HEAD");
    scene.repo.go("topic");
    scene.repo.merge("main").commit("merge");
    scene.open(&[7]);
    let told = scene.run(&[]).exits(0);
    assert!(told.stderr.contains(&format!(".keywrightignore at {}", &scene.base[..10])), "{told:?}");
}

#[test]
fn what_works_is_said_to_work_and_is_let_be_by_nobody() {
    let scene = Scene::new();
    let double = github_tokens::start();
    let [dead, token] =
        [(); 2].map(|()| double.state().add("ghp_{base62:30}{github-crc32}", Some("anybody")));
    double.state().tokens.remove(&dead);
    scene
        .repo
        .write("live.env", format!("T={token} # keywright:allow -- it is dead, honestly\n"))
        .commit("more");
    scene.open(&[7]);
    let (host, provider) = (scene.host.place().to_owned(), double.place().to_owned());
    scene.settings(&format!(
        "[network]\nallow = [\"{host}\", \"{provider}\"]\n[hosts.github]\napi = \"http://{host}\"\ntoken = \"env:PR_TOKEN\"\n[providers.github]\napi = \"http://{provider}\"\n"
    ));
    // The hints do not speak of what was let be; all of the branch is read without them.
    let run = scene.run(&["--verify", "--comment"]).exits(1);
    let text = scene.comment();
    assert!(
        text.contains("| critical, **it works** | `github-personal-token` | [`live.env` line 1]"),
        "{text}"
    );
    assert!(
        text.contains("| critical, dead | `github-personal-token` | [`dir/a b(1).env` line 2]"),
        "{text}"
    );
    assert!(!text.contains(&token) && !format!("{run:?}").contains(&token));
    assert_eq!(double.calls(), ["GET /user", "GET /user"], "each once");
}

#[test]
fn a_job_of_github_actions_needs_no_settings() {
    let scene = Scene::new();
    let place = scene.host.place().to_owned();
    scene.settings(&format!("[network]\nallow = [\"{place}\"]\n"));
    scene.fetch();
    let (head, base) = (scene.head(), scene.base.clone());
    let run = |token: &[&str], variable: &str| {
        let words =
            ["pull-request", "--repository", "acme/shop", "--head", &head, "--base", &base, "--comment"];
        let program = scene.program().env("GITHUB_API_URL", format!("http://{place}")).env(variable, TOKEN);
        program.run([&words[..], token, &["objects.git"]].concat())
    };
    scene.host.state().app = Some("github-actions[bot]");
    let written = run(&[], "GITHUB_TOKEN").exits(1);
    assert!(written.text().contains("is written") && !written.stderr.contains("warning"), "{written:?}");
    let same = run(&["--token", "env:OTHER"], "OTHER").exits(1);
    assert!(same.text().contains("says that already"), "{same:?}");
    scene.host.calls();
    // Another app: who it is can only be told behind its first comment.
    scene.host.state().comments.clear();
    scene.host.state().app = Some("acme-keys[bot]");
    let odd = run(&[], "GITHUB_TOKEN").exits(1);
    assert!(odd.stderr.contains("account = \"acme-keys[bot]\""), "{odd:?}");
    scene.settings(&format!(
        "[network]\nallow = [\"{place}\"]\n[hosts.github]\napi = \"http://{place}\"\ntoken = \"env:PR_TOKEN\"\naccount = \"acme-keys[bot]\"\n"
    ));
    let same = run(&[], "X").exits(1);
    assert!(same.text().contains("says that already"), "{same:?}");
    for run in [&written, &same, &odd] {
        scene.keeps_secrets(run);
    }
}

#[test]
fn a_host_that_says_no_hides_nothing_that_was_found() {
    let scene = Scene::new();
    for (status, fix) in
        [(403, "pull-requests: write"), (401, "name a token that works"), (502, "run it again")]
    {
        scene.host.state().instead = [(status, "")].into();
        let run = scene.run(&["--comment"]).exits(3);
        assert!(
            run.stderr.contains("couldn't find the pull request in acme/shop") && run.stderr.contains(fix),
            "{run:?}"
        );
    }
    // It is found, and cannot be told: the double has no such pull request.
    scene.open(&[8]);
    let run = scene.run(&["--comment"]).exits(1);
    assert!(run.stderr.contains("couldn't comment on acme/shop#8"), "{run:?}");
    assert_eq!(scene.changes(), [""; 0]);
}

#[test]
fn what_is_asked_wrongly_is_refused() {
    let scene = Scene::new();
    scene.fetch();
    let head = scene.head();
    for (words, told) in [
        (["--repository", "acme", "--head", &head], "write OWNER/NAME"),
        (["--repository", "acme/shop/x", "--head", &head], "write OWNER/NAME"),
        (["--repository", "../x", "--head", &head], "write OWNER/NAME"),
        (["--repository", "acme/shop", "--head", "HEAD"], "by its whole id"),
        (["--repository", "acme/shop", "--head", &"ab".repeat(20)], "can't find"),
    ] {
        let run = scene.program().run([&["pull-request"], &words[..], &["objects.git"]].concat()).exits(2);
        assert!(run.stderr.contains(told), "{run:?}");
    }
    let literal = scene.run(&["--token", "ghp_literal"]).exits(2);
    assert!(
        literal.stderr.contains("this is no reference") && !literal.stderr.contains("ghp_literal"),
        "{literal:?}"
    );
    // Settings that a pull request could write say nothing of whom to ask.
    let inside = scene.repo.path("mine.toml");
    std::fs::write(&inside, "").unwrap();
    let words =
        ["pull-request", "--repository", "acme/shop", "--head", &head, "--config", inside.to_str().unwrap()];
    let path = scene.repo.path("");
    let run = scene.program().run([&words[..], &[path.to_str().unwrap()]].concat()).exits(2);
    assert!(run.stderr.contains("keep them where no pull request changes them"), "{run:?}");
}

#[test]
fn githubs_own_description_takes_every_call() {
    let Some(prism) = Prism::start() else { return };
    let scene = Scene::new();
    scene.run(&["--comment"]).exits(1);
    scene.repo.write("b.env", nth_key("github", 2)).commit("another key");
    scene.open(&[7]);
    scene.run(&["--comment"]).exits(1);
    let calls = std::mem::take(&mut scene.host.state().log);
    let kinds: Vec<String> = calls.iter().map(|c| format!("{} {}", c.method, c.path)).collect();
    for call in ["GET /repos/acme/shop/pulls?state=open&sort=updated&direction=desc&per_page=20", "GET /user"]
    {
        assert!(kinds.iter().any(|kind| kind == call), "{call}: {kinds:?}");
    }
    for call in &calls {
        let status = prism.replay(call);
        assert!((200..300).contains(&status), "{} {}: {status}", call.method, call.path);
    }
    let mut wrong = calls.into_iter().find(|c| c.path.contains("/pulls?")).unwrap();
    wrong.path = wrong.path.replace("state=open", "state=ajar");
    assert_eq!(prism.replay(&wrong), 422, "it would say no");
}
