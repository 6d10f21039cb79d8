//! What a blob has from the one it was made from: most of it, most often.

use std::any::Any;
use std::cell::RefCell;

/// What was learnt from a blob's bytes; only who learnt it knows what it is.
pub type Learnt = Box<dyn Any + Send + Sync>;

/// A run of bytes that stands in a blob as it stood in its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where it begins in the base.
    pub from: usize,
    /// Where it begins in the blob.
    pub to: usize,
    /// Its bytes.
    pub length: usize,
}

/// A blob's place in a family: what it was made from, and whether others are made from it.
#[derive(Default)]
pub struct Kin<'a> {
    base: Option<(&'a Learnt, &'a [Copied])>,
    has_children: bool,
    learnt: RefCell<Option<Learnt>>,
}

impl<'a> Kin<'a> {
    /// Takes what was learnt from the base, if anything was, the runs that were copied from it, in
    /// the order of the blob and apart, and whether anything is made from this one.
    #[must_use]
    pub fn new(base: Option<&'a Learnt>, copies: &'a [Copied], has_children: bool) -> Self {
        Self { base: base.map(|learnt| (learnt, copies)), has_children, learnt: RefCell::default() }
    }

    /// Returns what was learnt from the base, and what was copied from it.
    #[must_use]
    pub fn base<T: 'static>(&self) -> Option<(&'a T, &'a [Copied])> {
        let (learnt, copies) = self.base?;
        Some((learnt.downcast_ref()?, copies))
    }

    /// Tells whether other blobs are made from this one, so that learning pays.
    #[must_use]
    pub fn has_children(&self) -> bool {
        self.has_children
    }

    /// Keeps what was learnt from the blob for those made from it.
    pub fn learn(&self, learnt: Learnt) {
        *self.learnt.borrow_mut() = Some(learnt);
    }

    /// Returns what was learnt.
    #[must_use]
    pub fn into_learnt(self) -> Option<Learnt> {
        self.learnt.into_inner()
    }
}
