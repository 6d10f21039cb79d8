//! Vercel.

use super::{Held, NEW, OLD, Stage, Stamp, id_of, word};
use crate::support::double::Fault;
use crate::support::vercel::{TOKEN, Vercel, start};

const PRODUCTION: &[&str] = &["production"];
const PREVIEW: &[&str] = &["preview"];

fn double() -> Vercel {
    start(&[
        ("AVP_SECRET", OLD, "encrypted", PRODUCTION),
        ("AVP_KEY_ID", &id_of(OLD), "plain", PRODUCTION),
        ("OTHER", "1", "encrypted", PRODUCTION),
        ("HIDDEN", OLD, "sensitive", PRODUCTION),
        ("STAGED", OLD, "encrypted", PREVIEW),
        ("LOCAL", OLD, "encrypted", &["development"]),
    ])
}

fn stage(double: &Vercel, names: &str) -> Stage {
    Stage::new(&format!("vercel:shop#{names}"), double.place(), TOKEN, "wait = 1")
}

/// Lists the deployments that were begun by us: which they were made from.
fn begun(double: &Vercel) -> Vec<String> {
    double.state().deployments.iter().map(|d| d.from.clone()).filter(|f| f.starts_with("dpl_")).collect()
}

#[test]
fn a_pair_is_delivered_deployed_and_put_back() {
    // R81
    let double = double();
    let stage = stage(&double, "AVP_SECRET,key_id=AVP_KEY_ID");
    let seen = stage.read().unwrap();
    let old = seen.value.unwrap();
    assert_eq!((old.key_id, old.secret.masked(0)), (Some(id_of(OLD)), "…-see".into()));
    let stamp = stage.write(NEW, &seen.stamp).unwrap();
    assert_eq!(stage.holds(NEW), Ok(Held::Wanted));
    assert_eq!(stage.holds(OLD), Ok(Held::Other));
    assert_eq!(stage.read().unwrap().stamp, stamp, "the stamp it gives is the stamp that is there");
    assert_eq!(double.state().running("production", "AVP_SECRET"), OLD, "nothing runs with it before");
    stage.activate().unwrap();
    assert_eq!(double.state().running("production", "AVP_SECRET"), NEW);
    assert_eq!(double.state().running("production", "AVP_KEY_ID"), id_of(NEW));
    assert_eq!(begun(&double), ["dpl_1"], "the code that ran is deployed once more");
    assert_eq!(stage.holds(NEW), Ok(Held::Wanted));
    // Done twice, it is the same as once.
    stage.activate().unwrap();
    assert_eq!(begun(&double).len(), 1);
    assert_eq!(stage.restore(OLD, &stamp).unwrap(), seen.stamp);
    stage.activate().unwrap();
    assert_eq!(double.state().running("production", "AVP_SECRET"), OLD);
    let other = double.state().vars.iter().find(|v| v.key == "OTHER").unwrap().value.clone();
    assert_eq!(other, "1");
}

#[test]
fn a_write_that_was_cut_off_between_two_variables_is_taken_up() {
    let double = double();
    let stage = stage(&double, "AVP_SECRET,key_id=AVP_KEY_ID");
    let before = stage.read().unwrap().stamp;
    double.fault("PATCH /v9/projects/shop/env/env1", Fault::Answer(400, "", "{}"));
    assert_eq!(word(&stage.write(NEW, &before)), "Denied");
    assert_eq!(stage.holds(NEW), Ok(Held::Other));
    let stamp = stage.write(NEW, &before).unwrap();
    assert_eq!(stage.write(NEW, &before).unwrap(), stamp, "written twice is the same as once");
    assert_eq!(stage.holds(NEW), Ok(Held::Wanted));
}

#[test]
fn a_pair_that_nobody_can_read_is_taken_up_by_its_time() {
    let double = start(&[
        ("AVP_SECRET", OLD, "sensitive", PRODUCTION),
        ("AVP_KEY_ID", &id_of(OLD), "sensitive", PRODUCTION),
    ]);
    let stage = stage(&double, "AVP_SECRET,key_id=AVP_KEY_ID");
    let before = stage.read().unwrap().stamp;
    let begun = jiff::Timestamp::now().as_millisecond();
    for _ in 0..4 {
        double.fault("PATCH /v9/projects/shop/env/env1", Fault::Answer(429, "Retry-After: 0\r\n", "{}"));
    }
    // The first holds the new value: it is not as if nothing had been done.
    assert_eq!(word(&stage.write(NEW, &before)), "Lost");
    assert_eq!(word(&stage.write(NEW, &before)), "Changed", "a first try knows of none before it");
    let hour = 3_600_000;
    assert_eq!(word(&stage.write_again(NEW, &before, &[begun - hour, begun + hour])), "Changed");
    let stamp = stage.write_again(NEW, &before, &[begun - hour, begun]).unwrap();
    assert_eq!(stage.read().unwrap().stamp, stamp);
    let vars = double.state().vars.clone();
    assert_eq!([vars[0].value.as_str(), &vars[1].value], [NEW, &id_of(NEW)]);
}

#[test]
fn what_somebody_else_wrote_is_not_written_over() {
    let double = double();
    for name in ["AVP_SECRET", "HIDDEN"] {
        let stage = stage(&double, name);
        let before = stage.read().unwrap().stamp;
        double.state().set(name, "another");
        assert_eq!(word(&stage.write(NEW, &before)), "Changed");
        assert_eq!(word(&stage.write(NEW, &Stamp(String::new()))), "Changed");
        assert!(double.state().vars.iter().any(|v| v.key == name && v.value == "another"));
    }
}

#[test]
fn a_sensitive_variable_is_written_and_never_read() {
    let double = double();
    let stage = stage(&double, "HIDDEN");
    let seen = stage.read().unwrap();
    assert!(seen.value.is_none());
    // The answer to the write is lost, and what it did is asked for again within the call.
    double.fault("PATCH", Fault::DropReply);
    let stamp = stage.write(NEW, &seen.stamp).unwrap();
    assert_ne!(stamp, seen.stamp);
    assert_eq!(stage.read().unwrap().stamp, stamp);
    assert_eq!(stage.holds(NEW), Ok(Held::Hidden));
    stage.activate().unwrap();
    assert_eq!(double.state().running("production", "HIDDEN"), NEW);
    // Nobody can tell whose write it was.
    assert_eq!(word(&stage.write(NEW, &seen.stamp)), "Changed");
}

#[test]
fn a_rollback_that_brings_the_old_value_back_is_seen() {
    let double = double();
    for name in ["AVP_SECRET", "HIDDEN"] {
        let stage = stage(&double, name);
        let before = double.state().current.clone().unwrap();
        let seen = stage.read().unwrap().stamp;
        stage.write(NEW, &seen).unwrap();
        stage.activate().unwrap();
        assert_ne!(stage.holds(NEW), Ok(Held::Other), "{name}");
        double.state().roll_back(&before);
        assert_eq!(double.state().running("production", name), OLD);
        assert_eq!(
            stage.holds(NEW),
            Ok(Held::Other),
            "{name}: the variable holds it, and what runs does not"
        );
        // Behind a rollback a new deployment does not get the domains by itself.
        let refused = stage.activate().unwrap_err();
        assert_eq!(word(&Err::<(), _>(refused.clone())), "Denied");
        let last = double.state().deployments.last().unwrap().id.clone();
        assert!(refused.to_string().contains(&format!("promote {last}")), "{refused}");
        let mut state = double.state();
        (state.assigns, state.current) = (true, Some(last));
    }
}

#[test]
fn a_deployment_that_fails_is_named() {
    for (states, ended) in [(&["QUEUED", "ERROR"][..], "ERROR"), (&["BUILDING", "CANCELED"][..], "CANCELED")]
    {
        let double = double();
        let stage = stage(&double, "AVP_SECRET");
        let seen = stage.read().unwrap().stamp;
        stage.write(NEW, &seen).unwrap();
        double.state().to_come.push_back(states);
        let refused = stage.activate();
        assert_eq!(word(&refused), "Denied");
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(&format!("the deployment dpl_2 ended as {ended}")), "{text}");
        assert_eq!(double.state().running("production", "AVP_SECRET"), OLD);
        // Nothing newer ever ran: that is no rollback.
        assert_eq!(stage.holds(NEW), Ok(Held::Wanted));
        stage.activate().unwrap();
        assert_eq!(double.state().running("production", "AVP_SECRET"), NEW);
    }
}

#[test]
fn a_deployment_that_takes_long_is_waited_for_again_and_not_begun_again() {
    let double = double();
    let stage = stage(&double, "AVP_SECRET");
    let seen = stage.read().unwrap().stamp;
    stage.write(NEW, &seen).unwrap();
    double.state().to_come.push_back(&["BUILDING"]);
    let late = stage.activate();
    assert_eq!(word(&late), "NotDone");
    assert!(late.unwrap_err().to_string().contains("dpl_2 is BUILDING"));
    // It becomes ready between two looks.
    double.fault("GET /v13/deployments", Fault::Answer(502, "", "<html>"));
    double.state().finish("dpl_2");
    stage.activate().unwrap();
    assert_eq!(begun(&double).len(), 1);
    assert_eq!(double.state().running("production", "AVP_SECRET"), NEW);
}

#[test]
fn a_deployment_whose_answer_was_lost_is_found() {
    let double = double();
    let stage = stage(&double, "AVP_SECRET");
    let seen = stage.read().unwrap().stamp;
    stage.write(NEW, &seen).unwrap();
    for fault in [Fault::DropReply, Fault::HalfReply, Fault::DoneBut(500, "{}"), Fault::DoneBut(200, "{}")] {
        double.fault("POST", fault);
        let before = begun(&double).len();
        let lost = stage.activate();
        assert_eq!(word(&lost), "Lost", "{fault:?}");
        stage.activate().unwrap();
        assert_eq!(begun(&double).len(), before + 1, "{fault:?}");
        double.state().set("AVP_SECRET", NEW);
    }
}

#[test]
fn what_is_in_the_way_is_told_by_what_may_have_happened() {
    let double = double();
    let stage = stage(&double, "AVP_SECRET");
    let seen = stage.read().unwrap().stamp;
    for (fault, times, read, written) in [
        (Fault::Answer(401, "", "{}"), 1, "Denied", "Denied"),
        (Fault::Answer(403, "", "{}"), 1, "Denied", "Denied"),
        (Fault::Answer(404, "", "{}"), 1, "Absent", "Absent"),
        (Fault::Answer(302, "Location: http://localhost/\r\n", ""), 1, "Denied", "Denied"),
        (Fault::Answer(429, "Retry-After: 600\r\n", "{}"), 1, "NotDone", "NotDone"),
        (Fault::Answer(429, "Retry-After: 0\r\n", "{}"), 1, "done", "done"),
        (Fault::Answer(403, "Retry-After: 0\r\n", "{}"), 1, "done", "done"),
        // What may be done twice is asked again, once.
        (Fault::Answer(500, "", "oops"), 1, "done", "done"),
        (Fault::Answer(500, "", "oops"), 2, "NotDone", "Lost"),
        (Fault::Answer(200, "", "<html>"), 1, "NotDone", "Lost"),
        // A yes behind which the value is not there.
        (Fault::Answer(200, "", "{\"envs\":7}"), 1, "NotDone", "Changed"),
        (Fault::Silence, 2, "NotDone", "Lost"),
        (Fault::Hangup, 2, "NotDone", "Lost"),
        (Fault::HalfReply, 2, "NotDone", "Lost"),
        (Fault::DropReply, 1, "done", "done"),
    ] {
        (0..times).for_each(|_| double.fault("GET /v10", fault));
        assert_eq!(word(&stage.read()), read, "read {fault:?}");
        double.mend();
        (0..times).for_each(|_| double.fault("PATCH", fault));
        assert_eq!(word(&stage.write(NEW, &seen)), written, "write {fault:?}");
        double.mend();
        double.state().set("AVP_SECRET", OLD);
    }
}

#[test]
fn previews_are_deployed_apart_and_development_not_at_all() {
    let double = double();
    let preview = stage(&double, "STAGED@preview");
    let seen = preview.read().unwrap().stamp;
    preview.write(NEW, &seen).unwrap();
    preview.activate().unwrap();
    assert_eq!(double.state().running("preview", "STAGED"), NEW);
    assert_eq!(begun(&double), ["dpl_0"]);
    preview.activate().unwrap();
    let local = stage(&double, "LOCAL@development");
    let seen = local.read().unwrap().stamp;
    local.write(NEW, &seen).unwrap();
    local.activate().unwrap();
    assert_eq!(local.holds(NEW), Ok(Held::Wanted));
    assert_eq!(begun(&double).len(), 1);
    assert_eq!(word(&stage(&double, "STAGED@production").read()), "Absent");
    assert_eq!(word(&stage(&double, "AVP_SECRET,key_id=STAGED").read()), "Denied");
}

#[test]
fn a_project_that_was_never_deployed_needs_no_deployment() {
    let double = double();
    double.state().current = None;
    let stage = stage(&double, "AVP_SECRET");
    let seen = stage.read().unwrap().stamp;
    stage.write(NEW, &seen).unwrap();
    stage.activate().unwrap();
    assert_eq!(stage.holds(NEW), Ok(Held::Wanted));
    assert_eq!(begun(&double).len(), 0);
}

#[test]
fn every_call_is_the_teams() {
    let double = double();
    double.state().team = Some("team_1");
    let stage = Stage::new("vercel:shop#AVP_SECRET", double.place(), TOKEN, "team = \"team_1\"");
    let seen = stage.read().unwrap().stamp;
    stage.write(NEW, &seen).unwrap();
    stage.activate().unwrap();
    stage.holds(NEW).unwrap();
    let calls = double.calls();
    assert!(calls.len() > 8 && calls.iter().all(|c| c.contains("teamId=team_1")), "{calls:?}");
}

#[test]
fn a_place_that_leads_elsewhere_is_none() {
    let double = double();
    for place in [
        "vercel:shop",
        "vercel:#A",
        "vercel:../x#A",
        "vercel:shop?x#A",
        "vercel:shop#A@staging",
        "vercel:other/shop#A",
    ] {
        assert!(Stage::try_new(place, double.place(), TOKEN, "").is_err(), "{place}");
    }
    for more in ["team = \"a/b\"", "tokn = 1", "wait = \"x\""] {
        assert!(Stage::try_new("vercel:shop#A", double.place(), TOKEN, more).is_err(), "{more}");
    }
    assert!(double.calls().is_empty(), "reading a place calls nobody");
}
