//! Flags, and where reports go.

use std::fs;
use std::process::Stdio;

use crate::support::program::cleared;
use crate::support::{Folder, Repo, key, nth_key};

#[test]
fn a_folder_without_a_repository_is_told_so() {
    insta::assert_snapshot!(Folder::new().program().run(["scan"]).screen(), @r"
    --- stderr
    error: there is no git repository here
      fix: go into one, or name a file or folder: keywright scan PATH
    exit 2
    ");
}

#[test]
fn a_bare_repository_is_found_from_beside_it_and_from_within() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).commit("first");
    let bare = repo.clone("bare", &["--bare"]);
    assert_eq!(repo.scan(["../bare"]).exits(1).found(), ["history a.env:1 github-personal-token"]);
    for folder in [".", "objects", "refs/heads"] {
        let program = crate::support::Program::new(&bare.path(folder), &bare.outside(""));
        assert_eq!(program.scan::<&str>([]).exits(1).found().len(), 1, "{folder}");
    }
}

#[test]
fn a_path_that_is_not_there_is_told_so() {
    insta::assert_snapshot!(Folder::new().program().run(["scan", "nowhere"]).screen(), @r"
    --- stderr
    error: nowhere is not there
      fix: name a file, a folder or a repository
    exit 2
    ");
}

#[test]
fn a_url_is_told_what_to_do() {
    Folder::new().program().run(["scan", "https://example.com/a.git"]).exits(2);
}

#[test]
fn a_flag_that_is_not_there_is_wrong_use() {
    let repo = Repo::new();
    repo.run(["scan", "--nonsense"]).exits(2);
    repo.run(["nonsense"]).exits(2);
    repo.run(["scan", "--staged", "--history"]).exits(2);
    repo.run(["scan", "--format", "nonsense"]).exits(2);
    repo.run(["scan", "--min-confidence", "nonsense"]).exits(2);
    repo.run(["--help"]).exits(0);
    repo.run(["scan", "--help"]).exits(0);
    repo.run(["--version"]).exits(0);
}

#[test]
fn an_empty_repository_holds_nothing_to_scan() {
    let repo = Repo::new();
    repo.scan(["--staged"]).exits(0);
    repo.scan(["--range", "HEAD..HEAD"]).exits(2);
    insta::assert_snapshot!(repo.run(["scan"]).screen(), @r"
    no leaks · project: working tree, index and history
    read nothing: 0 bytes in [t] s, [n] rules
    --- stderr
    warning: there is nothing to scan · project: working tree, index and history
    exit 3
    ");
}

#[test]
fn secrets_in_clear_are_refused_where_they_would_stay() {
    let repo = Repo::new();
    repo.write("a.env", key("github"));
    let run = repo.run(["scan", "--show-secrets"]).exits(2);
    assert!(!run.screen().contains(&key("github")));
    repo.program().env("CI", "true").run(["scan", "--show-secrets"]).exits(2);
}

#[test]
fn leaks_can_be_told_without_failing_the_run() {
    let repo = Repo::new();
    repo.write("a.env", key("github")).scan(["--fail-on", "never"]).exits(0);
}

#[test]
fn a_report_that_cannot_be_written_does_not_hide_what_was_found() {
    let repo = Repo::new();
    repo.write("a.env", key("github"));
    let run = repo.run(["scan", "--format", "json", "--output", "absent/report.json"]).exits(1);
    assert!(run.stderr.contains("couldn't write the report to absent/report.json"), "{}", run.stderr);
}

#[test]
fn a_clean_run_whose_report_cannot_be_written_is_not_clean() {
    let repo = Repo::new();
    repo.write("a", "nothing\n").commit("first");
    let run = repo.run(["scan", "--format", "json", "--output", "absent/report.json"]);
    assert_ne!(run.code, Some(0), "{}", run.screen());
}

#[test]
fn the_reports_that_can_be_written_are_though_one_cannot() {
    let repo = Repo::new();
    let csv = repo.outside("a.csv");
    let args = |repo: &Repo| {
        let out = ["scan", "-f", "github", "-o", "absent/a", "-f", "csv", "-o"].map(Into::into);
        let words = out.into_iter().chain([csv.clone().into_os_string(), "-f".into(), "junit".into()]);
        repo.run(words)
    };
    repo.write("a", "nothing\n").commit("first");
    let clean = args(&repo).exits(3);
    assert!(clean.text().contains("no leaks"), "{}", clean.screen());
    repo.write("a.env", key("github"));
    let leaks = args(&repo).exits(1);
    assert!(leaks.stderr.contains("couldn't write the report to absent/a"), "{}", leaks.stderr);
    assert!(leaks.text().contains("<failure "), "{}", leaks.screen());
    assert!(fs::read_to_string(&csv).unwrap().contains("github-personal-token"));
}

#[cfg(target_os = "linux")]
#[test]
fn what_was_found_counts_though_standard_output_is_full() {
    let repo = Repo::new();
    let run = || {
        let mut program = cleared(env!("CARGO_BIN_EXE_keywright"), &repo.outside(""));
        program.args(["scan", "--format", "json"]).current_dir(repo.path(""));
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = program.stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert!(
            String::from_utf8_lossy(&output.stderr).contains("couldn't write the report to standard output")
        );
        output.status.code()
    };
    repo.write("a", "nothing\n").commit("first");
    assert_eq!(run(), Some(3));
    repo.write("a.env", key("github"));
    assert_eq!(run(), Some(1));
}

#[test]
fn a_step_of_github_gets_annotations_and_the_summary_is_added_to() {
    let repo = Repo::new();
    repo.write("a.env", key("github"));
    let summary = repo.outside("summary.md");
    fs::write(&summary, "an earlier command wrote this").unwrap();
    let run = |format| repo.program().env("GITHUB_STEP_SUMMARY", &summary).run(["scan", "--format", format]);
    run("human").exits(1);
    assert_eq!(fs::read_to_string(&summary).unwrap(), "an earlier command wrote this");
    let leak = run("github").exits(1);
    assert!(leak.text().starts_with("::error file=a.env,line=1,endLine=1,col=1,"), "{}", leak.screen());
    let text = fs::read_to_string(&summary).unwrap();
    assert!(text.starts_with("an earlier command wrote this\n\n## Keywright: 1 leak in 1 file\n"), "{text}");
    assert!(!text.contains(&key("github")) && text.contains("| `a.env` line 1 |"), "{text}");

    fs::write(&summary, vec![b'x'; 1_000_000]).unwrap();
    run("github").exits(1);
    assert_eq!(fs::metadata(&summary).unwrap().len(), 1_000_000, "GitHub takes no more from a step");
}

#[test]
fn a_summary_that_cannot_be_written_is_a_report_that_cannot_be_written() {
    let repo = Repo::new();
    repo.write("a", "nothing\n").commit("first");
    let run = || {
        let program = repo.program().env("GITHUB_STEP_SUMMARY", "absent/summary.md");
        program.run(["scan", "--format", "github"])
    };
    let clean = run().exits(3);
    assert!(
        clean.stderr.contains("couldn't write the summary of the job to absent/summary.md"),
        "{}",
        clean.stderr
    );
    repo.write("a.env", key("github"));
    run().exits(1);
}

#[cfg(unix)]
#[test]
fn a_name_commands_neither_stream_of_a_step() {
    let repo = Repo::new();
    repo.write("##[add-mask]x\n::stop-commands::y", key("github")).write("::error::z", key("stripe"));
    let run = || {
        let run = repo.run(["scan", "--files", "--format", "github"]);
        for line in run.text().lines().chain(run.stderr.lines()) {
            assert!(!line.contains("##["), "{line}");
            let known = ["::error file=", "::error title=", "::warning title=", "::notice title="];
            assert!(!line.starts_with("::") || known.iter().any(|k| line.starts_with(k)), "{line}");
        }
        run
    };
    assert_eq!(run().exits(1).text().lines().count(), 3);
    repo.write("keywright.toml", "'##[stop-commands]t' = 1\n");
    assert!(run().exits(1).stderr.contains("stop-commands"));
}

#[test]
fn several_reports_are_written_at_once() {
    let repo = Repo::new();
    repo.write("a.env", key("github"));
    let (sarif, json) = (repo.outside("a.sarif"), repo.outside("a.json"));
    let run = repo
        .run([
            "scan".as_ref(),
            "-f".as_ref(),
            "sarif".as_ref(),
            "-o".as_ref(),
            sarif.as_os_str(),
            "-f".as_ref(),
            "json".as_ref(),
            "-o".as_ref(),
            json.as_os_str(),
            "-f".as_ref(),
            "human".as_ref(),
        ])
        .exits(1);
    assert!(run.text().contains("1 leak in 1 file"));
    for file in [sarif, json] {
        let text = fs::read_to_string(file).unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
        assert!(!text.contains(&key("github")));
    }
}

#[test]
fn a_reader_that_goes_away_is_a_good_end() {
    let repo = Repo::new();
    for n in 0..300 {
        repo.write(format!("{n}.env"), nth_key("github", n));
    }
    let mut child = cleared(env!("CARGO_BIN_EXE_keywright"), &repo.outside(""))
        .args(["scan", "--files"])
        .current_dir(repo.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn nothing_is_coloured_where_nobody_looks() {
    let repo = Repo::new();
    repo.write("a.env", key("github"));
    assert!(!repo.run(["scan"]).screen().contains('\x1b'));
    assert!(repo.run(["--color", "always", "scan"]).screen().contains('\x1b'));
}

#[test]
fn no_screen_holds_the_secret() {
    let repo = Repo::new();
    repo.write("a.env", format!("# {0}\nTOKEN={0} {1}\n", key("github"), key("stripe")))
        .commit(&key("openai"));
    repo.write(format!("{}.txt", nth_key("openai", 2)), nth_key("openai", 2)).commit("a name");
    for format in keywright::report::Format::words() {
        let screen = repo.run(["scan", "--format", format]).exits(1).screen();
        for kind in ["github", "stripe", "openai"] {
            assert!(!screen.contains(&key(kind)), "{format} shows the {kind} key:\n{screen}");
        }
        assert!(!screen.contains(&nth_key("openai", 2)), "{format} shows the key in a name:\n{screen}");
    }
}

#[test]
fn a_name_that_repeats_another_files_secret_is_veiled_too() {
    let repo = Repo::new();
    repo.write("a.env", key("stripe"))
        .write(format!("{}.txt", key("stripe")), key("github"))
        .commit("a name");
    for format in keywright::report::Format::words() {
        let screen = repo.run(["scan", "--format", format]).exits(1).screen();
        assert!(!screen.contains(&key("stripe")), "{format} shows the key in a name:\n{screen}");
    }
}
