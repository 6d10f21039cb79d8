//! Whether what was found works, from the user's chair: a key goes to its provider's host and to no other.

use std::path::Path;

use crate::support::apiverve::ApiVerve;
use crate::support::github_tokens;
use crate::support::openai::OpenAi;
use crate::support::{Folder, Program, Repo, filled, key};

/// Lets a run ask a double; `room` is for the operator's file.
fn asking(program: Program, room: &Path, provider: &str, place: &str) -> Program {
    let config =
        format!("[network]\nallow = [\"{place}\"]\n\n[providers.{provider}]\napi = \"http://{place}\"\n");
    let file = room.join("operator.toml");
    std::fs::write(&file, config).unwrap();
    program.env("KEYWRIGHT_CONFIG", file)
}

#[test]
fn the_three_answers() {
    let (double, folder) = (OpenAi::start(), Folder::new());
    let room = tempfile::tempdir().unwrap();
    let secret = double.state().keys[0].secret.clone();
    std::fs::write(folder.path().join("a.env"), format!("A=1\nOPENAI_API_KEY={secret}\n")).unwrap();
    let verify = |code: i32, words: &str| {
        let run = asking(folder.program(), room.path(), "openai", double.place()).run(["verify", "a.env:2"]);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.text().starts_with(words) && !format!("{run:?}").contains(&secret), "{run:?}");
        assert_eq!(double.calls(), ["GET /models"]);
    };
    verify(1, "alive  openai-api-key  a.env:2");
    double.state().says = Some((503, serde_json::json!({})));
    verify(3, "cannot tell");
    double.state().says = None;
    double.state().keys.clear();
    verify(0, "dead");
}

#[test]
fn an_expired_key_is_said_to_be_that() {
    // R64
    let (double, folder) = (ApiVerve::start(), Folder::new());
    let room = tempfile::tempdir().unwrap();
    double.state().is_expired = true;
    let primary = double.state().primary.clone();
    std::fs::write(folder.path().join("a.env"), format!("APIVERVE_API_KEY={primary}\n")).unwrap();
    let run =
        asking(folder.program(), room.path(), "apiverve", double.place()).run(["verify", "a.env:1"]).exits(0);
    assert!(run.text().contains("it has expired"), "{run:?}");
}

#[test]
fn a_token_of_github_is_asked_about_without_any_setting_of_an_account() {
    let (double, folder) = (github_tokens::start(), Folder::new());
    let room = tempfile::tempdir().unwrap();
    let token = double.state().add("ghp_{base62:30}{github-crc32}", Some("anybody"));
    std::fs::write(folder.path().join("a.env"), format!("GITHUB_TOKEN={token}\n")).unwrap();
    let verify = |code: i32, words: &str| {
        let run = asking(folder.program(), room.path(), "github", double.place()).run(["verify", "a.env:1"]);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.text().starts_with(words) && !format!("{run:?}").contains(&token), "{run:?}");
        assert_eq!(double.calls(), ["GET /user"]);
    };
    verify(1, "alive  github-personal-token  a.env:1");
    double.state().tokens.clear();
    verify(0, "dead");
}

#[test]
fn nobody_is_asked_about_a_strangers_rule_or_an_unknown_provider() {
    let (double, repo) = (OpenAi::start(), Repo::new());
    // A repository that would have its own shapes of keys sent to a provider of its choice.
    let rules = "[provider]\nid = \"openai\"\n\n[[rules]]\nid = \"mine\"\nregex = \"mine_[a-z0-9]{20}\"\nkeywords = [\"mine_\"]\nseverity = \"high\"\n";
    repo.write("keywright.toml", rules)
        .write("a.txt", key("stripe"))
        .write("b.txt", filled("mine_{base36:20}", 1));
    repo.write("c.txt", filled("sk-admin-{base62:74}T3BlbkFJ{base62:74}", 1));
    let room = tempfile::tempdir().unwrap();
    for (place, words) in [
        ("a.txt:1", "how to ask stripe"),
        ("b.txt:1", "its rule is not the program's"),
        ("c.txt:1", "no admin key"),
    ] {
        let run =
            asking(repo.program(), room.path(), "openai", double.place()).run(["verify", place]).exits(3);
        assert!(run.text().contains(words), "{run:?}");
    }
    asking(repo.program(), room.path(), "openai", double.place()).run(["verify", "nothing"]).exits(2);
    assert_eq!(double.calls(), [""; 0]);
}
