//! Recipes and answers, broken in every way that was thought of.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::model::Secret;
use crate::model::credential::CallError;
use crate::provider::Events;
use crate::rule::builtin::texts;

fn text() -> &'static str {
    texts().iter().find(|(name, _)| *name == "rules/atlasvpn.toml").unwrap().1
}

fn recipe() -> Recipe {
    Recipe::read("rules/atlasvpn.toml", text()).unwrap()
}

fn body(value: &serde_json::Value) -> Secret {
    Secret::new(value.to_string().into_bytes())
}

#[test]
fn every_file_with_a_recipe_is_one_and_bears_its_name() {
    for id in crate::provider::ids() {
        let (name, text) = texts().iter().find(|(name, _)| *name == format!("rules/{id}.toml")).unwrap();
        assert_eq!(Recipe::read(name, text).unwrap().provider.id, id);
    }
    assert!(crate::provider::ids().any(|id| id == "atlasvpn"));
}

#[test]
fn the_card_says_what_the_guide_says() {
    let recipe = recipe();
    // R7, R8
    assert!(recipe.rekey.runbook.iter().any(|step| step.contains(&recipe.rekey.stop_warning)));
    assert_eq!(recipe.rekey.runbook.len(), 5);
    // R18, R28, R34, R97
    let limits = &recipe.limits;
    assert_eq!((limits.dead_within, limits.quiet, limits.usage_lag), (30, 900, 60));
    assert!(limits.budget.as_ref().is_some_and(|b| (b.rotations, b.seconds) == (5, 60)));
}

#[test]
fn a_fault_is_told_with_its_line() {
    let line_of = |words: &str| 1 + text().lines().position(|l| l.contains(words)).unwrap();
    for (from, to, at, why) in [
        ("retrievable = false", "retreivable = false", "retrievable = false", "unknown field"),
        ("gone = [404, 410]", "gone = [4040]", "gone = [404", "4040 is no status"),
        ("/keys/{id}/rotate", "/keys/{ident}/rotate", "{id}/rotate", "nothing stands for {ident}"),
        ("/keys/{id}/rotate", "/keys/{id/rotate", "{id}/rotate", "begins no slot"),
        (
            "\"/api/v1/proxy/keys/{id}/rotate",
            "\"api/v1/proxy/keys/{id}/rotate",
            "{id}/rotate",
            "begins with a slash",
        ),
        ("\"hex:64\"", "\"hex\"", "[mint.answer]", "hex:64"),
        ("{like.tier}", "{like.rank}", "json = {", "{like.rank}"),
        ("\"planned\"", "\"somehow\"", "modes = [", "name the ways"),
        ("\"https://api.atlasvpn.live\"", "\"http://api.atlasvpn.live\"", "api = ", "https://host"),
        ("dead = [407]", "dead = [402]", "alive = [", "alive, dead"),
        ("api.atlasvpn.live:7777\"\ntarget", "api.atlasvpn.live\"\ntarget", "gateway = ", "host:port"),
        ("kind = \"supabase\"", "kind = \"magic\"", "kind = \"supabase\"", "unknown variant"),
        ("email = \"env", "mail = \"env", "[auth.inputs]", "wants `email`"),
        ("Bearer {token}", "Bearer\\r\\nX: {token}", "headers = {", "line end"),
        ("method = \"DELETE\"", "method = \"ERASE\"", "method = \"DELETE\"", "write one of"),
    ] {
        assert!(text().contains(from), "{from}");
        let broken = text().replacen(from, to, 1);
        let e = Recipe::read("x.toml", &broken).err().unwrap_or_else(|| panic!("{to} was taken"));
        assert!(e.why.contains(why), "{to}: {e}");
        let line = line_of(at);
        assert!(e.line == line || e.line + 1 == line, "{to}: {e}, not line {line}");
    }
}

const ID: &str = "avp_live_0123456789ab";

/// A secret of 64 digits that is in no file.
fn secret() -> String {
    "0f1e2d3c".repeat(8)
}

#[test]
fn a_new_key_is_believed_only_whole() {
    // R12, R30, R35, R91
    let good =
        json!({ "key": { "keyId": ID, "secret": secret(), "basicAuth": format!("{ID}:{}", secret()) } });
    let mint = recipe().mint.unwrap();
    let read = |value: &serde_json::Value, asked| mint.answer.read(&body(value), asked);
    assert!(read(&good, Some(ID)).unwrap().secret == Secret::new(secret().into_bytes()));
    for (field, value) in [
        ("basicAuth", json!(null)),
        ("rotatedAt", json!("2026-04-25T14:30:00Z")),
        ("secret", json!(secret())),
    ] {
        let mut like = good.clone();
        like["key"][field] = value;
        assert!(read(&like, None).is_ok(), "{field}");
    }
    for (field, value) in [
        ("keyId", json!("avp_live_ffffffffffff")),
        ("keyId", json!("avp_live_0123 456789a")),
        ("keyId", json!(secret())),
        ("keyId", json!(format!("avp_live_{}", secret()))),
        ("keyId", json!(null)),
        ("keyId", json!("")),
        ("secret", json!(&secret()[1..])),
        ("secret", json!(secret() + "0")),
        ("secret", json!("z".repeat(64))),
        ("secret", json!([secret()])),
        ("basicAuth", json!(secret())),
        ("basicAuth", json!(format!("{ID}:{}", "1".repeat(64)))),
        ("basicAuth", json!(7)),
    ] {
        let mut bad = good.clone();
        bad["key"][field] = value.clone();
        let Err(e) = read(&bad, Some(ID)) else { panic!("{field} {value} was taken") };
        assert!(matches!(e, CallError::Unreadable(_)), "{e:?}");
        assert!(!format!("{e} {e:?}").contains(&secret()), "{e:?}");
    }
    for bad in [json!([]), json!({ "key": [] }), json!("x"), json!(null)] {
        assert!(read(&bad, None).is_err(), "{bad}");
    }
}

fn listed() -> serde_json::Value {
    json!([{ "id": "b7e1", "keyId": ID, "label": "prod", "tier": "developer", "liveMode": true,
        "active": true, "lastUsedAt": null, "createdAt": "2026-04-20T08:55:17Z" }])
}

#[test]
fn keys_are_listed_with_what_a_like_one_is_made_of() {
    // R30, R32, R33
    let keys = recipe().list.unwrap().answer.read(&body(&listed())).unwrap();
    assert_eq!((keys[0].id.as_str(), keys[0].key_id.as_str(), keys[0].last_used), ("b7e1", ID, None));
    assert_eq!(keys[0].like, json!({ "tier": "developer", "liveMode": true }));
    let mut used = listed();
    used[0]["lastUsedAt"] = json!("2026-04-25T10:12:03.5+02:00");
    assert_eq!(
        recipe().list.unwrap().answer.read(&body(&used)).unwrap()[0].last_used,
        Some(1_777_104_723_500)
    );
}

#[test]
fn a_last_use_that_cannot_be_read_is_not_never() {
    for (field, value) in [
        ("lastUsedAt", Some(json!("yesterday"))),
        ("lastUsedAt", Some(json!(7))),
        ("lastUsedAt", None),
        ("active", Some(json!("true"))),
        ("active", None),
        ("id", Some(json!("../../admin"))),
        ("id", Some(json!("x".repeat(200)))),
        ("keyId", Some(json!("a\u{1b}[31m"))),
    ] {
        let mut bad = listed();
        match value.clone() {
            Some(value) => bad[0][field] = value,
            None => drop(bad[0].as_object_mut().unwrap().remove(field)),
        }
        let read = recipe().list.unwrap().answer.read(&body(&bad));
        assert!(matches!(read, Err(CallError::Unreadable(_))), "{field} {value:?}");
    }
}

#[test]
fn events_are_read_by_any_of_their_names() {
    // R96
    let answer = recipe().events.unwrap().answer;
    for list in [json!([{ "targetHost": "a.example" }]), json!({ "events": [{ "target": "a.example" }] })] {
        let mut found = Events { seen: Vec::new(), is_whole: true };
        assert_eq!(answer.read(&body(&list), &mut found).unwrap(), 1);
        assert_eq!(found.seen[0].host.as_deref(), Some("a.example"));
    }
    assert!(answer.read(&body(&json!({})), &mut Events::default()).is_err());
}

fn builtin(name: &str) -> &'static str {
    texts().iter().find(|(n, _)| *n == format!("rules/{name}.toml")).unwrap().1
}

#[test]
fn what_people_and_pages_need_is_held_against_the_rest() {
    for (file, from, to, why) in [
        ("openai", "settings = [\"project\"]", "settings = [\"recipe\"]", "`recipe` is taken"),
        ("openai", "settings = [\"project\"]", "settings = [\"admin_key\"]", "`admin_key` is taken"),
        ("openai", "settings = [\"project\"]", "", "nothing stands for {project}"),
        ("openai", "pages = {", "# pages = {", "nothing stands for {after}"),
        ("openai", "base64url:20-256", "base64url:256-20", "hex:32-64"),
        ("openai", "means = \"dead\"", "means = \"gone\"", "cannot tell"),
        ("openai", "holds = \"invalid_api_key\"", "holds = \"\"", "wants `holds`"),
        ("apiverve", "by_hand = \"replaces\"", "by_hand = \"eats\"", "unknown variant"),
        ("apiverve", "modes = [\"manual\"]", "modes = [\"manual\", \"planned\"]", "without [list]"),
        ("apiverve", "begins = [\"apv_\"]", "begins = [\"\"]", "what a key begins with"),
        ("github", "owner = \"/login\"", "", "a stranger's key is never ended"),
        ("github", "[rekey.takes]\nbegins =", "[unused]\nbegins =", "a stranger's key is never ended"),
        ("github", "\"{secret}\"] }", "\"{token}\"] }", "nothing stands for {token}"),
        ("github", "\"/credentials/revoke\"", "\"/x\"\nor_paths = [\"/y\"]", "is sent to one place"),
        ("atlasvpn", "dead = [407]", "dead = [407]\nowner = \"/x\"", "only the answer of `http`"),
        ("apiverve", "alive = [200]", "", "alive, dead"),
    ] {
        let text = builtin(file);
        assert!(text.contains(from), "{from}");
        let e = Recipe::read("x.toml", &text.replacen(from, to, 1)).err();
        let e = e.unwrap_or_else(|| panic!("{to} was taken"));
        assert!(e.why.contains(why), "{to}: {e}");
    }
}

#[test]
fn a_recipe_without_a_word_for_the_dead_is_none() {
    let text = builtin("openai");
    let broken = text.replace("means = \"dead\"", "means = \"cannot tell\"");
    assert!(Recipe::read("x.toml", &broken).err().unwrap().why.contains("alive, dead"));
}

#[test]
fn a_yes_in_the_status_is_none_where_the_answer_says_no() {
    let done: Done = toml::from_str("done = '/revoked'\nwhy = '/error'").unwrap();
    done.read(&body(&json!({ "ok": true, "revoked": true }))).unwrap();
    for (answer, why) in [
        (json!({ "ok": false, "error": "invalid_auth" }), "it was not done: invalid_auth"),
        (json!({ "revoked": "true", "error": "a sentence with spaces" }), "it was not done: no reason"),
        (json!({ "revoked": 1, "error": secret() }), "it was not done: no reason"),
        (json!({ "revoked": null, "error": "q".repeat(33) }), "it was not done: no reason"),
        (json!({ "revoked": false }), "it was not done: no reason"),
        (json!([]), "it was not done: no reason"),
    ] {
        let Err(CallError::Refused { why: told, .. }) = done.read(&body(&answer)) else { panic!("{answer}") };
        assert_eq!(told, why, "{answer}");
    }
    assert!(matches!(done.read(&Secret::new(b"<html>".to_vec())), Err(CallError::Unreadable(_))));
    Done::default().read(&Secret::new(Vec::new())).unwrap();
}

#[test]
fn a_saying_can_be_of_yes_and_no() {
    let text = builtin("github").replace(
        "at = \"/message\"\nholds = \"Resource not accessible by integration\"",
        "at = \"/ok\"\nholds = \"true\"",
    );
    let check = Recipe::read("x.toml", &text).unwrap().check;
    let says = |value: serde_json::Value| check.meaning(403, &body(&json!({ "ok": value }))).0;
    assert_eq!(says(json!(true)), Liveness::Alive);
    for other in [json!(false), json!(null), json!(1), json!([true])] {
        assert_eq!(says(other.clone()), Liveness::Unknown, "{other}");
    }
}

#[test]
fn an_owner_is_a_plain_name_or_none() {
    let places = Recipe::read("x.toml", builtin("github")).unwrap().check.owner.unwrap();
    let owner = |login: serde_json::Value| places.name(&body(&json!({ "login": login })));
    assert_eq!(owner(json!("acme-bot")).as_deref(), Some("acme-bot"));
    for odd in [json!(""), json!(null), json!(7), json!("a b"), json!("a\u{1b}[31m"), json!("x".repeat(129))]
    {
        assert_eq!(owner(odd.clone()), None, "{odd}");
    }
    assert_eq!(places.name(&Secret::new(b"<html>".to_vec())), None);
}

#[test]
fn a_mask_tells_whose_a_secret_is_and_a_whole_secret_is_no_mask() {
    let whole = format!("sk-{}", secret());
    let secret_of = |text: &str| Secret::new(text.as_bytes().to_vec());
    for (mask, fits) in [
        ("sk-0f1...2d3c", true),
        ("sk-0f1******2d3c", true),
        ("sk-…2d3c", true),
        ("sk-0f1...2d3d", false),
        ("sk-1...2d3c", false),
        // What cannot be read says nothing.
        ("hidden", true),
        ("", true),
        ("a b...c", true),
    ] {
        assert_eq!(fits_mask(mask, &secret_of(&whole)), fits, "{mask}");
    }
    assert!(!fits_mask("sk-0...0f1e", &secret_of("sk-0f1e")));
    let answer = Recipe::read("rules/openai.toml", builtin("openai")).unwrap().list.unwrap().answer;
    let listed = |mask: &str, used: serde_json::Value| {
        let key = json!({ "id": "key_1", "name": "mine", "owner": { "type": "user" }, "redacted_value": mask,
            "created_at": 1_711_471_533, "last_used_at": used });
        answer.read(&body(&json!({ "data": [key] }))).map(|mut keys| keys.remove(0))
    };
    let key = listed("sk-0f1...2d3c", json!(7)).unwrap();
    assert_eq!((key.id.as_str(), key.label.as_str(), key.last_used), ("key_1", "mine", Some(7000)));
    assert!(key.masked.is_some());
    for mask in [whole.clone(), format!("{whole}..."), format!("...{whole}")] {
        assert_eq!(listed(&mask, json!(null)).unwrap().masked, None);
    }
    for used in
        [json!("2026-04-25T10:12:03Z"), json!(-1), json!(1.5), json!(1_711_471_534_000_i64), json!([])]
    {
        assert!(matches!(listed("", used.clone()), Err(CallError::Unreadable(_))), "{used}");
    }
}

#[test]
fn a_list_that_does_not_say_whether_it_goes_on_is_not_read() {
    let pages = Recipe::read("x.toml", builtin("openai")).unwrap().list.unwrap().answer.pages.unwrap();
    let next = |value: serde_json::Value| pages.next(&body(&value));
    assert_eq!(next(json!({ "has_more": false, "last_id": "key_1" })).unwrap(), None);
    assert_eq!(next(json!({ "has_more": true, "last_id": "key_1" })).unwrap().as_deref(), Some("key_1"));
    for bad in [
        json!({}),
        json!({ "has_more": "no" }),
        json!({ "has_more": true }),
        json!({ "has_more": true, "last_id": "a/../b" }),
    ] {
        assert!(matches!(next(bad.clone()), Err(CallError::Unreadable(_))), "{bad}");
    }
}

proptest! {
    /// Any bytes: an answer is read or refused, and a refusal repeats nothing long of it.
    #[test]
    fn any_answer_is_survived(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (recipe, body) = (recipe(), Secret::new(bytes));
        let _ = recipe.list.unwrap().answer.read(&body);
        let _ = recipe.mint.unwrap().answer.read(&body, None);
        let _ = recipe.usage.unwrap().answer.read(&body);
        let _ = recipe.events.unwrap().answer.read(&body, &mut Events::default());
    }

    /// An answer of the right form with anything in its fields: what is told of it never holds its secret.
    #[test]
    fn what_is_told_of_an_answer_holds_no_secret(id in "\\PC{0,20}", pair in "\\PC{0,20}", asked in proptest::option::of("[a-z]{1,9}")) {
        let value = json!({ "key": { "keyId": id, "secret": secret(), "basicAuth": pair } });
        if let Err(e) = recipe().rotate.unwrap().answer.read(&body(&value), asked.as_deref()) {
            let told = format!("{e} {e:?}");
            prop_assert!(!told.contains(&secret()));
        }
    }
}
