//! Settings files: an operator's and a scanned repository's.
//!
//! Both are rule files with two tables more. A scanned repository's file may add rules and name
//! paths to let be; it can never weaken the scan (design.md §3).

mod hook;
mod rekey;
mod respond;
mod scan;
mod schedule;

pub use hook::HookSettings;
pub use rekey::{NetworkSettings, RekeySettings, SealSettings, StoreSettings, TransitSettings};
pub use respond::{Letter, PolicyLine, RespondSettings};
pub use scan::{FailOn, ScanSettings};
pub use schedule::{ScheduleSettings, Window};

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::rule::{self, RuleError, RuleFile, Trust};

/// The name of a repository's file.
pub const FILE_NAME: &str = "keywright.toml";

/// A settings file, read.
#[derive(Debug)]
pub struct Config {
    /// The file's name, for messages.
    pub name: String,
    /// Its rules and allowlists.
    pub rules: RuleFile,
    /// Path patterns to let be.
    pub ignored_paths: Vec<String>,
    /// Whose marks on a line are not heeded, whoever else says so.
    pub marks_off: Vec<String>,
    /// What it says of scans.
    pub scan: ScanSettings,
    /// What it says of hooks.
    pub hook: HookSettings,
    /// What it says of store, seal, network, providers, destinations, hosts and who is told.
    pub rekey: RekeySettings,
    /// What it says of responding to leaks.
    pub respond: RespondSettings,
    /// The file as it is written.
    pub text: String,
}

#[derive(Deserialize, Default)]
struct Raw {
    #[serde(default)]
    ignore: RawIgnore,
    scan: Option<scan::RawScan>,
    hook: Option<hook::RawHook>,
    #[serde(default)]
    store: StoreSettings,
    #[serde(default)]
    seal: SealSettings,
    #[serde(default)]
    network: NetworkSettings,
    #[serde(default)]
    providers: BTreeMap<String, toml::Table>,
    #[serde(default)]
    destinations: BTreeMap<String, toml::Table>,
    #[serde(default)]
    notify: BTreeMap<String, toml::Table>,
    #[serde(default)]
    hosts: BTreeMap<String, toml::Table>,
    respond: Option<respond::RawRespond>,
    schedule: Option<schedule::RawSchedule>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RawIgnore {
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    marks_off: Vec<String>,
}

/// Reads a settings file.
///
/// # Errors
/// [`RuleError`]: the text is broken, or a repository's file says what only an operator's may.
///
/// ```
/// use keywright::{config, rule::Trust};
/// let file = config::read("keywright.toml", "[ignore]\npaths = ['docs/**']\n", Trust::Repository).unwrap();
/// assert_eq!(file.ignored_paths, ["docs/**"]);
/// ```
pub fn read(name: &str, text: &str, trust: Trust) -> Result<Config, RuleError> {
    let rules = rule::read(name, text)?;
    let line = |offset: usize| 1 + text.as_bytes()[..offset].iter().filter(|b| **b == b'\n').count();
    let refused =
        |line, why, mend: &str| RuleError::Refused { file: name.into(), line, why, mend: mend.into() };
    if let Some((line, why)) = rules.reserved.first().filter(|_| trust == Trust::Repository) {
        return Err(refused(
            *line,
            why.clone(),
            "a scanned repository may add rules, [ignore] paths and [ignore] marks_off only; put it into your own file and name that with --config",
        ));
    }
    let raw: Raw = toml::from_str(text).map_err(|e| RuleError::Syntax {
        file: name.into(),
        line: e.span().map_or(1, |s| line(s.start)),
        why: e.message().trim().replace('\n', "; "),
    })?;
    let scan = raw.scan.map(scan::RawScan::settings).transpose();
    let hook = raw.hook.map(hook::RawHook::settings).transpose();
    let respond = raw.respond.map(|raw| raw.settings(line)).transpose();
    let schedule = raw.schedule.map(schedule::RawSchedule::settings).transpose();
    Ok(Config {
        name: name.into(),
        rules,
        ignored_paths: raw.ignore.paths,
        marks_off: raw.ignore.marks_off,
        rekey: RekeySettings {
            store: raw.store,
            seal: raw.seal,
            network: raw.network,
            providers: raw.providers,
            destinations: raw.destinations,
            notify: raw.notify,
            hosts: raw.hosts,
            schedule: schedule.map_err(|(at, why, mend)| refused(line(at), why, &mend))?.unwrap_or_default(),
        },
        scan: scan.map_err(|(at, why, mend)| refused(line(at), why, &mend))?.unwrap_or_default(),
        hook: hook.map_err(|(at, why, mend)| refused(line(at), why, &mend))?.unwrap_or_default(),
        respond: respond.map_err(|(at, why, mend)| refused(line(at), why, &mend))?.unwrap_or_default(),
        text: text.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Confidence;

    #[test]
    fn a_repository_may_not_set_what_counts() {
        let text = "[scan]\nmin_confidence = \"high\"\n";
        assert!(read("keywright.toml", text, Trust::Repository).is_err());
        assert_eq!(
            read("mine.toml", text, Trust::Operator).unwrap().scan.min_confidence,
            Some(Confidence::High)
        );
    }

    #[test]
    fn a_repository_may_not_say_what_a_hook_lets_in() {
        let text = "[hook]\ntime_limit = '5m'\nbypass_record = '/var/log/bypass.jsonl'\n";
        assert!(read("keywright.toml", text, Trust::Repository).is_err());
        let own = read("mine.toml", text, Trust::Operator).unwrap().hook;
        assert_eq!((own.time_limit.as_secs(), own.bypass_record.is_some()), (300, true));
        let wrong = read("m.toml", "[hook]\nbypass_record = 'log'\n", Trust::Operator).unwrap_err();
        assert!(wrong.to_string().contains("line 2"), "{wrong}");
    }

    #[test]
    fn a_repository_may_not_say_how_places_are_reached() {
        let text = "[destinations.vault]\nurl = 'https://vault.example.com'\n";
        assert!(read("keywright.toml", text, Trust::Repository).is_err());
        let own = read("mine.toml", text, Trust::Operator).unwrap();
        assert_eq!(own.rekey.destinations["vault"]["url"].as_str(), Some("https://vault.example.com"));
    }

    #[test]
    fn a_repository_may_not_say_when_keys_are_replaced() {
        let text = "[schedule]\nwindows = ['sat 02:00-06:00']\nat_once = 1\n";
        assert!(read("keywright.toml", text, Trust::Repository).is_err());
        let own = read("mine.toml", text, Trust::Operator).unwrap();
        assert_eq!((own.rekey.schedule.windows.len(), own.rekey.schedule.at_once), (1, Some(1)));
        let wrong = |text: &str| read("mine.toml", text, Trust::Operator).unwrap_err().to_string();
        assert!(
            wrong("[schedule]\nwindows = ['02:00']\n").contains("line 2"),
            "{}",
            wrong("[schedule]\nwindows = ['02:00']\n")
        );
        assert!(wrong("[schedule]\nat_once = 0\n").contains("at_once"));
    }

    #[test]
    fn a_repository_may_not_set_a_policy() {
        let text = "[respond]\nlive = true\n[[respond.policy]]\nexposed = ['public']\nthen = 'auto'\n";
        assert!(read("keywright.toml", text, Trust::Repository).is_err());
        let own = read("mine.toml", text, Trust::Operator).unwrap().respond;
        assert_eq!((own.live, own.policy[0].line, own.policy[0].then.word()), (true, 3, "auto"));
        let wrong = read("m.toml", "[[respond.policy]]\nthen = 'atuo'\n", Trust::Operator).unwrap_err();
        assert!(wrong.to_string().contains("it is one of: auto, ask, notify, never"), "{wrong}");
    }

    #[test]
    fn a_repository_may_not_say_who_is_told_and_where_repositories_live() {
        for (text, why) in [
            ("[notify.ops]\nkind = 'webhook'\nurl = 'https://evil.example'\n", "sets a notification"),
            ("[hosts.github]\ntoken = 'env:GITHUB_TOKEN'\n", "names a network endpoint"),
        ] {
            let refused = read("keywright.toml", text, Trust::Repository).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
            let own = read("mine.toml", text, Trust::Operator).unwrap().rekey;
            assert!(own.notify.contains_key("ops") || own.hosts.contains_key("github"));
        }
    }

    #[test]
    fn an_unknown_word_is_named_with_its_line() {
        let error = read("k.toml", "[scan]\n\nfail_on = 'some'\n", Trust::Operator).unwrap_err().to_string();
        assert_eq!(
            error,
            "k.toml: line 3: says fail_on = `some`, which is not known; it is one of: any, new, verified, never"
        );
    }

    #[test]
    fn a_repository_may_take_marks_away_and_add_none() {
        assert!(read("keywright.toml", "[scan]\nmarks = ['semgrep']\n", Trust::Repository).is_err());
        let off = read("keywright.toml", "[ignore]\nmarks_off = ['semgrep']\n", Trust::Repository).unwrap();
        assert_eq!((off.scan.marks, off.marks_off), (None, vec!["semgrep".to_owned()]));
        let own = read("mine.toml", "[scan]\nmarks = []\n", Trust::Operator).unwrap();
        assert_eq!(own.scan.marks, Some(Vec::new()));
    }

    #[test]
    fn a_misspelt_field_is_named_with_its_line() {
        let error = read("k.toml", "[ignore]\npath = ['a']\n", Trust::Repository).unwrap_err().to_string();
        assert!(error.starts_with("k.toml: line 2: unknown field `path`"), "{error}");
    }
}
