//! One file as a commit holds it: settings of a repository that has no working tree.

use super::open::chain;
use super::{GitError, Id, Repository};

impl Repository {
    /// Returns the object that holds a file in a commit, named by its id in hex or by a revision; `None` if
    /// there is none.
    #[must_use]
    pub fn blob_at(&self, commit: &str, path: &str) -> Option<Id> {
        let repo = self.gix();
        let tree = repo.find_commit(self.commit(commit).ok()?).ok()?.tree().ok()?;
        let entry = tree.lookup_entry_by_path(path).ok()??;
        entry.mode().is_blob().then(|| entry.object_id())
    }

    /// Returns the bytes of a file as a commit holds it; `None` if it holds no such file, or a link or
    /// folder by that name.
    ///
    /// # Errors
    /// [`GitError::Object`]: something on the way cannot be read, or the file is larger than `largest` bytes.
    pub fn file_at(&self, commit: Id, path: &str, largest: u64) -> Result<Option<Vec<u8>>, GitError> {
        let fail = |why: String| GitError::Object { id: commit.to_string(), why };
        let repo = self.gix();
        let tree =
            repo.find_commit(commit).map_err(|e| fail(chain(&e)))?.tree().map_err(|e| fail(chain(&e)))?;
        let Some(entry) = tree.lookup_entry_by_path(path).map_err(|e| fail(chain(&e)))? else {
            return Ok(None);
        };
        if !entry.mode().is_blob() {
            return Ok(None);
        }
        let size = repo.find_header(entry.object_id()).map_err(|e| fail(chain(&e)))?.size();
        if size > largest {
            return Err(fail(format!("its {path} is larger than {largest} bytes")));
        }
        let object = repo.find_object(entry.object_id()).map_err(|e| fail(chain(&e)))?;
        Ok(Some(object.detach().data))
    }
}
