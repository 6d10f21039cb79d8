//! The families of keys the project began with, from the user's chair.

use crate::support::{Folder, filled, key};

/// Scans a text and returns the exit code and the rules that matched.
fn scanned(template: &str) -> (i32, Vec<String>) {
    let folder = Folder::new();
    std::fs::write(folder.path().join("a.txt"), filled(template, 1)).unwrap();
    let run = folder.program().scan(["a.txt"]);
    let rules = run.findings().iter().map(|f| f["rule"].as_str().unwrap().to_owned()).collect();
    (run.code.unwrap(), rules)
}

#[test]
fn a_key_id_alone_is_no_leak() {
    // R31: safe to log and to paste.
    assert_eq!(scanned("user = avp_live_{hex:12}\n"), (0, vec!["atlasvpn-proxy-key-id".into()]));
    let (code, rules) = scanned("aws_access_key_id = AKIA{base32:16}\n");
    assert_eq!((code, rules.len()), (0, 1), "{rules:?}");
}

#[test]
fn the_screen_of_a_mere_identifier() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("a.txt"), key("atlasvpn id")).unwrap();
    insta::assert_snapshot!(folder.program().run(["scan", "."]).screen(), @r"
    info  atlasvpn-proxy-key-id  AtlasVPN proxy key id, alone
      identifier avp_live_…1cf1 · fingerprint [fp]
      confidence high

      a.txt:1:1  working tree
        not counted: an identifier opens nothing by itself
        | avp_live_…1cf1

    no leaks · .
    not counted: 1 mere identifier
    read 1 file: 21 bytes in [t] s, [n] rules
    exit 0
    ");
}

#[test]
fn an_atlasvpn_key_with_its_secret_is_a_leak_in_every_dress() {
    for template in [
        "{{\"basicAuth\": \"avp_live_{hex:12}:{hex:64}\"}}",
        "http://avp_live_{hex:12}:{hex:64}@api.atlasvpn.live:7777",
        "ATLASVPN_USER=avp_live_{hex:12}\nATLASVPN_PASSWORD={hex:64}\n",
    ] {
        let (code, rules) = scanned(template);
        assert_eq!(code, 1, "{template}");
        assert_eq!(rules.len(), 1, "{template}: {rules:?}");
        assert!(rules[0].starts_with("atlasvpn-proxy-credential"), "{template}: {rules:?}");
    }
}

#[test]
fn a_css_class_that_begins_with_sk_is_nothing() {
    for text in [
        "class=\"sk-circle-fade-dot\"",
        ".sk-loading-indicator-wrapper-large-v2-primary {{}}",
        "risk-{hex:48}",
    ] {
        assert_eq!(scanned(text), (0, vec![]), "{text}");
    }
}

#[test]
fn the_screen_of_an_atlasvpn_leak_names_the_key_id_and_hides_the_secret() {
    let folder = Folder::new();
    let basic = key("atlasvpn basicAuth");
    std::fs::write(folder.path().join("proxy.json"), format!("{{\"basicAuth\": \"{basic}\"}}\n")).unwrap();
    let run = folder.program().run(["scan", "."]).exits(1);
    let (id, secret) = basic.split_once(':').unwrap();
    assert!(run.text().contains(id) && !run.text().contains(secret));
}
