//! The plan, done: `.keywrightignore` and `keywright.toml`.

use keywright::config;
use keywright::rule::Trust;
use keywright::scan::Ignored;
use keywright::suppress;
use toml_edit::{Array, DocumentMut, Item, Table, value};

use super::known::Known;
use super::plan::Plan;
use crate::cli::error::CliError;
use crate::cli::suppressions::refuse_secrets;
use crate::cli::write::replace;

/// Writes what is new. Both texts are checked before either file is touched.
pub(super) fn write(known: &Known, plan: &Plan<'_>) -> Result<(), CliError> {
    let mut ignore = known.ignore.clone();
    for entry in &plan.entries {
        ignore.add_new(entry.clone());
    }
    let ignore = ignore.render();
    let settings = settings_with(known, plan)?;
    refuse_secrets("what would be written to .keywrightignore", &ignore)?;
    refuse_secrets("what would be written to keywright.toml", &settings)?;
    if settings != known.settings {
        replace(&known.root.join(config::FILE_NAME), &settings)?;
    }
    if !plan.entries.is_empty() {
        replace(&known.root.join(suppress::FILE_NAME), &ignore)?;
    }
    Ok(())
}

/// Adds to the settings what is new, and leaves the rest as it stands, comments included.
fn settings_with(known: &Known, plan: &Plan<'_>) -> Result<String, CliError> {
    let broken = |why: String| CliError {
        why,
        ..CliError::usage("couldn't add to keywright.toml", "nothing was written; add it by hand")
    };
    let mut text = known.settings.clone();
    if !plan.globs.is_empty() {
        let mut document: DocumentMut = text.parse().map_err(|_| broken("it is no TOML".into()))?;
        let ignore = document.entry("ignore").or_insert(Item::Table(Table::new()));
        let ignore = ignore.as_table_like_mut().ok_or_else(|| broken("`ignore` is no table".into()))?;
        let paths = ignore.entry("paths").or_insert(value(Array::new()));
        let paths = paths.as_array_mut().ok_or_else(|| broken("`paths` is no list".into()))?;
        for (glob, _) in &plan.globs {
            paths.push(glob.as_str());
            if let Some(last) = paths.iter_mut().last() {
                last.decor_mut().set_prefix("\n    ");
            }
        }
        paths.set_trailing("\n");
        paths.set_trailing_comma(true);
        text = document.to_string();
    }
    for rule in &plan.rules {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        let gap = if text.is_empty() { "" } else { "\n" };
        text += &format!("{gap}# migrated from {}\n{}", rule.file.replace(char::is_control, "?"), rule.toml);
    }
    let read = config::read(config::FILE_NAME, &text, Trust::Repository)?;
    let stated = read.ignored_paths.into_iter().map(|path| (path, String::new())).collect();
    Ignored::new(stated).map_err(|_| broken("a path pattern can't be used".into()))?;
    Ok(text)
}
