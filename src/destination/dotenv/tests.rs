use std::ops::Range;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn credential(id: Option<&str>, secret: &[u8]) -> Credential {
    Credential { key_id: id.map(Into::into), secret: Secret::new(secret.to_vec()) }
}

fn form(what: &str) -> Box<dyn Form> {
    parse(what).unwrap_or_else(|(why, _)| panic!("{what}: {why}"))
}

/// Writes a credential into a text and reads it back.
fn changed(what: &str, before: &str, id: Option<&str>, secret: &str) -> Result<String, Unfit> {
    let (form, new) = (form(what), credential(id, secret.as_bytes()));
    form.read(before.as_bytes())?;
    let after = form.with(before.as_bytes(), &new)?;
    assert!(form.read(&after)?.secret == new.secret, "{before:?} with {secret:?}");
    Ok(String::from_utf8(after.to_vec()).unwrap())
}

fn unclear(what: &str, text: &str) -> String {
    match form(what).read(text.as_bytes()) {
        Err(Unfit::Unclear(why)) => why,
        Err(other) => panic!("{text:?}: {other:?}"),
        Ok(_) => panic!("{text:?} was read"),
    }
}

#[test]
fn only_the_values_bytes_change() {
    // R67
    for (before, after) in [
        ("A=old", "A=new"),
        ("A=old\n", "A=new\n"),
        ("A=old\r\nB=1\r\n", "A=new\r\nB=1\r\n"),
        ("\u{feff}A=old\n", "\u{feff}A=new\n"),
        ("# A=old\nA=old # A=old\n", "# A=old\nA=new # A=old\n"),
        ("A='old'\n", "A='new'\n"),
        ("A=\"old\"   # why\n", "A=\"new\"   # why\n"),
        ("export A=old\n", "export A=new\n"),
        ("  export\tA = 'old'  \n", "  export\tA = 'new'  \n"),
        ("A\t=\told\t# c\n", "A\t=\tnew\t# c\n"),
        ("AA=old\nA=old\nA_=old\n_A=old\n", "AA=old\nA=new\nA_=old\n_A=old\n"),
        ("A.B=old\nA-B=old\nA=old", "A.B=old\nA-B=old\nA=new"),
        ("Z=1\n\n\nA=old\n\nB=old", "Z=1\n\n\nA=new\n\nB=old"),
        ("A=\n", "A=new\n"),
        ("A=   \r\nB=1", "A=new   \r\nB=1"),
        ("A= # not yet\n", "A=new # not yet\n"),
        ("A=\"\"\n", "A=\"new\"\n"),
        ("A=old words here \nB=1", "A=new \nB=1"),
        ("B='one\nA\ntwo'\nA=old\n", "B='one\nA\ntwo'\nA=new\n"),
        ("B=\"a \\\" # b\"\nA=old\n", "B=\"a \\\" # b\"\nA=new\n"),
        ("B=it's\nA=old\n", "B=it's\nA=new\n"),
        ("A='one\ntwo'\nB=1\n", "A='new'\nB=1\n"),
        ("A=\"one\\ntwo\\n\"\n", "A=\"new\"\n"),
        ("A=o=l=d==\n", "A=new\n"),
        ("a=old\nA=old\n", "a=old\nA=new\n"),
        ("no sign here\nA=old\n", "no sign here\nA=new\n"),
    ] {
        assert_eq!(changed("A", before, None, "new").as_deref(), Ok(after), "{before:?}");
        // What stands there already is not touched at all.
        assert_eq!(changed("A", after, None, "new").as_deref(), Ok(after), "{after:?}");
    }
}

#[test]
fn a_value_that_needs_quotes_gets_them() {
    for (before, secret, after) in [
        ("A=old\n", "two words", "A='two words'\n"),
        ("A=old\n", "a#b", "A='a#b'\n"),
        ("A=old\n", "$HOME", "A='$HOME'\n"),
        ("A=old\n", "it's", "A=\"it's\"\n"),
        ("A=old # c\n", " x ", "A=' x ' # c\n"),
        ("A=o&ld\n", "n&w", "A=n&w\n"),
        ("A=old\n", "n&w", "A='n&w'\n"),
        ("A=old\n", "naïve", "A='naïve'\n"),
        ("A=old\n", "+/=.-_:@%,^", "A=+/=.-_:@%,^\n"),
        ("A=\"old\"\n", "a$b", "A='a$b'\n"),
        ("A=\"old\"\n", r"a\nb", "A='a\\nb'\n"),
        ("A=\"old\"\n", "it's", "A=\"it's\"\n"),
        ("A='old'\n", "it's", "A=\"it's\"\n"),
        ("A=old\n", "one\ntwo", "A='one\ntwo'\n"),
        ("A=\"x\\ny\"\n", "one\ntwo\n", "A=\"one\\ntwo\\n\"\n"),
        ("A=\"old\"\n", "", "A=\"\"\n"),
        ("A=old\n", "", "A=\n"),
    ] {
        assert_eq!(changed("A", before, None, secret).as_deref(), Ok(after), "{before:?} {secret:?}");
    }
}

#[test]
fn what_no_line_can_hold_is_not_written() {
    for secret in ["it's $5", "it's \"5\"", "a\rb", "a\0b", "\x1b[31m", "'\\", "end\\", "two\\\\"] {
        let Err(Unfit::Unclear(why)) = changed("A", "A=old", None, secret) else { panic!("{secret:?}") };
        assert!(why.starts_with("line 1: the new value cannot be written"), "{why}");
        assert!(!why.contains(secret), "{why}");
    }
    let bytes = credential(None, b"\xff\xfe");
    assert!(form("A").with(b"A=old", &bytes).is_err());
}

#[test]
fn what_loaders_read_differently_is_refused() {
    for (text, why) in [
        ("A=1\nA=2\n", "lines 1 and 2 both set A"),
        ("A=1\nexport A=1\n", "lines 1 and 2 both set A"),
        ("A=1\nB='\nA=2\n'\n", "lines 1 and 3 both set A"),
        ("A: 1\nA=1\n", "lines 1 and 2 both set A"),
        ("A: 1\n", "write `=`"),
        ("B='\nA=2\n'\n", "line 2 stands inside"),
        ("B='one\nA=2\n", "line 1 opens a quote"),
        ("\nA=\"one\n", "line 2 opens a quote"),
        ("A='x'y\n", "something follows"),
        ("A='x'#y\n", "something follows"),
        ("A=x#y\n", "without quotes"),
        ("A=#y\n", "without quotes"),
        ("A=$B\n", "without quotes"),
        ("A=`B`\n", "without quotes"),
        ("A=it's\n", "without quotes"),
        ("A=a\\b\n", "without quotes"),
        ("A=\"${B}\"\n", "between double quotes"),
        ("A=\"a\\tb\"\n", "between double quotes"),
        ("A='a\\'\n", "backslashes"),
        ("A='a\\\\b'\n", "backslashes"),
        ("A=a\u{1}b\n", "control characters"),
        ("A='a\r\nb'\n", "control characters"),
        ("B='a\\'\nA=2\n", "line 1: loaders differ"),
        ("A=\n'b'\n", "the next begins with a quote"),
        ("B=1\rA=2\n", "line 1 holds a carriage return"),
        ("A=1\n\0", "zero bytes"),
    ] {
        let told = unclear("A", text);
        assert!(told.contains(why), "{text:?}: {told}");
    }
    for text in ["", "\n", "B=1", "#A=1", "A", "=A", "A+=1", "AA=1", "\u{feff}"] {
        assert!(matches!(form("A").read(text.as_bytes()), Err(Unfit::Absent(_))), "{text:?}");
    }
}

#[test]
fn a_second_variable_takes_the_key_id() {
    let before = "ID=k1 # the id\nS='s1'\n";
    assert_eq!(changed("S,key_id=ID", before, Some("k2"), "s2").as_deref(), Ok("ID=k2 # the id\nS='s2'\n"));
    assert_eq!(changed("S,key_id=ID", before, None, "s2").as_deref(), Ok("ID=k1 # the id\nS='s2'\n"));
    let read = form("S,key_id=ID").read(before.as_bytes()).unwrap();
    assert_eq!(read.key_id.as_deref(), Some("k1"));
    assert!(matches!(form("S,key_id=ID").read(b"S=1\n"), Err(Unfit::Absent(_))));
    let differ = unclear("S@basic,key_id=ID", "ID=k1\nS=k2:s\n");
    assert!(differ.contains("different keys"), "{differ}");
}

#[test]
fn key_id_and_secret_in_one_value() {
    assert_eq!(changed("A@basic", "A=k1:s1\n", Some("k2"), "s2").as_deref(), Ok("A=k2:s2\n"));
    assert_eq!(changed("A@basic", "A=k1:s1\n", None, "s:2").as_deref(), Ok("A=k1:s:2\n"));
    assert!(changed("A@basic", "A=k1:s1\n", Some("k:2"), "s2").is_err());
    assert!(matches!(form("A@basic").read(b"A=nocolon"), Err(Unfit::Absent(_))));
}

#[test]
fn of_a_url_only_user_and_password_change() {
    // R10
    for (before, after) in [
        ("A=http://k1:s1@h.test:7777\n", "A=http://k2:s2@h.test:7777\n"),
        (
            "A='HTTP://k1:s1@H.test:7777/p%20q/?x=1&y=%zz#f'",
            "A='HTTP://k2:s2@H.test:7777/p%20q/?x=1&y=%zz#f'",
        ),
        ("A=socks5h://k1:s1@[::1]:1080/", "A=socks5h://k2:s2@[::1]:1080/"),
        ("A=http://h/?u=http://k1:s1@h.test", "A=http://h/?u=http://k2:s2@h.test"),
        ("A=http://k1:a@b@h.test\n", "A=http://k2:s2@h.test\n"),
        ("A=redis://:s1@h.test/0 # c\n", "A=redis://:s2@h.test/0 # c\n"),
        ("A=\"http://%6b2:s1@h.test\"\n", "A=\"http://%6b2:s2@h.test\"\n"),
    ] {
        assert_eq!(changed("A@url", before, Some("k2"), "s2").as_deref(), Ok(after), "{before}");
    }
    let odd = changed("A@url", "A=http://k1:s1@h.test/", Some("k 2"), "p@s:/?#%");
    assert_eq!(odd.as_deref(), Ok("A=http://k%202:p%40s%3A%2F%3F%23%25@h.test/"));
    let read = form("A@url").read(b"A=http://k%201:a%2Fb@h.test/").unwrap();
    assert_eq!(read.key_id.as_deref(), Some("k 1"));
    assert!(read.secret == Secret::new(b"a/b".to_vec()));
    for text in ["A=http://h.test/", "A=http://k1@h.test/", "A=k1:s1", "A=http://k1:@h.test", "A="] {
        assert!(matches!(form("A@url").read(text.as_bytes()), Err(Unfit::Absent(_))), "{text}");
    }
}

#[test]
fn a_wrong_name_says_what_to_write() {
    for what in [
        "",
        "A B",
        "A@",
        "A@hex",
        "@url",
        "A,",
        "A,id=B",
        "A,key_id=",
        "A,key_id=A",
        "A,key_id=B C",
        "A#B",
        "É",
    ] {
        let (why, fix) = parse(what).err().unwrap_or_else(|| panic!("{what:?}"));
        assert!(!why.is_empty() && fix.contains("#NAME"), "{what}");
    }
}

/// Lines of files as people and attackers write them.
fn line() -> impl Strategy<Value = String> {
    let name = select(vec!["A", "B", "export A", "AA", "# A", " A", "A ", ""]);
    let sign = select(vec!["=", " = ", "=", ": ", ""]);
    let value = prop_oneof![
        "[a-z0-9]{0,8}",
        "'[a-z #$\\\\\"\n]{0,8}'",
        "\"[a-z #$'\n]{0,8}\"",
        "[a-z '\"#$\\\\:@/]{0,12}",
        "[a-z]{1,4}://[a-z]{0,3}:[a-z%@]{0,5}@h",
    ];
    let end = select(vec!["\n", "\r\n", "", " # c\n", "\r", "  \n"]);
    (name, sign, value, end).prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_value_written_is_read_back_and_nothing_else_changes(
        lines in prop::collection::vec(line(), 1..6),
        secret in prop_oneof!["[ -~]{0,12}", "[a-zA-Z0-9]{1,30}", "\\PC{0,8}", "[a'\"\\\\$\n ]{0,6}"],
        what in select(vec!["A", "A@url", "A@basic", "A,key_id=B"]),
    ) {
        let text = lines.concat();
        let form = form(what);
        let Ok(old) = form.read(text.as_bytes()) else { return Ok(()) };
        let new = credential(Some("key-2"), secret.as_bytes());
        let Ok(after) = form.with(text.as_bytes(), &new) else { return Ok(()) };
        let read = form.read(&after);
        // An empty password is no password: a destination refuses to write what does not read back.
        if what == "A@url" && secret.is_empty() { return Ok(()) }
        let read = read.map_err(|e| TestCaseError::fail(format!("{text:?} {secret:?} {e:?}")))?;
        prop_assert!(read.secret == new.secret, "{:?} {:?}", text, secret);
        if old.key_id.is_some() {
            prop_assert_eq!(read.key_id.as_deref(), Some("key-2"));
        }
        // The way back: all but the values' own bytes is as it was.
        let back = form.with(&after, &old).unwrap();
        let read = form.read(&back).unwrap();
        prop_assert!(read.secret == old.secret && read.key_id == old.key_id);
        if what == "A" {
            let (was, is) = (lines::find(text.as_bytes(), "A").unwrap(), lines::find(&after, "A").unwrap());
            let without = |text: &[u8], raw: Range<usize>| [&text[..raw.start], &text[raw.end..]].concat();
            prop_assert_eq!(without(text.as_bytes(), was.raw), without(&after, is.raw));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>, tail in "A='?\\PC{0,9}\"?") {
        let text = [&bytes[..], b"\n", tail.as_bytes()].concat();
        for what in ["A", "A@url", "A@basic"] {
            let form = form(what);
            let _ = form.read(&text);
            let _ = form.with(&text, &credential(Some("k"), b"s"));
        }
    }
}
