//! Paths as relative references (RFC 3986), which lead nowhere outside the scanned folder.

use std::fmt::Write as _;

/// Returns a path as a relative reference.
///
/// Every byte that is neither unreserved nor `/` is percent-encoded, `:` too, so no scheme can
/// begin it. A `/` at the beginning would make it absolute: it is encoded. The names `.` and `..`
/// have their dots encoded twice: a viewer that decodes once looks for a file of that odd name.
pub(super) fn relative(path: &[u8]) -> String {
    let leading = path.iter().take_while(|byte| **byte == b'/').count();
    let mut out = "%2F".repeat(leading);
    for (at, name) in path[leading..].split(|byte| *byte == b'/').enumerate() {
        if at > 0 {
            out.push('/');
        }
        if matches!(name, b"." | b"..") {
            out.push_str(&"%252E".repeat(name.len()));
            continue;
        }
        for &byte in name {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// Tells whether a rule's page is a web address that SARIF takes as a URI.
pub(super) fn is_web(page: &str) -> bool {
    let rest = page.strip_prefix("https://").or_else(|| page.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}[]".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference_that_stays_inside() {
        let cases: [(&[u8], &str); 9] = [
            (b"src/a-b_c.d~1", "src/a-b_c.d~1"),
            (b"a b/c%d#e?f", "a%20b/c%25d%23e%3Ff"),
            ("naïve".as_bytes(), "na%C3%AFve"),
            (b"\xff\x1b\n", "%FF%1B%0A"),
            (b"/etc/passwd", "%2Fetc/passwd"),
            (b"//host/share", "%2F%2Fhost/share"),
            (b"file:///etc", "file%3A///etc"),
            (b"../../x/./y", "%252E%252E/%252E%252E/x/%252E/y"),
            (b"C:\\x", "C%3A%5Cx"),
        ];
        for (path, uri) in cases {
            assert_eq!(relative(path), uri);
        }
    }

    #[test]
    fn a_page_is_a_web_address_or_it_is_left_out() {
        assert!(is_web("https://example.com/a?b=c#d"));
        for page in ["", "https://", "javascript:alert(1)", "https://a b", "https://a\u{202e}"] {
            assert!(!is_web(page), "{page}");
        }
    }
}
