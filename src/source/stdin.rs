//! A stream, under the name the caller gives it.

use std::io::Read;
use std::sync::Mutex;

use super::{See, Source, SourceError, Tell};
use crate::model::{Blob, Event, Origin, Path};
use crate::unpack::pieces;

/// Standard input, or any other stream; it can be read once.
pub struct Stdin<R> {
    stream: Mutex<R>,
    name: Path,
}

impl<R: Read + Send> Stdin<R> {
    /// Takes a stream; `name` stands for it in findings and decides which rules look at it.
    #[must_use]
    pub fn new(stream: R, name: Path) -> Self {
        Self { stream: Mutex::new(stream), name }
    }
}

impl<R: Read + Send> Source for Stdin<R> {
    fn read(&self, see: &See<'_>, tell: &Tell<'_>) -> Result<(), SourceError> {
        let mut stream = self.stream.lock().expect("no thread panics while it holds this");
        let read = pieces::each(&mut *stream, &mut |bytes, extent| {
            see(Blob {
                origin: Origin::Stdin(self.name.clone()),
                bytes,
                extent: extent.clone(),
                earlier: None,
                kin: None,
            });
        });
        let bytes = read.map_err(SourceError::Stdin)?;
        tell(Event::Bytes(bytes));
        tell(Event::Files(1));
        Ok(())
    }
}
