//! Keys that real programs wrote, held against the check for private keys.
#![expect(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use keywright::detect::structure::{Shape, check};
use keywright::rule::Structure;
use tempfile::TempDir;

/// Runs a program, or tells that it is not installed.
fn run(program: &str, args: &[&str]) -> Option<()> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) => {
            assert!(status.success(), "{program} {args:?}");
            Some(())
        }
        Err(_) => None,
    }
}

struct Keys(TempDir);

impl Keys {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn openssl(&self, args: &[&str], out: &str) -> Option<Vec<u8>> {
        let path = self.path(out);
        let args: Vec<&str> = args.iter().copied().chain(["-out", path.to_str().unwrap()]).collect();
        run("openssl", &args)?;
        Some(read(&path))
    }

    fn ssh(&self, kind: &str, phrase: &str, more: &[&str]) -> Option<(Vec<u8>, Vec<u8>)> {
        let name = format!("{kind}-{}-{}", phrase.len(), more.join(""));
        let path = self.path(&name);
        let mut args = vec!["-q", "-t", kind, "-N", phrase, "-C", "a comment", "-f", path.to_str().unwrap()];
        args.extend(more);
        run("ssh-keygen", &args)?;
        Some((read(&path), read(&self.path(&format!("{name}.pub")))))
    }
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

/// Checks the key as it is and as source code quotes it; then cut, with a byte changed.
fn holds(key: &[u8], what: &str) {
    let text = String::from_utf8(key.to_vec()).unwrap();
    // `openssl ecparam` writes the curve as a block of its own first.
    let text = &text[text.rfind("-----BEGIN ").unwrap()..];
    for dress in [
        text.to_owned(),
        text.replace('\n', "\r\n"),
        text.replace('\n', "\\n"),
        text.trim().replace('\n', "\n    "),
        text.lines().map(|l| format!("  \"{l}\\n\" +\n")).collect(),
    ] {
        let shape = check(Structure::PrivateKey, dress.as_bytes());
        assert!(matches!(shape, Shape::Holds(_)), "{what}: {shape:?}");
    }
    let lines: Vec<&str> = text.lines().collect();
    let mut cut = lines.clone();
    cut.remove(cut.len() / 2);
    let shape = check(Structure::PrivateKey, cut.join("\n").as_bytes());
    assert!(matches!(shape, Shape::Broken(_)), "{what}, cut: {shape:?}");
}

fn harmless(key: &[u8], what: &str) {
    let shape = check(Structure::PrivateKey, key);
    assert!(matches!(shape, Shape::Harmless(_)), "{what}: {shape:?}");
}

#[test]
fn keys_of_openssl_hold_and_their_locked_and_public_forms_are_harmless() {
    let keys = Keys::new();
    let kinds: [&[&str]; 8] = [
        &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        &["-algorithm", "RSA-PSS", "-pkeyopt", "rsa_keygen_bits:2048"],
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1"],
        &["-algorithm", "ED25519"],
        &["-algorithm", "X25519"],
    ];
    for kind in kinds {
        let what = kind.join(" ");
        let Some(key) = keys.openssl(&[&["genpkey"], kind].concat(), "key.pem") else { return };
        if kind[1] == "ED25519" || kind[1] == "X25519" {
            // One line of body: cutting it leaves none.
            assert!(matches!(check(Structure::PrivateKey, &key), Shape::Holds(_)), "{what}");
        } else {
            holds(&key, &what);
        }
        let path = keys.path("key.pem");
        let path = path.to_str().unwrap();
        let public = keys.openssl(&["pkey", "-in", path, "-pubout"], "public.pem").unwrap();
        harmless(&public, &what);
        let locked = keys.openssl(
            &["pkcs8", "-topk8", "-in", path, "-v2", "aes256", "-passout", "pass:phrase"],
            "locked.pem",
        );
        harmless(&locked.unwrap(), &what);
        if kind[1] == "RSA" || kind[1] == "EC" {
            let old = keys.openssl(&["pkey", "-in", path, "-traditional"], "old.pem").unwrap();
            holds(&old, &format!("{what}, traditional"));
            let old = keys.openssl(
                &["pkey", "-in", path, "-traditional", "-aes128", "-passout", "pass:phrase"],
                "old-locked.pem",
            );
            harmless(&old.unwrap(), &format!("{what}, traditional, locked"));
        }
    }
}

#[test]
fn a_dsa_key_of_openssl_holds() {
    let keys = Keys::new();
    let parameters = keys.path("dsa.pem");
    let size = "dsa_paramgen_bits:1024";
    if keys.openssl(&["genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", size], "dsa.pem").is_none() {
        return;
    }
    let key = keys.openssl(&["genpkey", "-paramfile", parameters.to_str().unwrap()], "key.pem").unwrap();
    holds(&key, "DSA in PKCS #8");
    let path = keys.path("key.pem");
    let old = keys.openssl(&["pkey", "-in", path.to_str().unwrap(), "-traditional"], "old.pem").unwrap();
    holds(&old, "DSA, traditional");
}

#[test]
fn keys_of_openssh_hold_and_their_locked_and_public_forms_are_harmless() {
    let keys = Keys::new();
    let kinds: [(&str, &[&str]); 5] = [
        ("rsa", &["-b", "2048"]),
        ("rsa", &["-b", "2048", "-m", "PEM"]),
        ("ecdsa", &["-b", "256"]),
        ("ecdsa", &["-b", "521"]),
        ("ed25519", &[]),
    ];
    for (kind, more) in kinds {
        let what = format!("{kind} {more:?}");
        let Some((key, public)) = keys.ssh(kind, "", more) else { return };
        holds(&key, &what);
        assert_eq!(check(Structure::PrivateKey, &public), Shape::Unknown, "{what}");
        let (locked, _) = keys.ssh(kind, "a phrase", more).unwrap();
        harmless(&locked, &what);
    }
}
