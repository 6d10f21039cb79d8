//! The settings in force, as a file that an operator can keep.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use keywright::detect::Marks;
use keywright::model::text::shown;
use keywright::rule::{Trust, sheet::Sheet};

use super::settings::{Set, Settings, Source};

/// Returns the settings as TOML, each with a comment that says where it comes from.
///
/// Given back by `--config`, it means the same. What the scanned repository adds is only told: its own
/// file brings it along again, and must not become the operator's word.
pub(crate) fn toml(settings: &Settings) -> String {
    let mut out = String::from(
        "# The settings in force, each with what set it. Kept as a file, `--config FILE` takes them as they are.\n\n[scan]\n",
    );
    let mut line = |name: &str, value: String, by: &str| {
        let _ = writeln!(out, "{:<36}# {}", format!("{name} = {value}"), shown(by.as_bytes()));
    };
    let quoted = |word: &str| toml::Value::from(word).to_string();
    line("min_confidence", quoted(settings.min_confidence.value.word()), &settings.min_confidence.by);
    line("fail_on", quoted(settings.fail_on.value.word()), &settings.fail_on.by);
    if let Set { value: formats, by } = &settings.formats
        && let Some((first, rest)) = formats.split_first()
    {
        let more: String =
            rest.iter().map(|f| format!(", and {}, with its own --output", f.word())).collect();
        line("format", quoted(first.word()), &format!("{by}{more}"));
    }
    let mut heeded: Vec<&str> = Marks::words().filter(|tool| settings.marks.value.heeds(tool)).collect();
    if settings.marks.value == Marks::ALL {
        heeded = vec!["all"];
    }
    let heeded: Vec<toml::Value> = heeded.into_iter().map(toml::Value::from).collect();
    line("marks", toml::Value::from(heeded).to_string(), &settings.marks.by);
    line("allow_incomplete", settings.allow_incomplete.value.to_string(), &settings.allow_incomplete.by);
    line("all_objects", settings.all_objects.value.to_string(), &settings.all_objects.by);
    line("cache", settings.cache.value.to_string(), &settings.cache.by);
    let (ours, theirs): (Vec<&Source>, Vec<&Source>) =
        settings.files.iter().partition(|f| f.trust == Trust::Operator);
    list(&mut out, "rules", ours.iter().filter(|f| f.has_rules).map(|f| (place(f), f.name.clone())));
    out.push_str("\n[ignore]\n");
    list(
        &mut out,
        "paths",
        ours.iter().flat_map(|f| f.ignored_paths.iter().map(|p| (p.clone(), f.name.clone()))),
    );
    for file in theirs {
        let _ = writeln!(out, "\n# {}, from the repository itself, adds:", shown(file.name.as_bytes()));
        let rules = Sheet::read(&file.name, &file.text).map(|sheet| sheet.rules).unwrap_or_default();
        for rule in rules {
            let _ = writeln!(out, "#   line {}: rule {}", rule.line, shown(rule.id.as_bytes()));
        }
        for path in &file.ignored_paths {
            let _ = writeln!(out, "#   path to let be: {}", shown(path.as_bytes()));
        }
    }
    out
}

/// A file's full path: settings may be kept anywhere.
fn place(file: &Source) -> String {
    let full = file.path.as_ref().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
    full.map(|path| path.display().to_string()).unwrap_or_default()
}

/// A list with a line for each value and what set it.
fn list(out: &mut String, name: &str, values: impl Iterator<Item = (String, String)>) {
    let mut seen = BTreeSet::new();
    let lines: Vec<String> = values
        .filter(|(value, _)| seen.insert(value.clone()))
        .map(|(value, by)| format!("    {},  # {}\n", toml::Value::from(value), shown(by.as_bytes())))
        .collect();
    if lines.is_empty() {
        let _ = writeln!(out, "{:<36}# default", format!("{name} = []"));
    } else {
        let _ = write!(out, "{name} = [\n{}]\n", lines.concat());
    }
}
