//! The steps of a drill, and what each should come to.

use std::cell::{Cell, RefCell};
use std::fs;
use std::time::Instant;

use jiff::Timestamp;

use super::scene::{Scene, stated};
use super::server::connect;
use super::{DrillError, Mark, Outcome, Told, Wishes, heard};
use crate::model::incident::{Incident, Stage};

/// Who runs the program in a drill.
pub(super) const ANN: &str = "ann";
/// Who may be asked to approve: somebody else.
const PEOPLE: [&str; 10] = ["bob", "cleo", "dan", "eve", "finn", "gus", "hana", "ivo", "jo", "kim"];
/// How often a stranger uses the key, and how many bytes go through each time.
const STOLEN: (usize, usize) = (12, 48 << 10);
/// Where to.
const DROP: &str = "drop.example.net:443";
/// What must have been told when everything was answered.
const STEPS: [&str; 16] = [
    "blocked",
    "pushed",
    "stolen",
    "detected",
    "verified",
    "owned",
    "exposed",
    "decided",
    "rotated",
    "delivered",
    "dead",
    "refused",
    "serving",
    "reviewed",
    "letter",
    "ledger",
];

/// Holds the drill. `tell` hears each step as it is done.
///
/// # Errors
/// [`DrillError`]: it could not be held at all. What comes out otherwise than it should is in the outcome.
pub fn rehearse(wishes: &Wishes, tell: &dyn Fn(&Told)) -> Result<Outcome, DrillError> {
    let scene = Scene::lay(wishes)?;
    let (key_id, secret) = scene.vpn.key();
    let script = Script {
        old: format!("{key_id}:{secret}"),
        secret,
        scene,
        tell,
        quorum: wishes.policy.as_ref().map_or(1, |policy| policy.quorum),
        tells_policy: wishes.policy.is_some(),
        pushed: Cell::default(),
        steps: RefCell::default(),
        whole: RefCell::default(),
        wrong: RefCell::default(),
    };
    script.play()
}

/// A drill that is being held.
pub(super) struct Script<'a> {
    pub(super) scene: Scene,
    tell: &'a dyn Fn(&Told),
    /// How many people must approve.
    quorum: usize,
    tells_policy: bool,
    /// The key that leaks, as it is shown to the gateway.
    pub(super) old: String,
    /// Its secret.
    pub(super) secret: String,
    pub(super) pushed: Cell<Option<(Instant, Timestamp)>>,
    /// What was told, by its words.
    steps: RefCell<Vec<&'static str>>,
    /// All that the program said while it answered.
    whole: RefCell<String>,
    wrong: RefCell<Vec<String>>,
}

impl Script<'_> {
    fn play(&self) -> Result<Outcome, DrillError> {
        self.commit()?;
        self.push()?;
        self.steal()?;
        let app = self.scene.app().display().to_string();
        self.respond(&["respond", "--scan", &app, "--wait=60s"])?;
        let mut incident = self.incident()?;
        if let Some(asked) = incident.as_ref().filter(|i| i.stage == Stage::Asking)
            && self.approve(asked)?
        {
            self.respond(&["respond", &asked.id, "--wait=60s"])?;
            incident = self.incident()?;
        }
        fs::write(self.scene.path("reports/respond.txt"), &*self.whole.borrow())?;
        let mut outcome = Outcome { stated: stated(), ..Outcome::default() };
        let Some(incident) = incident else {
            self.wrong("detected", "the scan found nothing");
            return Ok(self.end(outcome));
        };
        if incident.stage == Stage::Watching {
            self.look()?;
            self.letter(&incident)?;
            self.times(&incident, &mut outcome);
            self.ledger(&incident)?;
            self.nothing_missing();
        } else {
            self.unanswered(&incident)?;
        }
        Ok(self.end(outcome))
    }

    /// The hook stops the commit.
    fn commit(&self) -> Result<(), DrillError> {
        let app = self.scene.app();
        let text = format!("PROXY = \"http://{}@api.atlasvpn.live:7777\"\n", self.old);
        fs::write(app.join("proxy.py"), text)?;
        self.scene.runner.git_well(&app, &["add", "proxy.py"])?;
        let hook = self.scene.runner.keywright(&app, &["hook", "install"], &[], &mut |_| {})?;
        if !hook.is_well() {
            return Err(DrillError::Run("keywright hook install".into(), hook.last().into()));
        }
        let ran = self.scene.runner.git(&app, &["commit", "-m", "use the proxy"])?;
        match !ran.is_well() && (ran.out + &ran.err).contains("The commit was stopped") {
            true => self.well("blocked", "git commit: the hook stopped it, the key of proxy.py:1 stays here"),
            false => self.wrong("blocked", "the hook let the commit through"),
        }
        Ok(())
    }

    /// Somebody is in a hurry. From here the clock runs.
    fn push(&self) -> Result<(), DrillError> {
        let app = self.scene.app();
        self.scene.runner.git_well(&app, &["commit", "-q", "--no-verify", "-m", "use the proxy, now"])?;
        self.scene.runner.git_well(&app, &["push", "-q", "origin", "main"])?;
        self.pushed.set(Some((Instant::now(), Timestamp::now())));
        let to = self.scene.remote.address();
        self.well("pushed", format!("all the same: git commit --no-verify, git push to {to}"));
        Ok(())
    }

    /// A stranger, who knows nothing but the repository's address, reads the key and uses it.
    fn steal(&self) -> Result<(), DrillError> {
        let to = self.scene.remote.address();
        let root = self.scene.path("");
        self.scene.runner.git_well(&root, &["clone", "-q", &to, "stranger"])?;
        let text = fs::read_to_string(root.join("stranger/proxy.py"))?;
        let pair =
            text.split_once("http://").and_then(|(_, rest)| rest.split_once('@')).map(|(pair, _)| pair);
        let Some(pair) = pair else {
            self.wrong("stolen", "the clone does not hold the key");
            return Ok(());
        };
        for _ in 0..STOLEN.0 {
            let status = connect(&self.scene.vpn.gateway(), DROP, pair, STOLEN.1)?;
            if status != 200 {
                self.wrong("stolen", format!("the gateway answered {status}"));
                return Ok(());
            }
        }
        let sent = STOLEN.0 * STOLEN.1 / 1024;
        let host = DROP.split(':').next().unwrap_or_default();
        self.well("stolen", format!("a stranger cloned it and sent {sent} KiB to {host} with the key"));
        Ok(())
    }

    /// Lets the real program answer, and tells what it says as it says it.
    fn respond(&self, words: &[&str]) -> Result<(), DrillError> {
        let mut heard = |line: &str| {
            let mut whole = self.whole.borrow_mut();
            whole.push_str(line);
            whole.push('\n');
            if let Some((what, text, mark)) = heard::step(line, self.tells_policy) {
                // Who goes on behind an approval has found it already.
                let again = what == "detected" && self.steps.borrow().contains(&what);
                if !again {
                    self.tell(what, text, mark);
                }
            }
        };
        let ran = self.scene.keywright(ANN, words, &mut heard)?;
        self.whole.borrow_mut().push_str(&ran.err);
        if !matches!(ran.code, Some(0 | 1 | 4 | 5)) {
            let text = format!("keywright respond ended with {:?}: {}", ran.code, ran.last());
            self.wrong("stopped", text);
        }
        Ok(())
    }

    /// Says yes to what is asked, as often as the policy wants it.
    fn approve(&self, incident: &Incident) -> Result<bool, DrillError> {
        let because = incident.decision.as_ref().map(|d| d.because.clone()).unwrap_or_default();
        self.aside("asked", format!("a person is asked: {because}"));
        let Some(plan) = &incident.plan_hash else {
            self.wrong("asked", format!("there is no plan to approve: {}", incident.note));
            return Ok(false);
        };
        for who in PEOPLE {
            let words = ["incidents", "approve", &incident.id, "--plan", plan];
            let ran = self.scene.keywright(who, &words, &mut |_| {})?;
            if !ran.is_well() {
                self.wrong("approved", format!("by {who}: {}", ran.last()));
                return Ok(false);
            }
            self.aside("approved", format!("by {who}: keywright {}", words.join(" ")));
            if self.incident()?.is_some_and(|i| i.approvals.len() >= self.quorum) {
                return Ok(true);
            }
        }
        Ok(true)
    }

    /// Says what is missing of a leak that was answered.
    fn nothing_missing(&self) {
        let told = self.steps.borrow().clone();
        for step in STEPS.iter().filter(|step| !told.contains(*step)) {
            self.wrong.borrow_mut().push(format!("{step}: it did not happen"));
        }
    }

    /// Returns the only incident.
    fn incident(&self) -> Result<Option<Incident>, DrillError> {
        self.scene.look(async |store| {
            let all = store.incidents().await?;
            if all.len() > 1 {
                self.wrong("detected", format!("{} incidents of one key", all.len()));
            }
            Ok(all.into_iter().next().map(|i| i.is))
        })
    }

    fn end(&self, mut outcome: Outcome) -> Outcome {
        outcome.wrong = self.wrong.take();
        outcome
    }

    pub(super) fn well(&self, what: &'static str, text: impl Into<String>) {
        self.tell(what, text, Mark::Well);
    }

    pub(super) fn aside(&self, what: &'static str, text: impl Into<String>) {
        self.tell(what, text, Mark::Aside);
    }

    pub(super) fn wrong(&self, what: &'static str, text: impl Into<String>) {
        let text = text.into();
        self.wrong.borrow_mut().push(format!("{what}: {text}"));
        self.tell(what, text, Mark::Wrong);
    }

    fn tell(&self, what: &'static str, text: impl Into<String>, mark: Mark) {
        if mark == Mark::Well {
            self.steps.borrow_mut().push(what);
        }
        let since = self.pushed.get().map(|(at, _)| at.elapsed());
        (self.tell)(&Told { since, what, text: text.into(), mark });
    }
}
