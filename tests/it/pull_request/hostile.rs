//! Hints that were written by an enemy, and names that are not what they seem.

use serde_json::{Value, json};

use super::scene::Scene;
use crate::support::{Run, key, nth_key};

/// Bends the hints that the job wrote, and runs with them.
fn bent(scene: &Scene, bend: impl FnOnce(&mut Value)) -> Run {
    let mut hints = scene.hints();
    bend(&mut hints);
    std::fs::write(scene.path("hints.json"), hints.to_string()).unwrap();
    let run = scene.run(&["--hints", "hints.json"]);
    assert!(!format!("{run:?}").contains("evil"), "the file is repeated: {run:?}");
    run
}

#[test]
fn what_does_not_come_again_is_counted_and_nothing_of_it_is_told() {
    let scene = Scene::new();
    // Another fork's object is in the same store, and no commit of this branch leads to it.
    let foreign = scene.repo.store("blob", format!("F={}\n", nth_key("github", 5)).as_bytes());
    let bare = scene.path("objects.git");
    scene.fetch();
    let held = format!("F={}\n", nth_key("github", 5));
    let words = ["-C", bare.to_str().unwrap(), "hash-object", "-t", "blob", "-w", "--stdin"];
    assert_eq!(scene.repo.git_with(words, held.as_bytes()), foreign);
    let old = scene.repo.id("HEAD:old.env");
    let tree = scene.repo.id("HEAD^{tree}");
    type Bend<'a> = Box<dyn Fn(&mut Value) + 'a>;
    let at = |field: &'static str, value: Value| -> Bend<'_> {
        Box::new(move |hints| hints["hints"][0][field] = value.clone())
    };
    let cases: [(&str, bool, Bend<'_>); 8] = [
        ("an object that is nowhere", false, at("object", "12".repeat(20).into())),
        ("an object of another fork", false, at("object", foreign.into())),
        ("an object of the base", false, at("object", old.into())),
        ("a folder", false, at("object", tree.into())),
        ("the head itself", false, at("object", scene.head().into())),
        ("a place outside the object", true, at("span", json!([999, 1, 999, 40]))),
        ("another rule", true, at("rule", "evil-rule".into())),
        ("another fingerprint", true, at("fingerprint", "0".repeat(64).into())),
    ];
    for (what, comes_again, bend) in cases {
        let run = bent(&scene, bend);
        let told = "1 of 1 hints lead to no such leak in this pull request";
        assert!(run.stderr.contains(told), "{what}: {run:?}");
        // The object is looked at whatever else is said of it, and where it is not there nothing passes for clean.
        assert_eq!(run.code, Some(if comes_again { 1 } else { 3 }), "{what}: {run:?}");
        assert_eq!(run.text().contains("1 leak in 1 file"), comes_again, "{what}: {run:?}");
        assert_eq!(
            run.text().contains("no leaks in what could be looked at"),
            !comes_again,
            "{what}: {run:?}"
        );
        assert!(!format!("{run:?}").contains(&nth_key("github", 5)), "{what}");
    }
    let commit = bent(&scene, |hints| hints["hints"][0]["commit"] = scene.base.clone().into()).exits(1);
    assert!(!commit.stderr.contains("lead to no such leak"), "the commit is found anew: {commit:?}");
    let mut many = vec![
        json!({ "object": "34".repeat(20), "span": [1, 1, 1, 1], "rule": "evil", "fingerprint": "0".repeat(64) });
        500
    ];
    for (n, hint) in many.iter_mut().enumerate() {
        hint["object"] = format!("{n:040x}").into();
    }
    let run = bent(&scene, |hints| hints["hints"].as_array_mut().unwrap().extend(many)).exits(1);
    assert!(run.stderr.contains("500 of 501 hints") && run.text().contains("1 leak in 1 file"), "{run:?}");
    assert!(run.text().contains("500 × not brought in by the commits looked at"), "{run:?}");
}

#[test]
fn a_job_that_says_it_did_not_read_everything_does_not_pass() {
    let scene = Scene::new();
    let quiet = |hints: &mut Value| hints["hints"] = json!([]);
    assert_eq!(bent(&scene, quiet).code, Some(0), "what a job hides only a look without its hints shows");
    for (field, told) in
        [("gaps", "2 things could not be read by it"), ("left_out", "2 leaks came without a hint")]
    {
        let run = bent(&scene, |hints| {
            quiet(hints);
            if field == "gaps" { hints["coverage"]["gaps"] = 2.into() } else { hints[field] = 2.into() }
        });
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(run.stderr.contains(told), "{run:?}");
    }
    assert!(scene.run(&[]).exits(1).text().contains("1 leak in 1 file"));
}

#[test]
fn a_file_that_is_none_is_refused_before_anybody_is_asked() {
    let scene = Scene::new();
    let good = scene.hints();
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(scene.path("hints.json"), bytes).unwrap();
        let run = scene.run(&["--hints", "hints.json", "--comment"]).exits(3);
        assert!(run.stderr.contains("the hints in hints.json are refused"), "{name}: {run:?}");
        assert!(!format!("{run:?}").contains("evil") && run.text().is_empty(), "{name}: {run:?}");
        assert_eq!(scene.host.calls(), [""; 0], "{name}");
    };
    let with = |bend: fn(&mut Value)| {
        let mut hints = good.clone();
        bend(&mut hints);
        hints.to_string().into_bytes()
    };
    file("another version", &with(|h| h["version"] = 2.into()));
    file("another format", &with(|h| h["format"] = "evil".into()));
    file("a field more", &with(|h| h["hints"][0]["path"] = "evil".into()));
    file("no id", &with(|h| h["hints"][0]["object"] = "HEAD:evil".into()));
    file("no fingerprint", &with(|h| h["hints"][0]["fingerprint"] = "evil".into()));
    file("no JSON", b"::error::evil");
    file("nothing", b"");
    file("cut off", &good.to_string().as_bytes()[..200]);
    file("deep", "[".repeat(4 << 20).as_bytes());
    file(
        "deep inside",
        format!("{{\"format\":\"keywright-hints\",\"version\":1,\"x\":{}", "[".repeat(1 << 20)).as_bytes(),
    );
    file("ten million entries", format!("{{\"hints\":[{}{{}}]}}", "{},".repeat(10_000_000)).as_bytes());
    let many = vec![good["hints"][0].clone(); 10_001];
    file("too many entries", &{
        let mut hints = good.clone();
        hints["hints"] = many.into();
        hints.to_string().into_bytes()
    });
    for other in [".", "nowhere.json"] {
        let run = scene.run(&["--hints", other]).exits(3);
        assert!(run.stderr.contains("are refused"), "{run:?}");
    }
    #[cfg(unix)]
    {
        let pipe = scene.path("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let run = scene.run(&["--hints", "pipe"]).exits(3);
        assert!(run.stderr.contains("it is no file"), "{run:?}");
    }
}

#[cfg(unix)]
#[test]
fn names_that_are_not_what_they_seem_stay_names() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let scene = Scene::new();
    let names: [&[u8]; 7] = [
        b"](https://evil.example) @everyone.env",
        b"`|<img src=x onerror=alert(1)>.env",
        b"-->\n## no leaks\n<!--.env",
        b"##[add-mask]a ::error::b.env",
        b"\xff\xfe\x1b[31m.env",
        "\u{202e}gpj.env".as_bytes(),
        b"a?b#c%2e%2e&d=e.env",
    ];
    for (n, name) in (10..).zip(names) {
        scene.repo.write(OsStr::from_bytes(name), format!("T={}\n", nth_key("github", n)));
    }
    scene.repo.write(format!("{}.txt", nth_key("github", 30)), nth_key("github", 30));
    let author = "](https://evil.example) `@everyone <!-- | <evil@example.com>";
    scene.repo.commit_as("names", author, "2024-01-01T00:00:00Z");
    scene.open(&[7]);
    scene.hints();
    let run = scene.run(&["--hints", "hints.json"]).exits(1);
    let text = run.text();
    assert!(text.contains("9 leaks in 9 files"), "{text}");
    for line in text.lines() {
        assert!(!line.contains("##[") && !line.trim_start().starts_with("::"), "{line}");
        assert!(!line.contains(['\x1b', '\u{202e}']), "{line:?}");
    }
    // A reader of its own: every address leads to this repository at GitHub, and no word outside of code is a name's.
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let head = format!("https://127.0.0.1/acme/shop/blob/{}/", scene.head());
    let mut links = 0;
    for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                links += 1;
                let rest = dest_url.strip_prefix(head.as_str()).unwrap_or_else(|| panic!("{dest_url}"));
                assert!(rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"/-._%#".contains(&b)), "{rest}");
                assert!(rest.ends_with("#L1") || rest.ends_with("#L2"), "{rest}");
            }
            Event::Start(Tag::Image { .. }) => panic!("a picture: {text}"),
            Event::Html(html) | Event::InlineHtml(html) => panic!("markup: {html}"),
            Event::Text(words) => assert!(!words.contains("evil") && !words.contains("@everyone"), "{words}"),
            _ => {}
        }
    }
    assert_eq!(links, 8, "the file that is named after its key has no address: {text}");
    for n in (10..17).chain([30]) {
        assert!(!format!("{run:?}").contains(&nth_key("github", n)));
    }
}

#[test]
fn a_thousand_leaks_fit_into_one_comment() {
    let scene = Scene::new();
    let folder = "a-folder-with-a-long-name/".repeat(8);
    for n in 0..1000 {
        scene.repo.write(format!("{folder}{n}.env"), format!("T={}\n", nth_key("github", 100 + n)));
    }
    scene.repo.commit("all of them");
    scene.open(&[7]);
    scene.hints();
    let run = scene.run(&["--hints", "hints.json", "--comment"]).exits(1);
    assert!(run.text().contains("is written"), "{run:?}");
    let text = scene.comment();
    assert!(
        text.contains("1,001 leaks in 1,001 files") && text.contains("more are not listed here"),
        "{text}"
    );
    assert!(text.contains("### What to do") && text.len() > 50_000 && text.chars().count() <= 65_536);
}

#[test]
fn a_clone_that_was_cut_off_does_not_pass() {
    let scene = Scene::new();
    scene.repo.write("c", "clean\n").commit("clean");
    scene.open(&[7]);
    let shallow = scene.repo.clone("shallow", &["--bare", "--depth=1", "--branch=topic"]);
    let head = scene.head();
    let words = ["pull-request", "--repository", "acme/shop", "--head", &head];
    let run = scene.program().run([&words[..], &["--base", &scene.base, "shallow"]].concat()).exits(2);
    assert!(run.stderr.contains("fetch it if it is not here yet"), "{run:?}");
    let run = scene.program().run([&words[..], &["shallow"]].concat()).exits(1);
    assert!(run.text().contains("**Not everything could be read.**"), "{run:?}");
    drop(shallow);
}

#[test]
fn a_checked_out_pull_request_runs_nothing_and_says_nothing_of_itself() {
    // A repository as an attacker would have it checked out: its settings, its filters, its hooks.
    let scene = Scene::new();
    let mark = scene.path("ran");
    let evil = format!("touch {}", mark.display());
    scene.repo.git(["config", "filter.evil.smudge", &evil]);
    scene.repo.git(["config", "diff.evil.textconv", &evil]);
    scene.repo.git(["config", "core.fsmonitor", &evil]);
    scene.repo.write(".gitattributes", "* filter=evil diff=evil\n");
    scene.repo.write("keywright.toml", "[ignore]\npaths = [\"**\"]\n");
    let head = scene.head();
    let path = scene.repo.path("");
    let words = ["pull-request", "--repository", "acme/shop", "--head", &head, "--base", &scene.base];
    let _ = std::fs::remove_file(&mark);
    let run = scene.program().run([&words[..], &[path.to_str().unwrap()]].concat()).exits(1);
    assert!(run.text().contains("1 leak in 1 file") && !mark.exists(), "{run:?}");
    assert!(!run.text().contains(&key("github")));
}
