//! Where the program comes from: built from the action's own checkout, or a release by its checksum.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::root;
use crate::support::Folder;
use crate::support::program::cleared;

/// One run of `build.sh` to come, in a room of its own.
struct Build {
    room: Folder,
    source: std::path::PathBuf,
    path: String,
    variables: Vec<(&'static str, String)>,
}

impl Build {
    fn new() -> Self {
        let names = ["INPUT_VERSION", "INPUT_SHA256", "INPUT_COMMENT", "INPUT_ARGS"];

        Self {
            room: Folder::new(),
            source: root().to_owned(),
            path: std::env::var("PATH").unwrap(),
            variables: names.map(|name| (name, String::new())).to_vec(),
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// A cargo that writes down how it was called, and builds nothing.
    fn with_cargo(mut self) -> Self {
        let bin = self.room.path().join("cargo-bin");
        fs::create_dir(&bin).unwrap();
        let script = "#!/bin/sh\necho \"$*\" >>\"$RUNNER_TEMP/cargo\"\nmkdir -p \"$CARGO_TARGET_DIR/release\"\n\
                      printf '#!/bin/sh\\necho built\\n' >\"$CARGO_TARGET_DIR/release/keywright\"\n\
                      chmod +x \"$CARGO_TARGET_DIR/release/keywright\"\n";
        fs::write(bin.join("cargo"), script).unwrap();
        fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        self.path = format!("{}:{}", bin.display(), self.path);
        self
    }

    /// Runs it; returns whether it went well, what it put out, and what it said.
    fn run(&self, verb: &str) -> (bool, String, String) {
        let output = self.room.path().join("output");
        let mut command = cleared("bash", &self.room.path());
        command.arg(self.source.join("action/build.sh")).arg(verb).current_dir(self.room.path());
        command.env("PATH", &self.path).env("GITHUB_OUTPUT", &output).env("RUNNER_TEMP", self.room.path());
        for home in ["CARGO_HOME", "RUSTUP_HOME", "HOME"] {
            if let Some(value) = std::env::var_os(home) {
                command.env(home, value);
            }
        }
        let ran = command.envs(self.variables.iter().map(|(n, v)| (n, v))).output().unwrap();
        let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        let put_out = fs::read_to_string(&output).unwrap_or_default();
        let _ = fs::remove_file(&output);
        (ran.status.success(), put_out, said)
    }

    fn program(&self) -> std::path::PathBuf {
        self.room.path().join("keywright/bin/keywright")
    }
}

#[test]
fn the_source_is_built_by_its_lock_file_and_without_the_network_unless_it_is_needed() {
    for (name, value, features) in [
        ("INPUT_ARGS", "--min-confidence high", " --no-default-features"),
        ("INPUT_ARGS", "--verify", ""),
        ("INPUT_COMMENT", "true", ""),
    ] {
        let build = Build::new().with_cargo().with("INPUT_VERSION", "source").with(name, value);
        let (is_well, _, said) = build.run("make");
        assert!(is_well, "{said}");
        let called = fs::read_to_string(build.room.path().join("cargo")).unwrap();
        let start = format!("build --release --locked --quiet{features} --manifest-path ");
        assert!(called.starts_with(&start), "{called}");
        assert!(build.program().exists());
        // It is there: nothing is built again, and the cache is not fought with.
        build.run("make");
        assert_eq!(fs::read_to_string(build.room.path().join("cargo")).unwrap(), called);
    }
}

#[test]
fn the_caches_key_changes_with_whatever_goes_into_the_build() {
    let mut build = Build::new().with("INPUT_VERSION", "source");
    let copy = build.room.path().join("action");
    fs::create_dir(&copy).unwrap();
    for name in ["Cargo.toml", "Cargo.lock", "build.rs", "src", "rules", "hooks", "action"] {
        let status = Command::new("cp").arg("-R").arg(root().join(name)).arg(&copy).status().unwrap();
        assert!(status.success());
    }
    build.source = copy.clone();
    let key = |build: &Build| {
        let (is_well, put_out, said) = build.run("key");
        assert!(is_well, "{said}");
        put_out.lines().find_map(|line| line.strip_prefix("key=")).unwrap().to_owned()
    };
    let first = key(&build);
    assert!(first.starts_with("keywright-scanner-") && first == key(&build), "{first}");
    for name in ["Cargo.lock", "src/lib.rs", "rules/github.toml"] {
        let before = key(&build);
        add_line(&copy.join(name));
        assert_ne!(before, key(&build), "{name}");
    }
    let full =
        Build { source: copy, ..Build::new() }.with("INPUT_VERSION", "source").with("INPUT_COMMENT", "true");
    assert!(key(&full).starts_with("keywright-full-"));
}

fn add_line(path: &Path) {
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"\n").unwrap();
}

/// Serves one answer to everybody; returns where.
fn serve(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut asked = [0; 4096];
            let _ = stream.read(&mut asked);
            let head =
                format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        }
    });
    place
}

#[test]
fn a_release_is_taken_by_its_checksum_or_not_at_all() {
    let folder = Folder::new();
    fs::write(folder.path().join("keywright"), "#!/bin/sh\necho released\n").unwrap();
    fs::set_permissions(folder.path().join("keywright"), fs::Permissions::from_mode(0o755)).unwrap();
    let archive = folder.path().join("a.tar.gz");
    let mut tar = Command::new("tar");
    assert!(
        tar.arg("-czf")
            .arg(&archive)
            .arg("-C")
            .arg(folder.path())
            .arg("keywright")
            .status()
            .unwrap()
            .success()
    );
    let bytes = fs::read(&archive).unwrap();
    let sum = data_encoding::HEXLOWER.encode(&Sha256::digest(&bytes));
    let server = serve(bytes);
    let release = |sum: &str| {
        let build = Build::new().with("INPUT_VERSION", "v1.2.3").with("INPUT_SHA256", sum);
        build.with("ACTION_SERVER", &server).with("ACTION_REPOSITORY", "acme/keywright")
    };
    let right = release(&sum);
    let (is_well, put_out, said) = right.run("key");
    assert!(is_well && !put_out.contains("key="), "{said}");
    let (is_well, _, said) = right.run("make");
    assert!(is_well && right.program().exists(), "{said}");
    let wrong = release(&"0".repeat(64));
    let (is_well, _, said) = wrong.run("make");
    assert!(!is_well && said.contains("another checksum") && !wrong.program().exists(), "{said}");
    for sum in ["", "latest", &sum[..63]] {
        let (is_well, _, said) = release(sum).run("key");
        assert!(!is_well && said.contains("by its checksum only"), "{said}");
    }
}

#[test]
fn nothing_that_moves_is_run() {
    for version in ["", "latest", "main", "v1", "1.2.3", "v1.2.3-rc1", "v1.2.3/../../x", "v1.2.3\nkey=x"] {
        let (is_well, put_out, said) = Build::new().with("INPUT_VERSION", version).run("key");
        assert!(!is_well && said.contains("nothing that moves") && put_out.is_empty(), "{version}: {said}");
    }
}
