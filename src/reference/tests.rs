use super::*;

fn resolved(text: &str) -> Result<Secret, ReferenceError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Reference::parse(text)?.resolve())
}

#[test]
fn a_literal_is_refused_and_not_repeated() {
    // R27
    for text in ["hunter2-hunter2", "", "https://hunter2.example", "Env:hunter2", "env", " env:X"] {
        let e = Reference::parse(text).unwrap_err();
        assert_eq!(e, ReferenceError::Literal, "{text}");
        assert!(!e.to_string().contains("hunter2") && e.to_string().contains("env:NAME"), "{e}");
    }
    for text in ["env:", "env:1A", "env:A-hunter2", "file:", "exec:", "exec: ", "exec:sh -c 'hunter2'"] {
        let e = Reference::parse(text).unwrap_err();
        assert!(matches!(e, ReferenceError::Malformed { .. }), "{text}: {e:?}");
        assert!(!e.to_string().contains("hunter2"), "{e}");
    }
}

#[test]
fn what_is_to_come_is_known() {
    // R27
    for text in ["vault:kv/bot#password", "awssm:bot", "gcpsm:bot", "op://team/bot/password"] {
        let e = Reference::parse(text).unwrap_err();
        assert!(e.to_string().contains("comes with"), "{text}: {e}");
    }
}

#[test]
fn a_variable_is_read_as_it_is() {
    // Cargo sets it for every test.
    let name = env!("CARGO_PKG_NAME");
    assert!(resolved("env:CARGO_PKG_NAME").is_ok_and(|s| s == Secret::new(name.into())));
    let e = resolved("env:KEYWRIGHT_NO_SUCH_VARIABLE").err().unwrap();
    assert_eq!(e.to_string(), "couldn't read env:KEYWRIGHT_NO_SUCH_VARIABLE: it is not set");
}

#[cfg(unix)]
#[test]
fn a_file_is_read_if_nobody_else_can() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("word");
    let text = format!("file:{}", path.display());
    let written = |bytes: &[u8], mode: u32| {
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        resolved(&text)
    };
    for (bytes, read) in
        [(&b"hush hush\r\n"[..], &b"hush hush"[..]), (b"hush\n\n", b"hush\n"), (b"hush", b"hush")]
    {
        assert!(written(bytes, 0o600).is_ok_and(|s| s == Secret::new(read.into())));
    }
    for mode in [0o640, 0o604, 0o620, 0o644] {
        assert!(matches!(written(b"hush", mode), Err(ReferenceError::Open { .. })), "{mode:o}");
    }
    for bytes in [&b""[..], b"\n", &[b'x'; LONGEST as usize + 1]] {
        let e = written(bytes, 0o600).err().unwrap();
        assert!(matches!(e, ReferenceError::Unreadable { .. }) && !e.to_string().contains("xx"), "{e}");
    }
    for place in [dir.path().join("nothing"), dir.path().to_owned(), "/dev/zero".into()] {
        let e = resolved(&format!("file:{}", place.display())).err().unwrap();
        assert!(matches!(e, ReferenceError::Unreadable { .. }), "{e}");
    }
}

#[cfg(unix)]
#[test]
fn a_program_is_asked_without_a_shell() {
    assert!(resolved("exec:echo hush *").is_ok_and(|s| s == Secret::new(b"hush *".to_vec())));
    for text in ["exec:false", "exec:true", "exec:/no/such/program hunter2", "exec:cat /dev/zero"] {
        let e = resolved(text).err().unwrap();
        assert!(matches!(e, ReferenceError::Unreadable { .. }), "{text}: {e}");
        assert!(!e.to_string().contains("hunter2"), "{e}");
    }
}
