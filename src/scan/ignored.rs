//! Paths that settings let be.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::model::{Path, Suppression};

/// Path patterns, each with the file that states it.
#[derive(Default)]
pub struct Ignored {
    patterns: Vec<(String, String)>,
    set: GlobSet,
}

impl Ignored {
    /// Builds the patterns: `(pattern, where it is stated)`. `**` crosses folders, `*` does not.
    ///
    /// # Errors
    /// The pattern that is none, and why.
    pub fn new(patterns: Vec<(String, String)>) -> Result<Self, (String, String)> {
        let mut builder = GlobSetBuilder::new();
        for (pattern, _) in &patterns {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            builder.add(glob.map_err(|e| (pattern.clone(), e.kind().to_string()))?);
        }
        let set = builder.build().map_err(|e| (String::new(), e.to_string()))?;
        Ok(Self { patterns, set })
    }

    /// Returns the suppression that a pattern states for this path.
    #[must_use]
    pub fn suppression(&self, path: &Path) -> Option<Suppression> {
        let text = String::from_utf8_lossy(path.bytes());
        let (pattern, stated_in) = self.set.matches(&*text).first().map(|i| &self.patterns[*i])?;
        Some(Suppression {
            kind: "path",
            owner: None,
            by: pattern.clone(),
            reason: Some(format!("stated in {stated_in}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_in_its_folder() {
        let ignored = Ignored::new(vec![("docs/*.md".into(), "keywright.toml".into())]).unwrap();
        assert!(ignored.suppression(&Path::new("docs/a.md")).is_some());
        assert!(ignored.suppression(&Path::new("docs/b/a.md")).is_none());
    }
}
