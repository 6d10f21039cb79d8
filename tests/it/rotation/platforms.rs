//! The order of the source documents: the new key into Vercel and Render, deployed and proven; the old one
//! ends last (R81, R86, R90).

use std::os::unix::fs::PermissionsExt as _;

use super::desk::{Desk, Held, Kind};
use crate::support::program::Run;
use crate::support::{render, vercel};

/// A desk whose key is used on two platforms: previews at Vercel for staging; Vercel and Render for production.
struct Cloud {
    desk: Desk,
    vercel: vercel::Vercel,
    render: render::Render,
}

impl Cloud {
    fn new() -> Self {
        let desk = Desk::bare(Kind::Dotenv);
        let (id, secret) = (desk.old.key_id.as_str(), desk.old.secret.as_str());
        let vercel = vercel::start(&[
            ("AVP_SECRET", secret, "encrypted", &["preview"]),
            ("AVP_KEY_ID", id, "plain", &["preview"]),
            ("AVP_SECRET", secret, "encrypted", &["production"]),
            ("AVP_KEY_ID", id, "plain", &["production"]),
        ]);
        let render = render::start(&[("AVP_SECRET", secret), ("AVP_KEY_ID", id)]);
        let text = std::fs::read_to_string(desk.path("keywright.toml")).unwrap();
        let (here, there) = (vercel.place(), render.place());
        let mut text = text.replace("allow = [", &format!("allow = [\"{here}\", \"{there}\", "));
        for (kind, at, token) in [("vercel", here, vercel::TOKEN), ("render", there, render::TOKEN)] {
            let file = desk.path(&format!("{kind}-token"));
            std::fs::write(&file, token).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            let file = file.display();
            text += &format!("\n[destinations.{kind}]\nurl = \"http://{at}\"\ntoken = \"file:{file}\"\n");
        }
        std::fs::write(desk.path("keywright.toml"), text).unwrap();
        let cloud = Self { desk, vercel, render };
        let run = cloud.add();
        assert_eq!(run.code, Some(0), "{run:?}");
        cloud
    }

    fn add(&self) -> Run {
        let health =
            |environment: &str| format!("--health={environment}=tcp:{} within 1", self.desk.vpn.gateway());
        let names = "AVP_SECRET,key_id=AVP_KEY_ID";
        let words = [
            "keys".into(),
            "add".into(),
            "proxy".into(),
            "--provider=atlasvpn".into(),
            "--owner=ann".into(),
            format!("--key-id={}", self.desk.old.key_id),
            format!("--destination=staging=vercel:shop#{names}@preview"),
            format!("--destination=production=vercel:shop#{names}@production"),
            format!("--destination=production=render:srv-shop#{names}"),
            health("staging"),
            health("production"),
        ];
        self.desk.run(&words.each_ref().map(String::as_str))
    }

    /// Returns what runs: staging, and production on each platform.
    fn running(&self) -> [Held; 3] {
        let at = |target: &str| {
            let state = self.vercel.state();
            Held(state.running(target, "AVP_KEY_ID"), state.running(target, "AVP_SECRET"))
        };
        let render = {
            let state = self.render.state();
            Held(state.running("AVP_KEY_ID"), state.running("AVP_SECRET"))
        };
        [at("preview"), at("production"), render]
    }

    fn old(&self) -> Held {
        Held(self.desk.old.key_id.clone(), self.desk.old.secret.clone())
    }

    /// Tells that nobody can read a secret or a token where the program keeps things or in what it said.
    #[track_caller]
    fn is_silent(&self, runs: &[&Run]) {
        assert_eq!(self.desk.leaks(), [] as [std::path::PathBuf; 0]);
        let secrets: Vec<String> = [vercel::TOKEN, render::TOKEN]
            .map(str::to_owned)
            .into_iter()
            .chain(self.desk.vpn.secrets())
            .collect();
        for run in runs {
            let said = format!("{run:?}{}{}", String::from_utf8_lossy(&run.stdout), run.stderr);
            assert!(!secrets.iter().any(|secret| said.contains(secret)), "{said}");
        }
    }
}

#[test]
fn a_key_goes_to_every_platform_runs_there_and_the_old_one_ends_last() {
    // R81, R90
    let cloud = Cloud::new();
    let first = cloud.desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
    assert_eq!(first.code, Some(5), "{first:?}");
    let [staging, production, render] = cloud.running();
    assert!(staging != cloud.old() && staging == production && production == render);
    assert!(cloud.desk.works(&staging) && cloud.desk.works(&cloud.old()));
    // Staging runs with it before production is touched.
    let calls = cloud.vercel.calls();
    let begun: Vec<_> =
        calls.iter().enumerate().filter(|(_, c)| c.starts_with("POST /v13")).map(|(at, _)| at).collect();
    let wrote: Vec<_> =
        calls.iter().enumerate().filter(|(_, c)| c.starts_with("PATCH")).map(|(at, _)| at).collect();
    assert!(begun.len() == 2 && wrote.len() == 4, "{calls:?}");
    assert!(wrote[1] < begun[0] && begun[0] < wrote[2] && wrote[3] < begun[1], "{calls:?}");
    let last = cloud.desk.finish();
    assert_eq!(last.code, Some(0), "{last:?}");
    assert_eq!(cloud.running(), [staging.clone(), staging.clone(), staging]);
    assert!(!cloud.desk.works(&cloud.old()));
    cloud.is_silent(&[&first, &last]);
}

#[test]
fn a_deployment_that_fails_takes_everything_back() {
    // R90: no service is left behind with the new key.
    let cloud = Cloud::new();
    cloud.render.state().to_come.push_back(&["build_in_progress", "build_failed"]);
    let run = cloud.desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
    assert_eq!(run.code, Some(5), "{run:?}");
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &run.stderr;
    assert!(said.contains("the deploy dep-1 ended as build_failed"), "{said}");
    assert!(cloud.desk.open().is_empty(), "{:?}", cloud.desk.open());
    let old = cloud.old();
    assert_eq!(cloud.running(), [old.clone(), old.clone(), old.clone()]);
    assert_eq!(cloud.render.state().vars["AVP_SECRET"], old.1);
    assert!(cloud.desk.works(&old));
    let active = cloud.desk.vpn.state().keys.iter().filter(|k| k.active).count();
    assert_eq!(active, 2, "the new key is gone, and the bystander is not");
    cloud.is_silent(&[&run]);
}

#[test]
fn a_rollback_at_the_platform_keeps_the_old_key_alive() {
    let cloud = Cloud::new();
    let before = cloud.vercel.state().current.clone().unwrap();
    let first = cloud.desk.run(&["rotate", "proxy", "--yes", "--wait=0"]);
    assert_eq!(first.code, Some(5), "{first:?}");
    cloud.vercel.state().roll_back(&before);
    cloud.desk.pass(2000);
    let (id, _) = cloud.desk.open().remove(0);
    let asked = cloud.desk.run(&["rotations", "resume", &id, "--wait=0"]);
    assert_eq!(asked.code, Some(4), "{asked:?}");
    assert!(cloud.desk.works(&cloud.old()), "what runs needs it");
    // Somebody promotes what was deployed with the new key.
    let newest = cloud.vercel.state().deployments.last().unwrap().id.clone();
    cloud.vercel.state().current = Some(newest);
    let last = cloud.desk.finish();
    assert_eq!(last.code, Some(0), "{last:?}");
    assert!(!cloud.desk.works(&cloud.old()));
    cloud.is_silent(&[&first, &asked, &last]);
}
