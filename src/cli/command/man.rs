//! `keywright man`: manual pages, made from the same words as `--help`.

use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Print a manual page, or write all of them into a folder
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright man | man -l -                            read it\n  keywright man rules explain | man -l -              read one command's\n  keywright man --dir ~/.local/share/man/man1         put all of them where `man keywright` looks"
)]
pub(crate) struct ManArgs {
    /// The command whose page it is, word by word [default: the program]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    command: Vec<String>,
    /// A folder to write every page into, made if it is not there
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints one page or writes all of them.
pub(crate) fn run(args: &ManArgs, program: Command, ui: &Ui) -> Result<Exit, CliError> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    if let Some(dir) = &args.dir {
        return write_all(&program, dir, ui);
    }
    let mut command = &program;
    for word in &args.command {
        command = command.find_subcommand(word).filter(|c| !c.is_hide_set()).ok_or_else(|| {
            let known = command.get_subcommands().map(Command::get_name).collect::<Vec<_>>().join(", ");
            let fix = if known.is_empty() {
                "it has no commands of its own".into()
            } else {
                format!("it has: {known}")
            };
            CliError::usage(format!("{} has no command `{word}`", bin_name(command)), fix)
        })?;
    }
    let page = page(command);
    ui.print(|out| out.write_all(&page)).map_err(|e| CliError::unprinted(&e))?;
    Ok(Exit::Clean)
}

fn write_all(program: &Command, dir: &Path, ui: &Ui) -> Result<Exit, CliError> {
    let failed = |path: &Path, e: &std::io::Error| CliError {
        what: format!("couldn't write {}", path.display()),
        why: e.to_string(),
        fix: "name a folder that can be written: --dir DIR".into(),
        exit: Exit::Incomplete,
    };
    std::fs::create_dir_all(dir).map_err(|e| failed(dir, &e))?;
    let mut waiting = vec![program];
    let mut written = 0;
    while let Some(command) = waiting.pop() {
        let path = dir.join(format!("{}.1", bin_name(command).replace(' ', "-")));
        std::fs::write(&path, page(command)).map_err(|e| failed(&path, &e))?;
        written += 1;
        waiting.extend(command.get_subcommands().filter(|c| !c.is_hide_set()));
    }
    ui.note(&format!("{written} pages written to {}", dir.display()));
    Ok(Exit::Clean)
}

fn bin_name(command: &Command) -> &str {
    command.get_bin_name().unwrap_or(command.get_name())
}

/// One page. What stands below a command's flags in `--help` becomes sections of its own.
fn page(command: &Command) -> Vec<u8> {
    let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let source = concat!("keywright ", env!("CARGO_PKG_VERSION"));
    let man =
        Man::new(command.clone().after_help(None::<&str>)).manual("Keywright").source(source).date(day());
    let mut page = Vec::new();
    man.render(&mut page).expect("memory can be written");
    for part in below.split("\n\n").filter(|part| !part.is_empty()) {
        let (title, text) = part.split_once(':').unwrap_or(("Notes", part));
        let text = text.strip_prefix('\n').unwrap_or_else(|| text.trim_start());
        page.extend(section(title, text).into_bytes());
    }
    page
}

/// The day a page is made on; who builds packages says it once for all (`SOURCE_DATE_EPOCH`).
fn day() -> String {
    let told = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    let told = told.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    told.unwrap_or_else(jiff::Timestamp::now).strftime("%Y-%m-%d").to_string()
}

/// A section whose lines stay as they are.
fn section(title: &str, text: &str) -> String {
    let mut out = format!(".SH {}\n.nf\n", title.to_uppercase());
    for line in text.lines() {
        out.push_str(&escaped(line.trim_end()));
        out.push('\n');
    }
    out + ".fi\n"
}

/// A line of roff that means itself.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga");
    if line.starts_with('.') { format!("\\&{line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_means_itself() {
        assert_eq!(escaped(r".a-b \ 'c'"), r"\&.a\-b \e \(aqc\(aq");
    }

    #[test]
    fn what_stands_below_the_flags_becomes_sections() {
        let command = Command::new("x").after_help("Examples:\n  x y\n\nExit codes: 0 clean");
        let page = String::from_utf8(page(&command)).unwrap();
        assert!(
            page.ends_with(".SH EXAMPLES\n.nf\n  x y\n.fi\n.SH EXIT CODES\n.nf\n0 clean\n.fi\n"),
            "{page}"
        );
    }
}
