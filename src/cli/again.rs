//! What earlier scans know: where that is kept for this user, and under which rules it was found.

use std::path::PathBuf;

use jiff::Timestamp;
use keywright::detect::Marks;
use keywright::git::Repository;
use keywright::rule::Trust;
use keywright::scan::seen::{Folder, Seen, basis};

use super::settings::Settings;
use super::ui::Ui;

/// What earlier scans know.
pub(crate) struct Known {
    folder: Folder,
    basis: [u8; 32],
}

impl Known {
    /// Returns it as a scan that begins now wants it.
    pub(crate) fn seen(&self, now: Timestamp) -> Seen<'_> {
        Seen { folder: &self.folder, basis: self.basis, now: now.strftime("%Y-%m-%d %H:%M UTC").to_string() }
    }
}

/// Opens what is kept, if a history is to be read and settings allow it; what cannot be trusted is told.
pub(crate) fn open(
    settings: &Settings,
    own_rules_only: bool,
    read: &[&Repository],
    ui: &Ui,
) -> Option<Known> {
    if !settings.cache.value || read.is_empty() {
        return None;
    }
    let places = |repo: &&Repository| repo.work_dir().into_iter().chain([repo.git_dir(), repo.common_dir()]);
    let scanned: Vec<PathBuf> = read.iter().flat_map(places).collect();
    let cache = user_folder("XDG_CACHE_HOME", ".cache")?;
    let state = user_folder("XDG_STATE_HOME", ".local/state")?;
    match Folder::open(&cache, &state, &scanned) {
        Ok(folder) => Some(Known { folder: folder?, basis: basis_of(settings, own_rules_only) }),
        Err(why) => {
            ui.note(&format!("nothing is known from earlier scans: {why}"));
            None
        }
    }
}

/// A folder of the user's; a relative one would lie wherever one stands, in the scanned repository even.
pub(super) fn user_folder(variable: &str, below_home: &str) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    set(variable).or_else(|| set("HOME").map(|home| home.join(below_home)))
}

/// Names everything that decides what is found in given bytes. The program is named by its file too:
/// one that was built anew may find more under the same version.
fn basis_of(settings: &Settings, own_rules_only: bool) -> [u8; 32] {
    let program = std::env::current_exe().ok();
    let meta = program.as_ref().and_then(|path| path.metadata().ok());
    let built = meta.as_ref().and_then(|meta| meta.modified().ok());
    let heeded: Vec<&str> = Marks::words().filter(|tool| settings.marks.value.heeds(tool)).collect();
    let own = [
        env!("CARGO_PKG_VERSION").to_owned(),
        format!("{program:?} {:?} {built:?}", meta.map(|meta| meta.len())),
        format!("only own rules: {}", own_rules_only),
        heeded.join(","),
    ];
    let files = settings.files.iter().filter(|file| file.has_rules);
    let files = files.flat_map(|file| {
        let whose: &[u8] = if file.trust == Trust::Operator { b"operator" } else { b"repository" };
        [whose, file.text.as_bytes()]
    });
    basis(own.iter().map(String::as_bytes).chain(files))
}
