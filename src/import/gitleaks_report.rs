//! A gitleaks report in JSON, used as a baseline.

use serde::Deserialize;

use super::foreign::{By, Digest, Entry, Foreign, ImportError, json_error, utf8};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    #[serde(rename = "RuleID")]
    rule_id: String,
    #[serde(default)]
    start_line: u64,
    #[serde(default)]
    secret: String,
    file: String,
    #[serde(default)]
    commit: String,
}

/// Reads a report. A secret that stands in it in clear is hashed at once.
pub(super) fn read(file: &str, bytes: &[u8]) -> Result<Foreign, ImportError> {
    let findings: Vec<Raw> = serde_json::from_str(utf8(file, bytes)?).map_err(|e| json_error(file, &e))?;
    let mut foreign = Foreign::new("gitleaks", file);
    for finding in findings {
        let secret = zeroize::Zeroizing::new(finding.secret);
        // `--redact` leaves a word, `--redact=N` the beginning and dots.
        let is_clear = !secret.is_empty() && *secret != "REDACTED" && !secret.ends_with("...");
        foreign.in_clear += usize::from(is_clear);
        let path = finding.file.into_bytes();
        let place = format!("{}:{}", String::from_utf8_lossy(&path), finding.start_line);
        let commit = Some(finding.commit).filter(|commit| !commit.is_empty());
        let by = if is_clear {
            let digest = Digest::of(&key_body(secret.as_bytes()));
            By::Hash { digest, path: Some(path), line: Some(finding.start_line), commit }
        } else {
            By::Place { commit, path, line: finding.start_line }
        };
        foreign.push(Entry { line: 0, says: place, rule: Some(finding.rule_id), is_real: false, by });
    }
    Ok(foreign)
}

/// A private key without its line breaks, as findings keep it; anything else as it is.
fn key_body(secret: &[u8]) -> zeroize::Zeroizing<Vec<u8>> {
    if !secret.starts_with(b"-----BEGIN ") {
        return zeroize::Zeroizing::new(secret.to_vec());
    }
    let mut body = zeroize::Zeroizing::new(Vec::with_capacity(secret.len()));
    let mut bytes = secret.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b if b.is_ascii_whitespace() => {}
            b => body.push(*b),
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_secret_is_matched_by_content_and_a_redacted_one_by_place() {
        let one = |secret: &str| {
            format!(r#"{{"RuleID":"r","StartLine":3,"Secret":"{secret}","File":"a","Commit":"","Tags":[]}}"#)
        };
        let text = format!("[{},{}]", one("abcdefgh"), one("REDACTED"));
        let foreign = read("f", text.as_bytes()).unwrap();
        assert!(
            matches!(&foreign.entries[0].by, By::Hash { digest, .. } if *digest == Digest::of(b"abcdefgh"))
        );
        assert!(matches!(&foreign.entries[1].by, By::Place { commit: None, line: 3, .. }));
        assert_eq!(foreign.in_clear, 1);
    }

    #[test]
    fn a_broken_one_is_refused() {
        let error = |text: &str| read("f", text.as_bytes()).map(|_| ()).unwrap_err().to_string();
        assert_eq!(error("[{\"RuleID\":\n\"hunt"), "f: line 2: the JSON breaks off here");
        assert_eq!(error("[{\"RuleID\":7}]"), "f: line 1: a value is not what the tool writes here");
    }
}
