//! `keywright completions`: scripts that complete commands and flags in a shell.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;

/// Print a script that completes commands and flags in a shell
#[derive(Args)]
#[command(
    after_help = "Examples:\n  keywright completions bash > ~/.local/share/bash-completion/completions/keywright\n  keywright completions zsh > ~/.zfunc/_keywright      with fpath+=~/.zfunc before compinit in ~/.zshrc\n  keywright completions fish > ~/.config/fish/completions/keywright.fish\n  keywright completions powershell >> $PROFILE\n  eval \"$(keywright completions bash)\"                 for this shell only"
)]
pub(crate) struct CompletionsArgs {
    /// The shell: bash, zsh, fish, elvish or powershell
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &CompletionsArgs, mut program: Command, ui: &Ui) -> Result<Exit, CliError> {
    let name = program.get_name().to_owned();
    // Written to memory first: the generator takes a closed pipe for a bug.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    ui.print(|out| out.write_all(&script)).map_err(|e| CliError::unprinted(&e))?;
    Ok(Exit::Clean)
}
