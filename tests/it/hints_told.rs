//! The report of hints: where to look, held against its schema.

use serde_json::Value;

use crate::support::{Repo, filled, key};

/// Runs a scan that writes hints, and holds them against docs/hints.schema.json.
fn hints(repo: &Repo, args: &[&str]) -> Value {
    let run = repo.run([&["scan", "--format", "hints"], args].concat()).exits(1);
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/hints.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = run.json();
    let wrong: Vec<String> = validator.iter_errors(&json).map(|e| e.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{json}");
    // It would say no.
    for field in ["version", "hints", "coverage"] {
        let mut bent = json.clone();
        bent[field] = 2.into();
        assert!(!validator.is_valid(&bent));
    }
    json
}

#[test]
fn a_change_is_told_by_ids_and_numbers() {
    let repo = Repo::new();
    repo.write("README", "app\n").commit("first");
    let weak = format!("DB_PASSWORD = \"{}\"\n", filled("{base62:12}", 3));
    repo.write("secret-path/a.env", format!("A=1\nTOKEN={}\n", key("github")));
    repo.write("weak.py", weak).commit(&format!("use {}", key("stripe")));
    let all = hints(&repo, &["--range", "HEAD~1..HEAD"]);
    let text = all.to_string();
    for word in ["secret-path", ".env", "Ann", "@", "ghp_", "sk_live", "TOKEN", "…", "refs/", "first"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
    let list = all["hints"].as_array().unwrap();
    let by = |rule: &str| list.iter().find(|h| h["rule"] == rule).unwrap_or_else(|| panic!("{rule}: {text}"));
    let file = by("github-personal-token");
    assert_eq!(file["object"], repo.id("HEAD:secret-path/a.env"));
    assert_eq!((file["span"].to_string().as_str(), &file["commit"]), ("[2,7,2,47]", &repo.id("HEAD").into()));
    let message = list.iter().find(|h| h["object"] == repo.id("HEAD")).unwrap();
    assert_eq!(message["span"][0], 1, "{message}");
    assert_eq!(all["coverage"]["commits"], 1);
    assert_eq!(all["coverage"]["gaps"], 0);
}

#[test]
fn what_stands_in_no_object_is_counted_and_a_sha256_repository_has_longer_ids() {
    let repo = Repo::sha256();
    repo.write("a.env", key("github"));
    let files = hints(&repo, &["--files"]);
    assert_eq!((files["hints"].as_array().unwrap().len(), &files["left_out"]), (0, &1.into()));
    repo.commit("first");
    let history = hints(&repo, &["--history"]);
    assert_eq!(history["hints"][0]["object"].as_str().unwrap().len(), 64);
    assert_eq!(history["left_out"], 0);
}
