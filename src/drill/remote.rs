//! A host that shows a repository to anybody, over http: what it says is said by `git upload-pack`.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::run::Runner;
use super::server::{Asked, Server, Told};

/// The repository's name there.
pub(super) const NAME: &str = "app.git";
const REFS: &str = "application/x-git-upload-pack-advertisement";
const PACK: &str = "application/x-git-upload-pack-result";

/// The running host.
pub(super) struct Remote(Server);

impl Remote {
    /// Serves a bare repository. Nobody can push to it this way.
    ///
    /// # Errors
    /// The system lends no port.
    pub(super) fn start(runner: Arc<Runner>, bare: PathBuf) -> io::Result<Self> {
        Ok(Self(Server::start(move |asked| {
            answer(&runner, &bare, asked).unwrap_or_else(|| Told::Answer(404, "text/plain", Vec::new()))
        })?))
    }

    /// Returns where it is.
    pub(super) fn place(&self) -> String {
        self.0.place()
    }

    /// Returns the repository's address.
    pub(super) fn address(&self) -> String {
        format!("http://{}/{NAME}", self.place())
    }
}

fn answer(runner: &Runner, bare: &Path, asked: &Asked) -> Option<Told> {
    let what = asked.path.strip_prefix('/')?.strip_prefix(NAME)?;
    let folder = bare.to_str()?;
    match (asked.method.as_str(), what, asked.query.as_str()) {
        ("GET", "/info/refs", "service=git-upload-pack") => {
            let words = ["upload-pack", "--stateless-rpc", "--advertise-refs", folder];
            let refs = runner.answer(&words, &[])?;
            let body = [&b"001e# service=git-upload-pack\n0000"[..], &refs].concat();
            Some(Told::Answer(200, REFS, body))
        }
        ("POST", "/git-upload-pack", _) => {
            let pack = runner.answer(&["upload-pack", "--stateless-rpc", folder], &asked.body)?;
            Some(Told::Answer(200, PACK, pack))
        }
        _ => None,
    }
}
