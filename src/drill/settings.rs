//! The operator's file of the drill: where the doubles are, and a policy. A policy of the operator's own
//! keeps its line numbers, so that what is told of it can be found in their file.

use std::fmt::Write as _;
use std::path::Path;

use crate::config::{PolicyLine, RespondSettings};

/// Where the doubles are.
pub(super) struct Places<'a> {
    pub(super) api: &'a str,
    pub(super) gateway: &'a str,
    pub(super) render: &'a str,
    pub(super) remote: &'a str,
    pub(super) repository: &'a Path,
}

/// What is in force without a policy of the operator's.
const POLICY: &str = r#"respond.policy = [
{ exposed = ["public"], liveness = ["alive"], ownership = ["ours"], environment = ["staging", "production"], then = "auto" },
]
respond.live = true
"#;

/// Writes the file.
pub(super) fn write(policy: Option<&RespondSettings>, at: &Places<'_>) -> String {
    let mut text = policy.map_or_else(|| POLICY.to_owned(), of);
    let Places { api, gateway, render, remote, .. } = at;
    let repository = quoted(&at.repository.display().to_string());
    let _ = write!(
        text,
        "respond.repositories = [{repository}]\n\n\
         [network]\nallow = [\"{api}\", \"{gateway}\", \"{render}\", \"{remote}\"]\n\n\
         [providers.atlasvpn]\napi = \"http://{api}\"\ngateway = \"{gateway}\"\n\n\
         [hosts.drill]\nkind = \"plain\"\nhost = \"{remote}\"\n\n\
         [destinations.render]\nurl = \"http://{render}\"\ntoken = \"env:DRILL_RENDER_TOKEN\"\n"
    );
    text
}

/// Writes a policy with each line where the operator has it. Who is told, who approves by signature, and
/// which repositories and hosts count are left out: those are not the drill's.
fn of(settings: &RespondSettings) -> String {
    let mut text = "respond.policy = [".to_owned();
    let mut at = 1;
    for line in &settings.policy {
        while at < line.line {
            text.push('\n');
            at += 1;
        }
        let _ = write!(text, "{{ {} }}, ", one(line));
    }
    let _ = write!(
        text,
        "]\nrespond.live = {}\nrespond.per_hour = {}\nrespond.per_provider = {}\nrespond.quorum = {}\nrespond.letter = \"{}\"\n",
        settings.live, settings.per_hour, settings.per_provider, settings.quorum, settings.letter
    );
    text
}

fn one(line: &PolicyLine) -> String {
    let mut parts = Vec::new();
    let mut list = |name: &str, words: Vec<String>| {
        if !words.is_empty() {
            let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
            parts.push(format!("{name} = [{}]", words.join(", ")));
        }
    };
    list("exposed", line.exposed.iter().map(ToString::to_string).collect());
    list("liveness", line.liveness.iter().map(ToString::to_string).collect());
    list("ownership", line.ownership.iter().map(ToString::to_string).collect());
    list("provider", line.provider.iter().cloned().collect());
    list("environment", line.environment.iter().cloned().collect());
    parts.extend(line.severity.map(|s| format!("severity = \"{}\"", s.word())));
    parts.extend(line.unused_days.map(|days| format!("unused_days = {days}")));
    parts.push(format!("then = \"{}\"", line.then));
    parts.join(", ")
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::rule::Trust;

    fn read(text: &str) -> RespondSettings {
        config::read("keywright.toml", text, Trust::Operator).unwrap().respond
    }

    fn written(policy: Option<&RespondSettings>) -> RespondSettings {
        let at = Places {
            api: "127.0.0.1:1",
            gateway: "127.0.0.1:2",
            render: "127.0.0.1:3",
            remote: "127.0.0.1:4",
            repository: Path::new("/tmp/a \"b\"/app"),
        };
        let text = write(policy, &at);
        let file = config::read("keywright.toml", &text, Trust::Operator).unwrap();
        assert_eq!(file.rekey.network.allow.len(), 4);
        assert_eq!(file.respond.repositories, ["/tmp/a \"b\"/app"]);
        assert_eq!(file.rekey.hosts["drill"]["host"].as_str(), Some("127.0.0.1:4"));
        file.respond
    }

    #[test]
    fn without_a_policy_it_answers_by_itself() {
        let respond = written(None);
        assert!(respond.live && respond.policy.len() == 1);
    }

    #[test]
    fn a_policy_of_the_operators_keeps_its_words_and_its_lines() {
        let own = read(concat!(
            "# mine\n[respond]\nper_hour = 2\nquorum = 2\nletter = \"send\"\nnotify = [\"ops\"]\n\n",
            "[[respond.policy]]\nprovider = [\"openai\"]\nseverity = \"high\"\nunused_days = 30\nthen = \"never\"\n\n",
            "[[respond.policy]]\nexposed = [\"public\", \"cannot tell\"]\nliveness = [\"alive\"]\n",
            "ownership = [\"ours\"]\nenvironment = [\"pro\\\"d\"]\nthen = \"ask\"\n",
        ));
        assert_eq!(own.policy.iter().map(|l| l.line).collect::<Vec<_>>(), [8, 14]);
        let ours = written(Some(&own));
        assert_eq!(ours.policy, own.policy);
        assert_eq!((ours.live, ours.per_hour, ours.quorum, ours.letter), (false, 2, 2, own.letter));
        assert!(ours.notify.is_empty());
    }

    #[test]
    fn a_policy_on_the_first_line_stays_there() {
        let own = read("[[respond.policy]]\nthen = \"ask\"\n");
        assert_eq!(written(Some(&own)).policy, own.policy);
        assert_eq!(
            written(Some(&RespondSettings::default())),
            RespondSettings { repositories: vec!["/tmp/a \"b\"/app".into()], ..RespondSettings::default() }
        );
    }
}
