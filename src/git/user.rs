//! Who works here: from the user's own settings of git, never from a repository's.

use std::path::Path;

/// Tells whether a file or folder belongs to whoever runs this program; of a link, what it leads to.
#[must_use]
pub fn is_own(path: &Path) -> bool {
    gix::sec::identity::is_path_owned_by_current_user(path).unwrap_or(false)
}

/// Returns the user's e-mail address as git would write it into a commit, if it is set.
#[must_use]
pub fn user_email() -> Option<String> {
    let set = |name: &str| std::env::var(name).ok().filter(|v| !v.trim().is_empty());
    set("GIT_AUTHOR_EMAIL").or_else(from_files).or_else(|| set("EMAIL"))
}

fn from_files() -> Option<String> {
    let config = gix::config::File::from_globals().ok()?;
    let email = config.string("user.email")?.to_string();
    Some(email).filter(|e| !e.trim().is_empty())
}
