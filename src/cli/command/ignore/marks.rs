//! `keywright ignore marks`.

use clap::Args;
use keywright::detect::marks;
use serde::Serialize;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright ignore marks\n  keywright scan --marks keywright,gitleaks     heed no others\n  keywright scan --marks none                   heed none: what is hidden by marks?\n\nA repository takes marks away with [ignore] marks_off = [\"semgrep\"] in its keywright.toml."
)]
pub(super) struct MarksArgs {
    /// How to tell: human or json
    #[arg(long, short = 'f', value_name = "FORMAT", value_parser = ["human", "json"], default_value = "human", hide_possible_values = true)]
    format: String,
}

/// A mark as scripts read it.
#[derive(Serialize)]
struct Shape {
    tool: &'static str,
    mark: &'static str,
    counts: &'static str,
    docs: &'static str,
}

pub(super) fn run(args: &MarksArgs, ui: &Ui) -> Result<Exit, CliError> {
    let shape = |card: &keywright::detect::MarkCard| Shape {
        tool: card.tool,
        mark: card.spelling,
        counts: card.placement.words(),
        docs: card.docs,
    };
    let shapes: Vec<Shape> = marks().iter().map(shape).collect();
    if args.format == "json" {
        let text = serde_json::to_string_pretty(&shapes).expect("text can be written as JSON");
        ui.lines(&[text]);
        return Ok(Exit::Clean);
    }
    let width = |of: fn(&Shape) -> usize| shapes.iter().map(of).max().unwrap_or(0);
    let (tool, mark) = (width(|s| s.tool.len()), width(|s| s.mark.len()));
    let lines: Vec<String> =
        shapes.iter().map(|s| format!("{:tool$}  {:mark$}  {}", s.tool, s.mark, s.counts)).collect();
    ui.lines(&lines);
    Ok(Exit::Clean)
}
