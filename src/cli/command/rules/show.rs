//! `keywright rules show`: everything of one rule.

use clap::{Args, ValueEnum};
use keywright::model::text::shown;
use keywright::rule::template::fill;

use super::known::{Choice, Known, Owner, known};
use super::words::Screen;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Show everything of one rule
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright rules show github-personal-token\n  keywright rules show jwt --format toml > mine.toml      a file to begin your own from\n  keywright rules show jwt --sample                       made-up keys that it finds"
)]
pub(crate) struct ShowArgs {
    /// The rule's id
    #[arg(value_name = "RULE")]
    rule: String,
    /// How to tell: human, or toml, a rule file
    #[arg(long, short, value_name = "FORMAT", default_value = "human", hide_possible_values = true)]
    format: Shape,
    /// Print what its templates come out as, instead: keys made up on the spot, which open nothing
    #[arg(long, conflicts_with = "format")]
    sample: bool,
    #[command(flatten)]
    choice: Choice,
}

/// How it is told.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Shape {
    /// For a person.
    Human,
    /// As a rule file.
    Toml,
}

/// Shows it.
pub(super) fn run(args: &ShowArgs, ui: &Ui) -> Result<Exit, CliError> {
    let all = known(&args.choice, ui)?;
    let Some(k) = all.iter().find(|k| k.rule.card.id == args.rule) else {
        let near = nearest(&args.rule, all.iter().map(|k| k.rule.card.id.as_str()));
        let fix = if near.is_empty() {
            "`keywright rules list` names all of them".into()
        } else {
            format!("perhaps: {}", near.join(", "))
        };
        return Err(CliError::usage(format!("there is no rule `{}`", args.rule), fix));
    };
    let text = match args.format {
        _ if args.sample => sample(k)?,
        Shape::Toml => k.sheet.toml(k.stated()),
        Shape::Human => human(k, Screen::of(ui)),
    };
    ui.print(|out| out.write_all(text.as_bytes())).map_err(|e| CliError::unprinted(&e))?;
    Ok(Exit::Clean)
}

fn human(k: &Known, screen: Screen) -> String {
    let (rule, card, stated) = (&k.rule, &k.rule.card, k.stated());
    let mut out =
        format!("{}  {}\n", screen.bold(&shown(card.id.as_bytes())), shown(card.description.as_bytes()));
    let mut field = |label: &str, text: &str| {
        if !text.is_empty() {
            out += &screen.field(label, text);
        }
    };
    let provider = card.provider.as_deref().unwrap_or_default();
    match k.sheet.provider("name") {
        Some(name) => field("provider", &format!("{name} ({provider})")),
        None => field("provider", provider),
    }
    field("severity", card.severity.word());
    field("confidence", &format!("{}, before its checks", rule.confidence.word()));
    field("tags", &card.tags.join(", "));
    field("regex", rule.regex.as_deref().unwrap_or_default());
    field("lane", stated.word("lane").unwrap_or_default());
    field("path", stated.word("path").unwrap_or_default());
    let literals = rule.anchors.iter().flat_map(|a| &a.literals).map(|l| format!("`{}`", shown(l)));
    field("literals", &literals.collect::<Vec<_>>().join(", "));
    field("keywords", &rule.keywords.join(", "));
    field("secret", &secret(k));
    field("not before", stated.word("not_before").unwrap_or_default());
    field("not after", stated.word("not_after").unwrap_or_default());
    for check in ["checksum", "structure"] {
        field(check, stated.word(check).unwrap_or_default());
    }
    field("entropy", &rule.entropy.map(|least| format!("{least} bits a byte or more")).unwrap_or_default());
    if rule.regex.is_some() {
        field("window", &format!("matches of up to {} bytes", rule.window));
    }
    if rule.generic {
        field("generic", "gives way where a specific rule matches too");
    }
    let required: Vec<&str> = rule.required.iter().map(|r| r.id.as_str()).collect();
    field("required", &required.join(", "));
    let lists = rule.allowlists.len();
    field("allowlists", &if lists == 0 { String::new() } else { lists.to_string() });
    for (label, templates) in [("finds", &rule.finds), ("passes", &rule.passes)] {
        for (at, template) in templates.iter().enumerate() {
            field(if at == 0 { label } else { "" }, &template.escape_debug().to_string());
        }
    }
    field("remedy", &card.remedy);
    field("docs", card.docs.as_deref().unwrap_or_default());
    let whose = match k.owner {
        Owner::BuiltIn => "built in",
        Owner::Operator => "your own",
        Owner::Repository => "this repository's",
    };
    field("stated in", &format!("{}, line {} ({whose})", k.sheet.name, stated.line));
    out
}

/// Which part of a match is the secret.
fn secret(k: &Known) -> String {
    match (&k.rule.regex, k.rule.secret_group) {
        (None, _) => String::new(),
        (Some(text), _) if text.contains("(?P<secret>") || text.contains("(?<secret>") => {
            "the group `secret`".into()
        }
        (Some(_), Some(group)) => format!("group {group}"),
        (Some(_), None) => "the first group that takes part, else all of the match".into(),
    }
}

/// What the templates come out as: the form of keys, and none.
fn sample(k: &Known) -> Result<String, CliError> {
    let mut out = String::from(
        "# made up by `keywright rules show --sample`: these have the form of keys and open nothing\n",
    );
    for template in &k.rule.finds {
        let text = fill(template, 1).map_err(|e| CliError {
            why: e.to_string(),
            ..CliError::usage(format!("couldn't fill `{template}`"), "docs/rules.md lists the words")
        })?;
        out += text.trim_end();
        out.push('\n');
    }
    Ok(out)
}

/// Returns up to three ids that someone who wrote `word` may have meant, the likeliest first.
fn nearest<'a>(word: &str, ids: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(usize, &str)> = ids
        .map(|id| {
            let part = word.len() >= 3 && (id.contains(word) || word.contains(id));
            (if part { 1 } else { distance(word.as_bytes(), id.as_bytes()) }, id)
        })
        .filter(|(far, id)| *far <= 2.max(id.len() / 3))
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, id)| id).collect()
}

/// How many letters must be put in, taken out or changed.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let a = &a[..a.len().min(100)];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = corner + usize::from(x != y);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_id_finds_its_neighbours() {
        let ids = || ["github-personal-token", "gitlab-personal-token", "jwt"].into_iter();
        assert_eq!(nearest("githib-personal-token", ids())[0], "github-personal-token");
        assert_eq!(nearest("personal", ids()).len(), 2);
        assert_eq!(nearest("zzzzzzzz", ids()), Vec::<&str>::new());
    }
}
