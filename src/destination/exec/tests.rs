use super::super::parse;
use super::super::tests::reach;
use super::*;

/// A program of the shell: its own place, and where what it saw goes.
struct Double {
    folder: tempfile::TempDir,
}

impl Double {
    /// Makes one that runs `script` with the question in `$question`.
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("read -r question\n{script}\n");
        std::fs::write(folder.path().join("double.sh"), text).unwrap();
        Self { folder }
    }

    fn there(&self) -> Box<dyn Destination> {
        // Read by a shell, not run itself: a file that was just written cannot always be run.
        parse("exec:sh double.sh one two", &reach(self.folder.path(), 7)).unwrap()
    }

    fn saw(&self, name: &str) -> String {
        let bytes = std::fs::read(self.folder.path().join(name)).unwrap();
        String::from_utf8(bytes).unwrap().replace('\0', " ")
    }
}

fn new() -> Credential {
    Credential { key_id: Some("k2".into()), secret: Secret::new(b"fresh \"secret\"\n of ours".to_vec()) }
}

fn at() -> Stamp {
    Stamp("7".into())
}

#[tokio::test]
async fn a_program_is_asked_verb_by_verb() {
    let double = Double::new(
        r#"printf '%s\n' "$question" >> asked
case $question in
*'"verb":"read_meta"'*) echo '{"stamp":"7","key_id":"k1","secret":"old"}' ;;
*'"verb":"write"'*) echo '{"stamp":"8"}' ;;
*'"verb":"read_back"'*) echo '{"held":"wanted"}' ;;
*'"verb":"restore"'*) echo '{"stamp":"9"}' ;;
*) echo '{}' ;;
esac"#,
    );
    let there = double.there();
    let meta = there.read_meta().await.unwrap();
    assert_eq!((meta.stamp, meta.value.unwrap().key_id.as_deref()), (at(), Some("k1")));
    assert_eq!(there.write(&new(), &at()).await.unwrap().0, "8");
    assert_eq!(there.read_back(&new()).await, Ok(Held::Wanted));
    assert_eq!(there.activate().await, Ok(()));
    assert_eq!(there.restore(&new(), &Stamp("8".into())).await.unwrap().0, "9");
    let asked = double.saw("asked");
    let asked: Vec<serde_json::Value> = asked.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let secret = "fresh \"secret\"\n of ours";
    assert_eq!(
        asked[0],
        serde_json::json!({"verb": "read_meta", "key_id": null, "secret": null, "stamp": null})
    );
    assert_eq!(
        asked[1],
        serde_json::json!({"verb": "write", "key_id": "k2", "secret": secret, "stamp": "7"})
    );
    assert_eq!(asked[4]["verb"], "restore");
}

#[tokio::test]
async fn a_verb_it_does_not_know_is_no_error() {
    let double = Double::new(
        r#"case $question in *'"verb":"write"'*) echo '{}' ;; *) echo '{"unsupported":true}' ;; esac"#,
    );
    let there = double.there();
    let meta = there.read_meta().await.unwrap();
    assert!(meta.value.is_none() && meta.stamp.0.is_empty());
    assert_eq!(there.read_back(&new()).await, Ok(Held::Hidden));
    assert_eq!(there.activate().await, Ok(()));
    // To put the old one back is to write it.
    assert!(there.restore(&new(), &at()).await.is_ok());
    let none = Double::new(r#"echo '{"unsupported":true}'"#);
    assert!(matches!(none.there().write(&new(), &at()).await, Err(DestinationError::Denied(_))));
}

#[tokio::test]
async fn the_secret_stands_in_no_argument_environment_or_error() {
    let double = Double::new(
        r#"cat /proc/$$/cmdline > argv; cat /proc/$$/environ > environ
echo "could not write: $question" >&2; echo 'so it failed' >&2; exit 3"#,
    );
    let there = double.there();
    let secret = "fresh-secret-of-ours-0123456789";
    let new = Credential { key_id: Some("k2".into()), secret: Secret::new(secret.into()) };
    let error = there.write(&new, &at()).await.unwrap_err();
    let DestinationError::Lost(why) = &error else { panic!("{error:?}") };
    assert!(why.contains("ended with 3 (what it said holds the secret"), "{why}");
    assert_eq!(double.saw("argv"), "sh double.sh one two ");
    for seen in [double.saw("argv"), double.saw("environ"), error.to_string(), there.place()] {
        assert!(!seen.contains(&secret[..12]), "{seen}");
    }
    // Cargo's own variables are in this test's environment and must not be in the program's.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let names: Vec<String> =
        double.saw("environ").split_whitespace().map(|v| v.split('=').next().unwrap().into()).collect();
    assert!(names.contains(&"PATH".into()) && !names.iter().any(|n| n.starts_with("CARGO")), "{names:?}");
}

#[tokio::test]
async fn every_way_to_fail_says_whether_something_may_have_happened() {
    for (script, write, read) in [
        ("exit 1", "Lost", "NotDone"),
        ("kill -9 $$", "Lost", "NotDone"),
        ("true", "Lost", "NotDone"),
        ("echo no", "Lost", "NotDone"),
        ("echo '{} {}'", "Lost", "NotDone"),
        ("echo '[1]'", "Lost", "NotDone"),
        ("echo '{\"stamp\":7}'", "Lost", "NotDone"),
        ("echo '{\"stamp\":\"7\"}'; exit 1", "Lost", "NotDone"),
        ("head -c 70000 /dev/zero; sleep 50", "Lost", "NotDone"),
        ("head -c 70000 /dev/zero >&2; exit 1", "Lost", "NotDone"),
        ("printf '\\377\\376'", "Lost", "NotDone"),
        ("echo '{\"error\":\"absent\",\"why\":\"gone\"}'", "Absent", "Absent"),
        ("echo '{\"error\":\"denied\"}'; exit 1", "Denied", "Denied"),
        ("echo '{\"error\":\"changed\"}'", "Changed", "Changed"),
        ("echo '{\"error\":\"not_done\"}'", "NotDone", "NotDone"),
        ("echo '{\"error\":\"what\"}'", "Lost", "Lost"),
    ] {
        let there = Double::new(script);
        let there = (there.there(), there);
        let wrote = there.0.write(&new(), &at()).await.unwrap_err();
        assert!(format!("{wrote:?}").starts_with(write), "{script}: {wrote:?}");
        let seen = there.0.read_meta().await.unwrap_err();
        assert!(format!("{seen:?}").starts_with(read), "{script}: {seen:?}");
    }
    let absent = parse("exec:./no-such-program", &reach(Path::new("/"), 7)).unwrap();
    assert!(matches!(absent.write(&new(), &at()).await, Err(DestinationError::Denied(_))));
    let bytes = Credential { key_id: None, secret: Secret::new(vec![0xff]) };
    assert!(matches!(absent.write(&bytes, &at()).await, Err(DestinationError::Denied(_))));
}

#[tokio::test]
async fn a_program_that_reads_nothing_or_leaves_something_behind_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let words = words();
    let said = |script: &str| {
        std::fs::write(folder.path().join("s.sh"), script).unwrap();
        program::ask(&words, folder.path(), b"{}", MOST, Duration::from_secs(20))
    };
    assert_eq!(&said("exec <&-; echo a").await.unwrap().output[..], b"a\n");
    // Something it started holds its output open.
    let left = said("sleep 8 & echo $! > pid; echo b").await.unwrap();
    assert_eq!(&left.output[..], b"b\n");
    let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
    assert!(Path::new("/proc").join(pid.trim()).exists(), "what runs on is let be");
}

fn words() -> Vec<String> {
    program::words("sh s.sh")
}

#[tokio::test]
async fn a_program_that_hangs_is_stopped_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.sh"), "sleep 300 & echo $! > pid; wait").unwrap();
    let hung = program::ask(&words(), folder.path(), b"{}", MOST, Duration::from_secs(2)).await;
    assert!(matches!(hung, Err(RunError::TooLong(_))));
    let pid = std::fs::read_to_string(folder.path().join("pid")).unwrap();
    // Killed, and perhaps not yet taken note of by its parent.
    let is_dead = || {
        let status = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("status"));
        status.map_or(true, |s| s.contains("State:\tZ") || s.contains("State:\tX"))
    };
    for _ in 0..100 {
        if is_dead() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("what it started runs on");
}
