use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::*;
use crate::model::Secret;

/// A folder with files in it.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(name: &str, text: &str) -> Self {
        let folder = Self::new();
        fs::write(folder.path(name), text).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of all there is.
    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap().map(|e| e.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn at(&self, place: &str) -> Box<dyn Destination> {
        parse(place, &reach(self.0.path(), 7)).unwrap_or_else(|e| panic!("{e}"))
    }
}

/// Reaches nothing but files.
pub(super) fn reach(base: &Path, key: u8) -> Reach {
    let door = Arc::new(Door::new(&[]).unwrap());
    Reach { base: base.into(), stamps: StampKey::new([key; 32]), door, settings: BTreeMap::new() }
}

fn credential(id: &str, secret: &str) -> Credential {
    let key_id = (!id.is_empty()).then(|| id.to_owned());
    Credential { key_id, secret: Secret::new(secret.as_bytes().to_vec()) }
}

/// Reads, writes, and reads back.
async fn deliver(there: &dyn Destination, new: &Credential) -> Result<Stamp, DestinationError> {
    let seen = there.read_meta().await?;
    let stamp = there.write(new, &seen.stamp).await?;
    assert_eq!(there.read_back(new).await, Ok(Held::Wanted));
    assert_eq!(there.read_meta().await?.stamp, stamp, "the stamp it gives is the stamp that is there");
    Ok(stamp)
}

#[tokio::test]
async fn a_value_is_delivered_and_put_back() {
    let folder = Folder::with(".env", "# ours\nA='old' # c\n");
    let there = folder.at("dotenv:.env#A");
    let seen = there.read_meta().await.unwrap();
    let old = seen.value.unwrap();
    assert!(old.secret == Secret::new(b"old".to_vec()));
    let stamp = deliver(&*there, &credential("", "new")).await.unwrap();
    assert_eq!(folder.text(".env"), "# ours\nA='new' # c\n");
    assert_eq!(there.read_back(&old).await, Ok(Held::Other));
    let back = there.restore(&old, &stamp).await.unwrap();
    assert_eq!((folder.text(".env").as_str(), back), ("# ours\nA='old' # c\n", seen.stamp));
    assert_eq!(folder.names(), [".env"]);
}

#[tokio::test]
async fn written_twice_is_the_same_as_once() {
    // A run that dies between the rename and its journal comes again with the stamp from before.
    let folder = Folder::with(".env", "A=old\n");
    let there = folder.at("dotenv:.env#A");
    let (old, new) = (credential("", "old"), credential("", "new"));
    let before = there.read_meta().await.unwrap().stamp;
    let once = there.write(&new, &before).await.unwrap();
    assert_eq!(there.write(&new, &before).await.unwrap(), once);
    let back = there.restore(&old, &once).await.unwrap();
    assert_eq!(there.restore(&old, &once).await.unwrap(), back);
    assert_eq!(folder.text(".env"), "A=old\n");
}

#[tokio::test]
async fn a_file_that_was_changed_is_not_written() {
    let folder = Folder::with(".env", "A=old\nB=1\n");
    let there = folder.at("dotenv:.env#A");
    let seen = there.read_meta().await.unwrap();
    fs::write(folder.path(".env"), "A=old\nB=2\n").unwrap();
    let refused = there.write(&credential("", "new"), &seen.stamp).await.unwrap_err();
    assert!(
        matches!(&refused, DestinationError::Changed(why) if why.starts_with("dotenv:.env#A: ")),
        "{refused}"
    );
    assert_eq!(folder.text(".env"), "A=old\nB=2\n");
    let none = Stamp(String::new());
    assert!(matches!(there.write(&credential("", "new"), &none).await, Err(DestinationError::Changed(_))));
    fs::remove_file(folder.path(".env")).unwrap();
    let gone = there.write(&credential("", "new"), &seen.stamp).await;
    assert!(matches!(gone, Err(DestinationError::Absent(_))), "{gone:?}");
}

#[tokio::test]
async fn the_same_bytes_under_another_key_have_another_stamp() {
    // Who reads the store cannot try weak passwords against a stamp.
    let folder = Folder::with(".env", "A=old\n");
    let one = folder.at("dotenv:.env#A").read_meta().await.unwrap().stamp;
    let other = parse("dotenv:.env#A", &reach(folder.0.path(), 8)).unwrap();
    assert_ne!(one, other.read_meta().await.unwrap().stamp);
    assert_eq!(one, folder.at("dotenv:.env#A").read_meta().await.unwrap().stamp);
}

#[tokio::test]
async fn mode_owner_and_attributes_stay() {
    let folder = Folder::with(".env", "A=old\n");
    let path = folder.path(".env");
    let mut owner = (fs::metadata(&path).unwrap().uid(), fs::metadata(&path).unwrap().gid());
    if owner.0 == 0 {
        // Only root can give a file away.
        owner = (4321, 4322);
        chown(&path, Some(owner.0), Some(owner.1)).unwrap();
    }
    let has_attributes =
        rustix::fs::setxattr(&path, "user.note", b"kept", rustix::fs::XattrFlags::empty()).is_ok();
    for mode in [0o600, 0o640, 0o664, 0o755] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        deliver(&*folder.at("dotenv:.env#A"), &credential("", &format!("new{mode}"))).await.unwrap();
        let meta = fs::metadata(&path).unwrap();
        assert_eq!((meta.mode() & 0o7777, meta.uid(), meta.gid()), (mode, owner.0, owner.1));
    }
    if has_attributes {
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(&path, "user.note", &mut value[..]).unwrap();
        assert_eq!(&value[..length], b"kept");
    }
}

#[tokio::test]
async fn a_link_stays_a_link() {
    let folder = Folder::with("real", "A=old\n");
    fs::create_dir(folder.path("app")).unwrap();
    symlink("../real", folder.path("app/.env")).unwrap();
    deliver(&*folder.at("dotenv:app/.env#A"), &credential("", "new")).await.unwrap();
    assert_eq!(fs::read_link(folder.path("app/.env")).unwrap(), PathBuf::from("../real"));
    assert_eq!(folder.text("real"), "A=new\n");
    symlink("nowhere", folder.path("dangling")).unwrap();
    symlink("loop", folder.path("loop")).unwrap();
    let dangling = folder.at("dotenv:dangling#A").read_meta().await;
    assert!(matches!(dangling, Err(DestinationError::Absent(_))), "{dangling:?}");
    assert!(folder.at("dotenv:loop#A").read_meta().await.is_err());
}

#[tokio::test]
async fn what_cannot_be_replaced_as_it_is_is_refused_before_anything_is_minted() {
    let folder = Folder::with("two", "A=old\n");
    fs::hard_link(folder.path("two"), folder.path("second")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    assert!(fs::symlink_metadata(folder.path("pipe")).unwrap().file_type().is_fifo());
    fs::create_dir(folder.path("folder")).unwrap();
    symlink("/dev/null", folder.path("device")).unwrap();
    fs::write(folder.path("large"), vec![b'#'; (1 << 20) + 1]).unwrap();
    fs::write(folder.path("readonly"), "A=old\n").unwrap();
    fs::set_permissions(folder.path("readonly"), Permissions::from_mode(0o444)).unwrap();
    for (name, why) in [
        ("two", "second name"),
        ("pipe", "no regular file"),
        ("folder", "no regular file"),
        ("device", "no regular file"),
        ("large", "1 MiB"),
        ("readonly", "mode 0444"),
    ] {
        match folder.at(&format!("dotenv:{name}#A")).read_meta().await {
            Err(DestinationError::Denied(told)) => assert!(told.contains(why), "{told}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    let names = folder.names();
    assert!(!names.iter().any(|name| name.contains("keywright")), "{names:?}");
}

#[tokio::test]
async fn a_run_killed_at_any_moment_leaves_one_of_the_two_files_whole() {
    let texts = ["a", "b"].map(|fill| format!("A={}\n# {}\n", fill.repeat(64), "x".repeat(100_000)));
    if let Some(folder) = std::env::var_os("KEYWRIGHT_TEST_KILLED") {
        let there = parse("dotenv:.env#A", &reach(Path::new(&folder), 7)).unwrap();
        fs::write(Path::new(&folder).join("begun"), "").unwrap();
        for fill in ["b", "a"].iter().cycle() {
            deliver(&*there, &credential("", &fill.repeat(64))).await.unwrap();
        }
    }
    let folder = Folder::with(".env", &texts[0]);
    let mut left = 0;
    for wait in 0..20 {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args([
            "destination::tests::a_run_killed_at_any_moment_leaves_one_of_the_two_files_whole",
            "--exact",
        ]);
        again.env("KEYWRIGHT_TEST_KILLED", folder.0.path()).stdout(std::process::Stdio::null());
        let mut child = again.spawn().unwrap();
        while !folder.path("begun").exists() {
            assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        tokio::time::sleep(std::time::Duration::from_micros(300 * wait)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(texts.contains(&folder.text(".env")), "killed after {wait}");
        fs::remove_file(folder.path("begun")).unwrap();
        left += folder.names().len() - 1;
    }
    deliver(&*folder.at("dotenv:.env#A"), &credential("", "c")).await.unwrap();
    assert_eq!(folder.names(), [".env"], "{left} files were left behind in all");
}

/// Runs this test again as a user without rights, if this one has them all.
fn as_nobody(test: &str, folder: &Path) -> Option<bool> {
    if fs::metadata("/proc/self").ok()?.uid() != 0 {
        return None;
    }
    let own = folder.join("tests-of-nobody");
    fs::copy(std::env::current_exe().unwrap(), &own).unwrap();
    let mut again = Command::new("setpriv");
    again.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(own);
    again.args([test, "--exact", "--test-threads=1"]).env("KEYWRIGHT_TEST_FOLDER", folder).current_dir("/");
    let output = again.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let ran = String::from_utf8_lossy(&output.stdout).contains("1 passed");
    Some(ran)
}

#[tokio::test]
async fn without_the_right_to_write_it_is_denied() {
    // Root may write anything: as root this test runs itself again as nobody.
    let Some(given) = std::env::var_os("KEYWRIGHT_TEST_FOLDER") else {
        let folder = Folder::new();
        for name in ["open", "shut"] {
            fs::create_dir(folder.path(name)).unwrap();
        }
        for (name, mode) in [("open/.env", 0o644), ("open/hidden", 0o600), ("shut/.env", 0o666)] {
            fs::write(folder.path(name), "A=old\n").unwrap();
            fs::set_permissions(folder.path(name), Permissions::from_mode(mode)).unwrap();
        }
        fs::set_permissions(folder.path("open"), Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(folder.path("shut"), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(folder.0.path(), Permissions::from_mode(0o755)).unwrap();
        let name = "destination::tests::without_the_right_to_write_it_is_denied";
        if let Some(ran) = as_nobody(name, folder.0.path()) {
            assert!(ran);
            return;
        }
        for name in ["open/.env", "open/hidden"] {
            fs::set_permissions(folder.path(name), Permissions::from_mode(0o400)).unwrap();
        }
        fs::set_permissions(folder.path("shut"), Permissions::from_mode(0o555)).unwrap();
        denied(folder.0.path(), &["open/.env", "shut/.env"]).await;
        fs::set_permissions(folder.path("shut"), Permissions::from_mode(0o755)).unwrap();
        return;
    };
    denied(Path::new(&given), &["open/.env", "open/hidden", "shut/.env"]).await;
}

async fn denied(folder: &Path, names: &[&str]) {
    for name in names {
        let there = parse(&format!("dotenv:{name}#A"), &reach(folder, 7)).unwrap();
        let refused = there.read_meta().await;
        assert!(matches!(refused, Err(DestinationError::Denied(_))), "{name}: {refused:?}");
    }
}

#[tokio::test]
async fn what_a_killed_run_left_behind_goes() {
    let folder = Folder::with(".env", "A=old\n");
    for name in ["..env.keywright-AbCdEf", "..env.local.keywright-AbCdEf", ".env.keywright-x"] {
        fs::write(folder.path(name), "A=new\n").unwrap();
    }
    deliver(&*folder.at("dotenv:.env#A"), &credential("", "new")).await.unwrap();
    assert_eq!(folder.names(), ["..env.local.keywright-AbCdEf", ".env", ".env.keywright-x"]);
}

#[tokio::test]
async fn two_rotations_in_one_file_both_count() {
    let folder = Folder::with(".env", "A=old\nB=old\n");
    let (a, b) = (folder.at("dotenv:.env#A"), folder.at("dotenv:.env#B"));
    let again = |there: Box<dyn Destination>| async move {
        // Whoever comes second is told, and looks again.
        for _ in 0..50 {
            let stamp = there.read_meta().await.unwrap().stamp;
            match there.write(&credential("", "new"), &stamp).await {
                Ok(_) => return,
                Err(DestinationError::Changed(_)) => {}
                Err(e) => panic!("{e}"),
            }
        }
        panic!("never written");
    };
    tokio::join!(again(a), again(b));
    assert_eq!(folder.text(".env"), "A=new\nB=new\n");
}

#[tokio::test]
async fn in_any_text_only_the_urls_of_the_host_change() {
    // R10
    let before = "proxy: http://k1:s1@h.test:7777 # http://k1:s1@h.test\n\
        other: http://k1:s1@xh.test, http://k1:s1@h.test.org, http://k1:s1@h.test-2/\n\
        json: {\"u\":\"https://k1:s1@H.test/p?q=http://h.test\"}\n\
        none: http://h.test/ ${U}@h.test http://${U}:${P}@h.test http://{u}:{p}@h.test k1:s1\n\
        end. See http://k1:s1@h.test.\r\n";
    let folder = Folder::with("app.yaml", before);
    let there = folder.at("url:app.yaml#h.test");
    let held = there.read_meta().await.unwrap().value.unwrap();
    assert_eq!(held.key_id.as_deref(), Some("k1"));
    deliver(&*there, &credential("k2", "s/2")).await.unwrap();
    let after = before
        .replace("http://k1:s1@h.test:7777", "http://k2:s%2F2@h.test:7777")
        .replace("# http://k1:s1@h.test\n", "# http://k2:s%2F2@h.test\n")
        .replace("https://k1:s1@H.test/", "https://k2:s%2F2@H.test/")
        .replace("http://k1:s1@h.test.\r\n", "http://k2:s%2F2@h.test.\r\n");
    assert_eq!(folder.text("app.yaml"), after);
    let port = folder.at("url:app.yaml#h.test:7777");
    deliver(&*port, &credential("k3", "s3")).await.unwrap();
    assert_eq!(folder.text("app.yaml"), after.replace("k2:s%2F2@h.test:7777", "k3:s3@h.test:7777"));
    let two = there.read_meta().await.unwrap_err().to_string();
    assert!(two.contains("lines 1 and 1 have different users"), "{two}");
}

#[tokio::test]
async fn a_file_without_such_a_url_is_told() {
    let folder = Folder::with("a", "http://h.test/ http://k1@h.test/ http://k1:s1@other.test/\n");
    let absent = folder.at("url:a#h.test").read_meta().await;
    assert!(matches!(absent, Err(DestinationError::Absent(_))), "{absent:?}");
    fs::write(folder.path("a"), b"h\0t\0t\0p\0").unwrap();
    let wide = folder.at("url:a#h.test").read_meta().await;
    assert!(matches!(wide, Err(DestinationError::Denied(_))), "{wide:?}");
}

#[tokio::test]
async fn a_new_value_that_would_not_read_back_is_not_written() {
    let folder = Folder::with("a", "http://k1:s1@h.test/\n");
    let refused = deliver(&*folder.at("url:a#h.test"), &credential("k1", "")).await;
    assert!(matches!(refused, Err(DestinationError::Denied(_))), "{refused:?}");
    assert_eq!(folder.text("a"), "http://k1:s1@h.test/\n");
}

#[tokio::test]
async fn a_command_makes_a_write_count() {
    let folder = Folder::with(".env", "A=old\n");
    folder.at("dotenv:.env#A").activate().await.unwrap();
    folder.at("dotenv:.env#A then touch reloaded").activate().await.unwrap();
    assert!(folder.path("reloaded").exists());
    let failed = folder.at("dotenv:.env#A then false").activate().await.unwrap_err();
    assert!(
        matches!(&failed, DestinationError::NotDone(why) if why.contains("`false` ended with 1")),
        "{failed}"
    );
    let absent = folder.at("dotenv:.env#A then ./no-such-program now").activate().await;
    assert!(matches!(absent, Err(DestinationError::Denied(_))), "{absent:?}");
}

#[test]
fn a_wrong_place_says_what_to_write_and_repeats_no_password() {
    for (place, fix) in [
        ("", "dotenv:PATH#NAME"),
        (".env#A", "dotenv:PATH#NAME"),
        ("file:.env#A", "dotenv:PATH#NAME"),
        ("dotenv:.env", "#NAME"),
        ("dotenv:#A", "dotenv:PATH#"),
        ("dotenv:.env#hunter2 hunter2", "#NAME"),
        ("dotenv:.env#A then ", "name a command"),
        ("url:.env", "url:PATH#HOST"),
        ("url:.env#k:hunter2@h", "url:PATH#HOST"),
        ("url:.env#http://h", "url:PATH#HOST"),
        ("url:.env#h:99999", "url:PATH#HOST"),
        ("url:.env#[::x]", "url:PATH#HOST"),
        ("exec:", "exec:PROGRAM"),
        ("exec:  ", "exec:PROGRAM"),
    ] {
        let error = parse(place, &reach(Path::new("/"), 7)).err().expect(place).to_string();
        assert!(error.contains(fix) && !error.contains("hunter2"), "{place}: {error}");
    }
    for place in
        ["url:.env#[::1]:80", "url:a b#h", "dotenv:/x#y/.env#A@url,key_id=B then a b", "exec:a # then b"]
    {
        let there = parse(place, &reach(Path::new("/"), 7)).unwrap();
        assert!(place.starts_with(&there.place()), "{place}");
    }
    let bad = parse("dotenv:a\u{202e}\n#A", &reach(Path::new("/"), 7)).unwrap();
    assert_eq!(bad.place(), r"dotenv:a\u{202e}\x0a#A");
}
