//! A secret read again from where it was seen: the store holds none. What is read is detected anew and held
//! against the incident's name, so that nothing else can be taken for it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use crate::detect::Detector;
use crate::git::{Body, Id, Repository, store::Store};
use crate::model::credential::Credential;
use crate::model::incident::{Incident, Sighting};
use crate::model::{Extent, RuleCard};
use crate::seal::Sealer;
use crate::unpack::text::decoded;

/// The largest object or file that is read again, in bytes.
const LARGEST: u64 = 64 << 20;
/// How many places are tried.
const TRIES: usize = 50;

/// Reads a secret again.
///
/// # Errors
/// Why it is nowhere to be read, for people.
pub fn reread(
    detector: &Detector,
    sealer: &Sealer,
    incident: &Incident,
    sightings: &[Sighting],
) -> Result<(Credential, Arc<RuleCard>), String> {
    let mut why = "it was seen nowhere that can be read again".to_owned();
    for sighting in sightings.iter().take(TRIES) {
        let bytes = match bytes_of(sighting) {
            Ok(bytes) => bytes,
            Err(e) => {
                why = format!("{}: {e}", sighting.path);
                continue;
            }
        };
        let text = decoded(&bytes);
        for hit in detector.detect(&text, &Extent::whole(text.len())) {
            if hit.rule.id == incident.rule && sealer.identity(&hit.secret) == incident.identity {
                return Ok((Credential { key_id: hit.key_id.clone(), secret: hit.secret }, hit.rule));
            }
        }
        why = format!("{}: it does not stand there any more", sighting.path);
    }
    Err(why)
}

fn bytes_of(sighting: &Sighting) -> Result<Vec<u8>, String> {
    let root = Path::new(&sighting.repository);
    if sighting.object.is_empty() {
        return file(&if root.is_file() { root.to_owned() } else { root.join(&sighting.path) });
    }
    let id = Id::from_hex(sighting.object.as_bytes()).map_err(|_| "its object has no id".to_owned())?;
    let repository = Repository::open(root).map_err(|e| e.to_string())?;
    let mut bytes = Err("it is too large to be read again".to_owned());
    let mut see = |_, body: Body<'_>| {
        if let Body::Whole(whole) = body
            && whole.len() as u64 <= LARGEST
        {
            bytes = Ok(whole.to_vec());
        }
    };
    Store::one(&repository, &id, &mut see).map_err(|e| e.to_string())?;
    bytes
}

/// Reads a file, and nothing that only looks like one.
fn file(path: &Path) -> Result<Vec<u8>, String> {
    let meta = path.symlink_metadata().map_err(|e| e.to_string())?;
    if !meta.is_file() || meta.len() > LARGEST {
        return Err("it is no file, or too large to be read again".into());
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|e| e.to_string())
}
