//! All packs and loose objects of a repository and its alternates, and one object by id.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::ids::front;
use super::object::LARGEST_WHOLE;
use super::open::{Repository, chain};

use super::{Body, GitError, Id, Kind, loose, packed};

pub use super::pack::{Damage, Pack, See};
use crate::model::Kin;

/// Every stored object of a repository.
pub struct Store {
    packs: Vec<Pack>,
    loose: Vec<(PathBuf, Vec<Id>)>,
    /// Packs and folders that could not be opened, in words.
    pub unreadable: Vec<String>,
    null: Id,
}

impl Store {
    /// Opens every pack and lists every loose object.
    #[must_use]
    pub fn open(repo: &Repository) -> Self {
        let hash = repo.hash();
        let mut store =
            Self { packs: Vec::new(), loose: Vec::new(), unreadable: Vec::new(), null: Id::null(hash) };
        for dir in repo.object_dirs() {
            let indices = indices(&dir, &mut store.unreadable);
            for index in indices {
                match Pack::open(&index, hash) {
                    Ok(pack) => store.packs.push(pack),
                    Err(e) => store.unreadable.push(e.to_string()),
                }
            }
            let (mut ids, unreadable) = loose::list(&dir, hash);
            ids.sort_unstable();
            store.unreadable.extend(unreadable);
            store.loose.push((dir, ids));
        }
        store
    }

    /// Returns how many objects are stored; one that is stored twice counts twice.
    #[must_use]
    pub fn len(&self) -> u64 {
        let loose: usize = self.loose.iter().map(|(_, ids)| ids.len()).sum();
        self.packs.iter().map(Pack::len).sum::<u64>() + loose as u64
    }

    /// Tells whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Calls `see` for every object of a wanted kind and `damaged` for what cannot be read, from
    /// several threads; returns how many objects of other kinds were passed over.
    pub fn each(
        &self,
        wanted: &(dyn Fn(Kind) -> bool + Sync),
        see: &See<'_>,
        damaged: &(dyn Fn(Damage) + Sync),
    ) -> u64 {
        let packed: u64 = self.packs.iter().map(|pack| pack.each(wanted, &[], see, damaged)).sum();
        packed + self.each_loose(wanted, see, damaged)
    }

    /// Returns every pack.
    #[must_use]
    pub fn packs(&self) -> &[Pack] {
        &self.packs
    }

    /// The same as [`Self::each`] for one pack, of which `others` are seen whatever their kind.
    pub fn each_of(
        pack: &Pack,
        wanted: &(dyn Fn(Kind) -> bool + Sync),
        others: &[Id],
        see: &See<'_>,
        damaged: &(dyn Fn(Damage) + Sync),
    ) {
        pack.each(wanted, others, see, damaged);
    }

    /// Returns the id of every loose object.
    pub fn loose(&self) -> impl Iterator<Item = Id> {
        self.loose.iter().flat_map(|(_, ids)| ids.iter().copied())
    }

    /// The same as [`Self::each`] for loose objects.
    pub fn each_loose(
        &self,
        wanted: &(dyn Fn(Kind) -> bool + Sync),
        see: &See<'_>,
        damaged: &(dyn Fn(Damage) + Sync),
    ) -> u64 {
        self.loose
            .par_iter()
            .flat_map(|(dir, ids)| ids.par_iter().map(move |id| (dir, id)))
            .map(|(dir, id)| {
                match loose::read(&loose::path(dir, id), wanted, &mut |kind, body| {
                    see(kind, id, body, &Kin::default());
                }) {
                    Ok(seen) => u64::from(!seen),
                    Err(why) => {
                        damaged(Damage { id: *id, too_large: false, why });
                        0
                    }
                }
            })
            .sum()
    }

    /// Returns the front of every stored object's id.
    pub(super) fn fronts(&self) -> impl Iterator<Item = u64> {
        let loose = self.loose.iter().flat_map(|(_, ids)| ids);
        self.packs.iter().flat_map(Pack::fronts).chain(loose.map(|id| front(id.as_bytes())))
    }

    /// Tells whether an object is stored.
    #[must_use]
    pub fn has(&self, id: &Id) -> bool {
        self.packs.iter().any(|pack| pack.has(id))
            || self.loose.iter().any(|(_, ids)| ids.binary_search(id).is_ok())
    }

    /// Hands one object to `see`, as a stream if it is large and not a delta.
    ///
    /// # Errors
    /// [`GitError::Object`] if it is missing, damaged or too large to hold.
    pub fn one(repo: &Repository, id: &Id, see: &mut dyn FnMut(Kind, Body<'_>)) -> Result<(), GitError> {
        let fail = |why: String| GitError::Object { id: id.to_string(), why };
        let gix = repo.gix();
        let header = gix.try_find_header(*id).map_err(|e| fail(chain(&e)))?;
        let header = header.ok_or_else(|| fail("it is not in the object store".into()))?;
        if header.size() <= LARGEST_WHOLE {
            let object = gix.find_object(*id).map_err(|e| fail(chain(&e)))?;
            see(Kind::of(object.kind), Body::Whole(&object.data));
            return Ok(());
        }
        for dir in repo.object_dirs() {
            let loose = loose::path(&dir, id);
            if loose.is_file() {
                return loose::read(&loose, &|_| true, see).map(|_| ()).map_err(fail);
            }
            let indices = indices(&dir, &mut Vec::new());
            if indices.iter().any(|index| packed::stream(index, repo.hash(), id, see)) {
                return Ok(());
            }
        }
        let object = gix.find_object(*id).map_err(|e| fail(chain(&e)))?;
        see(Kind::of(object.kind), Body::Whole(&object.data));
        Ok(())
    }

    /// Returns the null id of this repository's hash.
    #[must_use]
    pub fn null(&self) -> Id {
        self.null
    }
}

/// Lists the indices of the packs of one object folder, in order; what has none is told.
fn indices(dir: &Path, unreadable: &mut Vec<String>) -> Vec<PathBuf> {
    let folder = dir.join("pack");
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        Err(e) => {
            unreadable.push(format!("{}: {e}", folder.display()));
            return Vec::new();
        }
    };
    let paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
    let mut indices = Vec::new();
    for pack in paths.iter().filter(|p| p.extension().is_some_and(|e| e == "pack")) {
        let index = pack.with_extension("idx");
        if paths.contains(&index) {
            indices.push(index);
        } else {
            unreadable.push(format!("{}: has no index; `git index-pack` makes one", pack.display()));
        }
    }
    indices.sort();
    indices
}
