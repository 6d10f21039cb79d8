//! GitHub Actions.

use super::{Held, NEW, OLD, Stage, Stamp, id_of, word};
use crate::support::double::Fault;
use crate::support::github::{Github, TOKEN, start};
use crate::support::prism::{Pair, Prism};

fn double() -> Github {
    start(&[("actions", "AVP_SECRET"), ("actions", "AVP_KEY_ID"), ("Prod%20%28EU%29", "AVP_SECRET")], [9; 32])
}

fn stage(double: &Github, names: &str) -> Stage {
    Stage::new(&format!("github:acme/shop#{names}"), double.place(), TOKEN, "")
}

fn sealed(double: &Github, place: &str, name: &str) -> String {
    double.state().kept[&(place.to_owned(), name.to_owned())].sealed.clone()
}

#[test]
fn a_pair_is_delivered_and_never_read() {
    let double = double();
    let stage = stage(&double, "AVP_SECRET,key_id=AVP_KEY_ID");
    let seen = stage.read().unwrap();
    assert!(seen.value.is_none());
    let stamp = stage.write(NEW, &seen.stamp).unwrap();
    assert_ne!(stamp, seen.stamp);
    assert_eq!(stage.read().unwrap().stamp, stamp, "the stamp it gives is the stamp that is there");
    assert_eq!(stage.holds(NEW), Ok(Held::Hidden));
    double.calls();
    stage.activate().unwrap();
    assert!(double.calls().is_empty(), "a job takes its secrets when it starts");
    let length =
        |name: &str| data_encoding::BASE64.decode(sealed(&double, "actions", name).as_bytes()).unwrap().len();
    assert_eq!((length("AVP_SECRET"), length("AVP_KEY_ID")), (48 + NEW.len(), 48 + id_of(NEW).len()));
    assert_eq!(sealed(&double, "Prod%20%28EU%29", "AVP_SECRET"), "whatever it was");
}

#[test]
fn libsodium_opens_what_was_sealed() {
    let Some(theirs) = Pair::make() else { return };
    let double = start(&[("actions", "AVP_SECRET")], theirs.public);
    let stage = stage(&double, "AVP_SECRET");
    for value in [NEW, "x", "ünï\n\"code\"", &"long".repeat(12 << 10)] {
        let at = stage.read().unwrap().stamp;
        stage.write(value, &at).unwrap();
        let opened = theirs.open(&sealed(&double, "actions", "AVP_SECRET"));
        assert_eq!(opened.as_deref(), Some(value.as_bytes()));
    }
    let another = Pair::make().unwrap();
    assert_eq!(another.open(&sealed(&double, "actions", "AVP_SECRET")), None);
}

#[test]
fn githubs_own_description_takes_every_call() {
    let Some(prism) = Prism::start() else { return };
    let double = double();
    for names in ["AVP_SECRET,key_id=AVP_KEY_ID", "AVP_SECRET@Prod (EU)"] {
        let stage = stage(&double, names);
        let at = stage.read().unwrap().stamp;
        stage.write(NEW, &at).unwrap();
        stage.holds(NEW).unwrap();
    }
    let calls = double.whole_calls();
    assert!(calls.iter().filter(|c| c.method == "PUT").count() == 3 && calls.len() > 12);
    for call in &calls {
        let status = prism.replay(call);
        assert!((200..300).contains(&status), "{} {}: {status}", call.method, call.path);
    }
    // It would say no.
    let mut wrong = calls.into_iter().find(|c| c.method == "PUT").unwrap();
    wrong.body["key_id"].take();
    assert_eq!(prism.replay(&wrong), 422);
}

#[test]
fn a_secret_of_an_environment_is_another_one() {
    let double = double();
    let stage = stage(&double, "AVP_SECRET@Prod (EU)");
    let seen = stage.read().unwrap();
    stage.write(NEW, &seen.stamp).unwrap();
    assert_ne!(sealed(&double, "Prod%20%28EU%29", "AVP_SECRET"), "whatever it was");
    assert_eq!(sealed(&double, "actions", "AVP_SECRET"), "whatever it was");
}

#[test]
fn a_key_that_is_changed_between_two_calls_is_asked_for_again() {
    let double = double();
    let stage = stage(&double, "AVP_SECRET");
    let seen = stage.read().unwrap();
    double.state().turns = true;
    stage.write(NEW, &seen.stamp).unwrap();
    assert_eq!(double.state().kept[&("actions".into(), "AVP_SECRET".into())].key_id, "568250167242549744");
    // One that stays wrong is not asked for for ever.
    let at = stage.read().unwrap().stamp;
    for _ in 0..2 {
        double.fault("PUT", Fault::Answer(422, "", "{}"));
    }
    assert_eq!(word(&stage.write(OLD, &at)), "Denied");
}

#[test]
fn what_somebody_else_wrote_is_not_written_over() {
    let double = double();
    let stage = stage(&double, "AVP_SECRET,key_id=AVP_KEY_ID");
    let seen = stage.read().unwrap();
    double.state().set("actions", "AVP_KEY_ID", "another");
    assert_eq!(word(&stage.write(NEW, &seen.stamp)), "Changed");
    assert_eq!(sealed(&double, "actions", "AVP_SECRET"), "whatever it was", "not half of it either");
    assert_eq!(word(&stage.write(NEW, &Stamp(String::new()))), "Changed");
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_minted() {
    let double = double();
    assert_eq!(word(&stage(&double, "NOT_THERE").read()), "Absent");
    double.state().is_archived = true;
    let refused = stage(&double, "AVP_SECRET").read();
    assert_eq!(word(&refused), "Denied");
    assert!(refused.unwrap_err().to_string().contains("archived"));
    double.state().is_archived = false;
    double.fault("public-key", Fault::Answer(200, "", "{\"key_id\":\"1\",\"key\":\"c2hvcnQ=\"}"));
    assert_eq!(word(&stage(&double, "AVP_SECRET").read()), "NotDone");
    let stage = stage(&double, "AVP_SECRET");
    let at = stage.read().unwrap().stamp;
    assert_eq!(word(&stage.write(&"x".repeat((48 << 10) + 1), &at)), "Denied");
}

#[test]
fn what_is_in_the_way_is_told_by_what_may_have_happened() {
    let double = double();
    let stage = stage(&double, "AVP_SECRET");
    for (fault, times, read, written) in [
        (Fault::Answer(401, "", "{}"), 1, "Denied", "Denied"),
        (Fault::Answer(403, "", "{}"), 1, "Denied", "Denied"),
        (Fault::Answer(404, "", "{}"), 1, "Absent", "Absent"),
        // A moved repository answers so; a redirect is not followed.
        (Fault::Answer(301, "Location: http://localhost/\r\n", "{}"), 1, "Denied", "Denied"),
        // GitHub's second rate limit.
        (Fault::Answer(403, "Retry-After: 600\r\n", "{}"), 1, "NotDone", "NotDone"),
        (Fault::Answer(403, "Retry-After: 0\r\n", "{}"), 1, "done", "done"),
        (Fault::Answer(429, "Retry-After: 0\r\n", "{}"), 1, "done", "done"),
        (Fault::Answer(502, "", "oops"), 2, "NotDone", "Lost"),
        (Fault::Answer(200, "", "<html>"), 1, "NotDone", "Lost"),
        (Fault::Silence, 2, "NotDone", "Lost"),
        (Fault::Hangup, 2, "NotDone", "Lost"),
        // Its answer is lost, and what it did is done again within the call.
        (Fault::DropReply, 1, "done", "done"),
    ] {
        (0..times).for_each(|_| double.fault("/AVP_SECRET", fault));
        assert_eq!(word(&stage.read()), read, "read {fault:?}");
        double.mend();
        let at = stage.read().unwrap().stamp;
        (0..times).for_each(|_| double.fault("PUT", fault));
        assert_eq!(word(&stage.write(NEW, &at)), written, "write {fault:?}");
        double.mend();
    }
    // It was written, and only the look behind it came to nothing: it must not be taken for another's.
    let at = stage.read().unwrap().stamp;
    double.fault(
        "GET /repos/acme/shop/actions/secrets/public-key",
        Fault::Answer(429, "Retry-After: 0\r\n", ""),
    );
    assert_eq!(word(&stage.write(NEW, &at)), "done");
}

#[test]
fn a_place_that_leads_elsewhere_is_none() {
    let double = double();
    for place in [
        "github:shop#A",
        "github:acme/shop",
        "github:acme/../x#A",
        "github:a/b/c#A",
        "github:acme/shop#A@",
        "github:acme/shop#A@..",
        "github:acme/shop#GITHUB_TOKEN",
        "github:acme/shop#A-B",
    ] {
        assert!(Stage::try_new(place, double.place(), TOKEN, "").is_err(), "{place}");
    }
    assert!(double.calls().is_empty(), "reading a place calls nobody");
}
