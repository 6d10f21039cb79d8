//! Render.

use super::{Held, NEW, OLD, Stage, id_of, word};
use crate::support::double::Fault;
use crate::support::render::{Render, TOKEN, start};

fn double() -> Render {
    start(&[("AVP_SECRET", OLD), ("AVP_KEY_ID", &id_of(OLD)), ("OTHER", "1")])
}

fn stage(double: &Render) -> Stage {
    Stage::new("render:srv-shop#AVP_SECRET,key_id=AVP_KEY_ID", double.place(), TOKEN, "wait = 1")
}

#[test]
fn a_pair_is_delivered_deployed_and_put_back_and_nothing_else_is_touched() {
    // R81
    let double = double();
    let stage = stage(&double);
    let seen = stage.read().unwrap();
    assert_eq!(seen.value.unwrap().key_id, Some(id_of(OLD)));
    let stamp = stage.write(NEW, &seen.stamp).unwrap();
    assert_eq!((stage.holds(NEW), stage.holds(OLD)), (Ok(Held::Wanted), Ok(Held::Other)));
    assert_eq!(stage.read().unwrap().stamp, stamp, "the stamp it gives is the stamp that is there");
    assert_eq!(double.state().running("AVP_SECRET"), OLD, "nothing runs with it before");
    stage.activate().unwrap();
    assert_eq!(double.state().running("AVP_SECRET"), NEW);
    assert_eq!(double.state().running("AVP_KEY_ID"), id_of(NEW));
    assert_eq!(stage.write(NEW, &seen.stamp).unwrap(), stamp, "written twice is the same as once");
    assert_eq!(stage.restore(OLD, &stamp).unwrap(), seen.stamp);
    stage.activate().unwrap();
    assert_eq!(double.state().running("AVP_SECRET"), OLD);
    assert_eq!(double.state().vars["OTHER"], "1");
    // The call that takes a list takes away what is not in it.
    assert!(double.calls().iter().all(|c| !c.ends_with("/env-vars")));
}

#[test]
fn a_write_that_was_cut_off_between_two_variables_is_taken_up() {
    let double = double();
    let stage = stage(&double);
    let before = stage.read().unwrap().stamp;
    double.fault("PUT /v1/services/srv-shop/env-vars/AVP_KEY_ID", Fault::Answer(400, "", "{}"));
    assert_eq!(word(&stage.write(NEW, &before)), "Denied");
    assert_eq!(stage.holds(NEW), Ok(Held::Other));
    stage.write(NEW, &before).unwrap();
    assert_eq!(stage.holds(NEW), Ok(Held::Wanted));
}

#[test]
fn what_somebody_else_wrote_is_not_written_over() {
    let double = double();
    let stage = stage(&double);
    let before = stage.read().unwrap().stamp;
    double.state().vars.insert("AVP_KEY_ID".into(), "another".into());
    assert_eq!(word(&stage.write(NEW, &before)), "Changed");
    assert_eq!(double.state().vars["AVP_SECRET"], OLD, "not half of it either");
}

#[test]
fn a_deploy_that_fails_is_named() {
    for ended in ["build_failed", "update_failed", "pre_deploy_failed", "canceled"] {
        let double = double();
        let stage = stage(&double);
        let states: &'static [&'static str] = match ended {
            "build_failed" => &["created", "build_in_progress", "build_failed"],
            "update_failed" => &["update_in_progress", "update_failed"],
            "pre_deploy_failed" => &["pre_deploy_in_progress", "pre_deploy_failed"],
            _ => &["created", "canceled"],
        };
        double.state().to_come.push_back(states);
        let refused = stage.activate();
        assert_eq!(word(&refused), "Denied", "{ended}");
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(&format!("the deploy dep-1 ended as {ended}")), "{text}");
    }
}

#[test]
fn a_deploy_that_another_overtook_is_as_good() {
    let double = double();
    let stage = stage(&double);
    let seen = stage.read().unwrap().stamp;
    stage.write(NEW, &seen).unwrap();
    double.fault("GET /v1/services/srv-shop/deploys/dep-1", Fault::Answer(502, "", ""));
    double.state().to_come.push_back(&["canceled"]);
    double.state().pushed = true;
    stage.activate().unwrap();
    assert_eq!(double.state().running("AVP_SECRET"), NEW);
}

#[test]
fn a_deploy_that_is_queued_without_a_word_is_found() {
    let double = double();
    double.state().queues = true;
    let stage = stage(&double);
    let seen = stage.read().unwrap().stamp;
    stage.write(NEW, &seen).unwrap();
    stage.activate().unwrap();
    assert_eq!(double.state().running("AVP_SECRET"), NEW);
    assert_eq!(double.state().deploys.len(), 2);
}

#[test]
fn a_deploy_that_takes_long_is_told_and_a_lost_one_begun_again() {
    let double = double();
    let stage = stage(&double);
    double.state().to_come.push_back(&["build_in_progress"]);
    let late = stage.activate();
    assert_eq!(word(&late), "NotDone");
    assert!(late.unwrap_err().to_string().contains("dep-1 is build_in_progress"));
    for (fault, told) in [
        (Fault::DropReply, "Lost"),
        (Fault::Silence, "Lost"),
        (Fault::DoneBut(500, ""), "Lost"),
        (Fault::Answer(409, "", "{}"), "NotDone"),
        (Fault::Answer(429, "Retry-After: 999\r\n", "{}"), "NotDone"),
    ] {
        double.fault("POST", fault);
        assert_eq!(word(&stage.activate()), told, "{fault:?}");
        stage.activate().unwrap();
    }
}

#[test]
fn a_suspended_service_is_told_before_anything_is_minted() {
    let double = double();
    double.state().is_suspended = true;
    let refused = stage(&double).read();
    assert_eq!(word(&refused), "Denied");
    assert!(refused.unwrap_err().to_string().contains("suspended"));
}

#[test]
fn a_variable_that_is_not_the_services_own_is_told() {
    let double = double();
    double.state().vars.remove("AVP_KEY_ID");
    let absent = stage(&double).read();
    assert_eq!(word(&absent), "Absent");
    assert!(absent.unwrap_err().to_string().contains("environment group"));
}

#[test]
fn what_is_in_the_way_is_told_by_what_may_have_happened() {
    let double = double();
    let stage = stage(&double);
    let seen = stage.read().unwrap().stamp;
    for (fault, times, read, written) in [
        (Fault::Answer(401, "", "{}"), 1, "Denied", "Denied"),
        (Fault::Answer(404, "", "{}"), 1, "Absent", "Absent"),
        (Fault::Answer(429, "Retry-After: 600\r\n", "{}"), 1, "NotDone", "NotDone"),
        (Fault::Answer(429, "Retry-After: 0\r\n", "{}"), 1, "done", "done"),
        (Fault::Answer(503, "", "oops"), 1, "done", "done"),
        (Fault::Answer(503, "", "oops"), 2, "NotDone", "Lost"),
        (Fault::Answer(200, "", "<html>"), 1, "NotDone", "Lost"),
        (Fault::Silence, 2, "NotDone", "Lost"),
        (Fault::Hangup, 2, "NotDone", "Lost"),
        (Fault::DropReply, 1, "done", "done"),
    ] {
        (0..times).for_each(|_| double.fault("GET /v1/services/srv-shop/env-vars/AVP_SECRET", fault));
        assert_eq!(word(&stage.read()), read, "read {fault:?}");
        double.mend();
        (0..times).for_each(|_| double.fault("PUT", fault));
        assert_eq!(word(&stage.write(NEW, &seen)), written, "write {fault:?}");
        double.mend();
        let stamp = stage.read().unwrap().stamp;
        stage.restore(OLD, &stamp).unwrap();
    }
    let another = Stage::new("render:srv-shop#AVP_SECRET", double.place(), "another-token", "");
    assert_eq!(word(&another.read()), "Denied");
}

#[test]
fn a_place_that_leads_elsewhere_is_none() {
    let double = double();
    for place in [
        "render:srv-shop",
        "render:shop#A",
        "render:../srv-x#A",
        "render:srv-shop#A@production",
        "render:srv-a/b#A",
    ] {
        assert!(Stage::try_new(place, double.place(), TOKEN, "").is_err(), "{place}");
    }
    assert!(double.calls().is_empty(), "reading a place calls nobody");
}
