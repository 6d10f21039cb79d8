//! `pre-receive`: what a server lets in. It looks only at what the push brings, ends in time, and fails
//! closed.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use keywright::git::Repository;
use keywright::git::push::{Push, Update};

use super::run::{Run, here, tell, updates};
use crate::cli::blocked::Act;
use crate::cli::bypass;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::look::see;
use crate::cli::settings;
use crate::cli::target::Narrow;
use crate::cli::ui::Ui;

/// Looks at what the push brings to this repository.
pub(super) fn pre_receive(run: &Run, ui: &Ui) -> Result<Exit, CliError> {
    let settings = settings::hook(run.config.as_deref())?;
    let _watch = watch(settings.time_limit, ui)?;
    let updates = updates(run.kind, Update::incoming)?;
    let repo = here(Repository::receiving()?)?;
    let push = Push::incoming(&repo, &updates)?;
    let request = run.request(Narrow::Received(push));
    let mut seen = see(&request, ui)?;
    let act = Act::Receive(updates);
    if seen.exit == Exit::Leaks
        && let Some(asked) = bypass::asked(&settings)
    {
        let Act::Receive(updates) = &act else { return Ok(seen.exit) };
        seen.exit = bypass::decide(&asked?, &mut seen, updates, &repo, run.config.as_deref(), ui)?;
    }
    Ok(tell(&seen, &request, &act, Some(&repo), ui))
}

/// Ends the program when the time is over, unless it is dropped before. A push that was not looked at to the
/// end is refused, and what a dying program holds goes with it.
fn watch(limit: Duration, ui: &Ui) -> Result<Sender<()>, CliError> {
    let (done, waiting) = channel();
    let ui = ui.again();
    let late = move || {
        if waiting.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            ui.error(&CliError {
                what: "the push was refused: looking at it took too long".into(),
                why: format!("the limit is {} s, and nothing goes in unseen", limit.as_secs()),
                fix: "push it in parts, older commits first (git push REMOTE COMMIT:refs/heads/BRANCH); the operator can raise [hook] time_limit".into(),
                exit: Exit::Incomplete,
            });
            keywright::git::sweep();
            ui.leave(Exit::Incomplete);
        }
    };
    let started = std::thread::Builder::new().name("time limit".into()).spawn(late);
    started.map_err(|e| CliError::usage(format!("the system gives no thread: {e}"), "look at its limits"))?;
    Ok(done)
}
