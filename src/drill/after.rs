//! What is looked at when the leak is answered: the old key and the new one at the gateway, the letter, the
//! ledger, and whether a byte of either secret was kept.

use std::fs;
use std::path::Path;
use std::time::Duration;

use super::scene::VARIABLES;
use super::script::{ANN, Script};
use super::server::connect;
use super::{DrillError, Outcome};
use crate::model::incident::Incident;
use crate::model::rotation::Moment;
use crate::model::text::shown;
use crate::respond::ledger::Reviewed;

/// What the key's owner asks the gateway for.
const TARGET: &str = "shop.example.com:443";
/// The largest file that is searched for a secret, in bytes.
const LARGEST: u64 = 64 << 20;

impl Script<'_> {
    /// The stranger is refused, and both places go on.
    pub(super) fn look(&self) -> Result<(), DrillError> {
        let gateway = self.scene.vpn.gateway();
        match connect(&gateway, TARGET, &self.old, 0)? {
            407 => self.well("refused", "the stranger is back with the old key: CONNECT answered 407"),
            status => self.wrong("refused", format!("the old key: CONNECT answered {status}")),
        }
        let text = fs::read_to_string(self.scene.path("staging.env"))?;
        let of = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            value.unwrap_or_default().trim_matches(['"', '\'']).to_owned()
        };
        let staging = format!("{}:{}", of(VARIABLES.0), of(VARIABLES.1));
        let render = &self.scene.render;
        let production = format!("{}:{}", render.running(VARIABLES.0), render.running(VARIABLES.1));
        let asked = [connect(&gateway, TARGET, &staging, 0)?, connect(&gateway, TARGET, &production, 0)?];
        if let [200, 200] = asked {
            self.well("serving", "staging and production go on with the new key: both answered 200");
        } else {
            let [staging, production] = asked;
            self.wrong("serving", format!("staging is answered {staging}, production {production}"));
        }
        Ok(())
    }

    /// The letter about the abuse, which holds everything but the secret.
    pub(super) fn letter(&self, incident: &Incident) -> Result<(), DrillError> {
        let Some((reviewed, letter)) =
            Reviewed::read(&incident.review).and_then(|mut r| r.letter.take().map(|letter| (r, letter)))
        else {
            self.wrong("letter", "nothing unusual was seen, so there is no letter");
            return Ok(());
        };
        fs::write(self.scene.path("reports/letter.txt"), &letter)?;
        for flag in &reviewed.flags {
            self.aside("flagged", format!("{}: {}", flag.sign, shown(flag.what.as_bytes())));
        }
        let to = letter.lines().next().unwrap_or_default().trim_start_matches("To: ");
        self.well("letter", format!("to {to}, ready to send, without the secret"));
        Ok(())
    }

    /// How long it took, by the ledger's own moments.
    pub(super) fn times(&self, incident: &Incident, outcome: &mut Outcome) {
        let Some((_, pushed)) = self.pushed.get() else { return };
        let since =
            |at: Option<Moment>| at.map(|at| milliseconds(at.saturating_sub(pushed.as_millisecond())));
        outcome.contained = since(incident.times.contained);
        outcome.dead = since(incident.times.dead);
        outcome.outage = incident.outage.map(milliseconds);
    }

    /// The report, held against the audit's chain.
    pub(super) fn ledger(&self, incident: &Incident) -> Result<(), DrillError> {
        for form in ["md", "json", "html"] {
            let file = self.scene.path(&format!("reports/incident.{form}")).display().to_string();
            let words = ["incidents", "report", &incident.id, "--format", form, "--output", &file];
            let ran = self.scene.keywright(ANN, &words, &mut |_| {})?;
            if !ran.is_well() {
                self.wrong("ledger", format!("keywright {}: {}", words.join(" "), ran.last()));
                return Ok(());
            }
        }
        let verified = self.scene.keywright(ANN, &["audit", "verify"], &mut |_| {})?;
        if !verified.is_well() {
            self.wrong("ledger", format!("the audit does not hold together: {}", verified.last()));
            return Ok(());
        }
        let lines = self.scene.look(async |store| Ok(store.audit_lines().await?.len()))?;
        let (_, new) = self.scene.vpn.key();
        let mut told = Vec::new();
        for folder in ["home", "reports"] {
            search(&self.scene.path(folder), &[&self.secret, &new], &mut told)?;
        }
        match told.first() {
            None => self.well(
                "ledger",
                format!(
                    "the report is written, {lines} lines of the audit hold together, no secret is in either"
                ),
            ),
            Some(file) => self.wrong("ledger", format!("a secret stands in {file}")),
        }
        Ok(())
    }

    /// The policy did nothing by itself, or it waits.
    pub(super) fn unanswered(&self, incident: &Incident) -> Result<(), DrillError> {
        let status = connect(&self.scene.vpn.gateway(), TARGET, &self.old, 0)?;
        let decided = incident.decision.as_ref();
        let by = decided.map_or_else(String::new, |d| format!(": {}, by {}", d.action, d.because));
        self.wrong("open", format!("the old key answers {status}{by}; {}", incident.note));
        Ok(())
    }
}

fn milliseconds(ms: Moment) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// Lists the files that hold one of these.
fn search(folder: &Path, secrets: &[&str], found: &mut Vec<String>) -> Result<(), DrillError> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            search(&path, secrets, found)?;
        } else if entry.metadata()?.len() <= LARGEST {
            let bytes = fs::read(&path)?;
            if secrets.iter().any(|s| memchr::memmem::find(&bytes, s.as_bytes()).is_some()) {
                found.push(path.display().to_string());
            }
        }
    }
    Ok(())
}
