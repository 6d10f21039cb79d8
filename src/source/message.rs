//! The message of a commit that is to be made.

use super::{See, Source, SourceError, Tell};
use crate::model::{Blob, Event, Origin};
use crate::unpack::text;

/// A message, as git would store it.
pub struct Message<'m> {
    /// Its bytes.
    pub text: &'m [u8],
}

impl Source for Message<'_> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        see(Blob::whole(Origin::CommitMessage(String::new()), &text::decoded(self.text)));
        tell(Event::Bytes(self.text.len() as u64));
        tell(Event::Commits(1));
        Ok(())
    }
}
