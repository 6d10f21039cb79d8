//! A file for `git filter-repo` that takes a secret out of a history without naming it: it holds a salt,
//! a hash, a length and a class of characters, and replaces every run of that length whose hash is the
//! one it knows.

use std::io::Write;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::detect::strength;
use crate::model::Secret;

/// A kind of characters, as a Python pattern writes it, and whether a byte is one.
type Class = (&'static str, fn(u8) -> bool);

/// Kinds of characters, the narrowest first.
const CLASSES: &[Class] = &[
    ("0-9a-f", |b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
    ("0-9A-F", |b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b)),
    ("0-9A-Za-z", |b| b.is_ascii_alphanumeric()),
    ("0-9A-Za-z_\\-", |b| b.is_ascii_alphanumeric() || b"_-".contains(&b)),
    ("0-9A-Za-z_\\-+/=.:", |b| b.is_ascii_alphanumeric() || b"_-+/=.:".contains(&b)),
    ("\\x21-\\x7e", |b| b.is_ascii_graphic()),
    ("\\x00-\\xff", |_| true),
];

/// How long the salt is: as long as SHA-256's block.
const SALT: usize = 64;

/// The body that `git filter-repo` runs for each blob, message or name. It is indented and put into a
/// function there, so it holds no text over several lines.
const BODY: &str = include_str!("callback.py");

/// Writes the file's text.
///
/// # Errors
/// Why a secret cannot be taken out so, and what to do instead, in words.
pub fn script(secret: &Secret) -> Result<String, String> {
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|e| format!("the system gives no random bytes: {e}"))?;
    salted(secret, &salt)
}

/// Writes the file, readable by its owner alone. A file that is there already is left as it is.
///
/// # Errors
/// As [`script`], and what the system says.
pub fn write_script(path: &Path, secret: &Secret) -> Result<(), String> {
    let text = script(secret)?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|e| format!("can't write {}: {e}", path.display()))
}

fn salted(secret: &Secret, salt: &[u8; SALT]) -> Result<String, String> {
    let bytes = secret.expose();
    if bytes.starts_with(b"-----BEGIN ") {
        return Err("a private key stands over several lines, and not everywhere over the same: take its file out of \
                    the history: git filter-repo --invert-paths --path FILE"
            .into());
    }
    if bytes.is_empty() {
        return Err("the secret is empty".into());
    }
    let (class, _) = CLASSES
        .iter()
        .find(|(_, fits)| bytes.iter().all(|b| fits(*b)))
        .expect("the last class has every byte");
    let warning = if strength::is_strong(bytes) {
        "# The secret cannot be found out from this file. Delete it all the same when it was used."
    } else {
        "# WARNING: the secret is weak. Whoever has this file can guess it: keep the file to yourself, and\n\
         # delete it when it was used. It must be dead before."
    };
    // Every run that is hashed is of one length: nothing can be made longer, which HMAC is there for.
    let hash = HEXLOWER.encode(&Sha256::new().chain_update(salt).chain_update(bytes).finalize());
    Ok(BODY
        .replace("# WARNING", warning)
        .replace("SALT", &HEXLOWER.encode(salt))
        .replace("HASH", &hash)
        .replace("LENGTH", &bytes.len().to_string())
        .replace("CLASS", class))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRONG: &[u8] = b"qX7_vB2nM9-kL4pR8sT1wZ6yC3dF5gH0jK";

    fn text(secret: &[u8]) -> String {
        salted(&Secret::new(secret.to_vec()), &[7; SALT]).unwrap()
    }

    #[test]
    fn the_file_holds_neither_the_secret_nor_a_part_of_it() {
        let text = text(STRONG);
        for part in STRONG.windows(6) {
            assert!(!text.contains(std::str::from_utf8(part).unwrap()));
        }
        assert!(text.contains("rb\"[0-9A-Za-z_\\-]{34,}\""), "{text}");
        assert!(!text.contains("WARNING") && !text.contains("SALT") && !text.contains("HASH"), "{text}");
    }

    #[test]
    fn each_time_the_salt_is_another() {
        let secret = Secret::new(STRONG.to_vec());
        assert_ne!(script(&secret).unwrap(), script(&secret).unwrap());
    }

    #[test]
    fn a_weak_secret_is_told() {
        assert!(text(b"hunter2").contains("# WARNING: the secret is weak"));
    }

    #[test]
    fn the_narrowest_class_is_taken() {
        let class = |secret: &[u8]| {
            let text = text(secret);
            text.split("rb\"[").nth(1).unwrap().split("]{").next().unwrap().to_owned()
        };
        assert_eq!(class(b"00ff"), "0-9a-f");
        assert_eq!(class(b"00FF"), "0-9A-F");
        assert_eq!(class(b"a:b"), "0-9A-Za-z_\\-+/=.:");
        assert_eq!(class(b"a b"), "\\x00-\\xff");
    }

    #[test]
    fn what_cannot_be_taken_out_so_is_refused() {
        let key = [b"-----BEGIN RSA ".as_slice(), b"PRIVATE KEY-----x"].concat();
        assert!(salted(&Secret::new(key), &[0; SALT]).unwrap_err().contains("--invert-paths"));
        assert!(salted(&Secret::new(Vec::new()), &[0; SALT]).is_err());
    }
}
