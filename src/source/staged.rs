//! What the next commit would bring in: the index against `HEAD`, whatever the working tree holds.

use rayon::prelude::*;

use super::change::read_change;
use super::{See, Source, SourceError, Tell};
use crate::git::change::Change;
use crate::git::{Repository, staged::staged};
use crate::model::{Event, Origin, Path};

/// Up to here changes are read one after another.
const FEW: usize = 4;

/// The staged changes of a repository.
pub struct Staged<'r> {
    /// The repository.
    pub repo: &'r Repository,
}

impl Source for Staged<'_> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        let changes = staged(self.repo)?;
        tell(Event::Stage("staged changes", changes.len() as u64));
        let read = |change: &Change| {
            let origin = Origin::Index(Path::new(change.path.as_slice()), change.id.to_string());
            read_change(self.repo, &change.id, &change.earlier, &origin, see, tell);
            tell(Event::IndexEntries(1));
            tell(Event::Step(1));
        };
        // A pool of threads takes longer to start than a small commit to read.
        match changes.as_slice() {
            few if few.len() < FEW => few.iter().for_each(read),
            many => many.par_iter().for_each(read),
        }
        Ok(())
    }
}
