//! What a scan read, and what it could not.

/// Why something was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// The file could not be opened or read.
    Unreadable,
    /// The stored object is damaged.
    Corrupt,
    /// The object is named but not there.
    Missing,
    /// The history is cut off (a shallow clone).
    Shallow,
    /// Larger than the cap for its kind.
    TooLarge,
    /// A pipe, socket or device.
    Special,
    /// A symbolic link, which is never followed.
    Symlink,
    /// A submodule: a repository of its own.
    Submodule,
    /// Read, and found under more paths than are listed.
    Unlisted,
    /// Named by somebody, and not brought in by the commits that were looked at.
    NotBrought,
}

impl SkipReason {
    /// Returns the words used in reports.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Corrupt => "corrupt",
            Self::Missing => "missing",
            Self::Shallow => "beyond a shallow clone's edge",
            Self::TooLarge => "too large",
            Self::Special => "pipe, socket or device",
            Self::Symlink => "symbolic link",
            Self::Submodule => "submodule",
            Self::Unlisted => "under more paths than are listed",
            Self::NotBrought => "not brought in by the commits looked at",
        }
    }

    /// Tells whether such a skip leaves the scan incomplete (exit code 3).
    #[must_use]
    pub fn is_gap(self) -> bool {
        !matches!(self, Self::Special | Self::Symlink | Self::Submodule | Self::Unlisted | Self::NotBrought)
    }
}

/// One thing that was not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Skip {
    /// Why.
    pub reason: SkipReason,
    /// Which thing, in words ready to show.
    pub what: String,
    /// What to do about it, if anything; empty otherwise.
    pub mend: String,
}

/// What a scan covered.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Files of the working tree that were read.
    pub files: u64,
    /// Index entries that were read.
    pub index_entries: u64,
    /// Stored objects there are to read: blobs, commits and tags.
    pub objects_expected: u64,
    /// Stored objects that were read.
    pub objects_read: u64,
    /// Commits whose messages were read.
    pub commits: u64,
    /// Bytes that were looked at.
    pub bytes: u64,
    /// What was not read; at most [`Coverage::LONGEST_LIST`] of each reason are listed.
    pub skipped: Vec<Skip>,
    /// How many were not read, by reason; complete.
    pub skipped_count: std::collections::BTreeMap<SkipReason, u64>,
    /// When the history was read, if that was not now and nothing has changed in it since: UTC.
    pub known_since: Option<String>,
}

impl Coverage {
    /// How many skips of one reason are listed one by one; the rest are only counted.
    pub const LONGEST_LIST: u64 = 100;

    /// Counts a skip, and lists it while the list is short.
    pub fn skip(&mut self, skip: Skip) {
        let count = self.skipped_count.entry(skip.reason).or_default();
        *count += 1;
        if *count <= Self::LONGEST_LIST {
            self.skipped.push(skip);
        }
    }

    /// Tells whether everything asked for was read.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.skipped_count.keys().all(|reason| !reason.is_gap())
    }

    /// Adds what another source covered.
    pub fn add(&mut self, other: Coverage) {
        self.files += other.files;
        self.index_entries += other.index_entries;
        self.objects_expected += other.objects_expected;
        self.objects_read += other.objects_read;
        self.commits += other.commits;
        self.bytes += other.bytes;
        self.skipped.extend(other.skipped);
        for (reason, count) in other.skipped_count {
            *self.skipped_count.entry(reason).or_default() += count;
        }
        self.known_since = self.known_since.take().or(other.known_since);
    }
}
