//! Keywright's command line: parse, run, tell, exit.

mod cli;

fn main() -> std::process::ExitCode {
    cli::guarded(cli::run).into()
}
