//! Where a repository says it comes from and goes to, and whether one commit leads to another.

use super::{Id, Repository};

/// How many remotes are listed.
const MOST: usize = 100;
/// How many commits are walked to find one.
const WALK: usize = 2_000_000;

impl Repository {
    /// Lists the addresses of its remotes as its configuration writes them: anybody may have written that.
    #[must_use]
    pub fn remotes(&self) -> Vec<Vec<u8>> {
        let repo = self.gix();
        let config = repo.config_snapshot();
        let sections = config.plumbing().sections_by_name("remote").into_iter().flatten();
        let mut found: Vec<Vec<u8>> = Vec::new();
        for section in sections {
            for url in section.values("url") {
                let url = url.to_vec();
                if !found.contains(&url) && found.len() < MOST {
                    found.push(url);
                }
            }
        }
        found
    }

    /// Tells whether a commit is `tip` or one of its ancestors; `None`: the tip, or part of its history, is
    /// not here.
    #[must_use]
    pub fn leads_to(&self, tip: &str, commit: &str) -> Option<bool> {
        let (tip, wanted) = (Id::from_hex(tip.as_bytes()).ok()?, Id::from_hex(commit.as_bytes()).ok()?);
        let repo = self.gix();
        if repo.find_header(tip).ok()?.kind() != gix::object::Kind::Commit {
            return Some(false);
        }
        let walk = repo.rev_walk([tip]).all().ok()?;
        for commit in walk.take(WALK) {
            if commit.ok()?.id == wanted {
                return Some(true);
            }
        }
        Some(false)
    }
}
