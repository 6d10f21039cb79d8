//! The part of each tool's format that is read, under the tools' own names. Everything else is passed
//! over while it is parsed, so that no secret of a report is ever held.
//!
//! A value of another kind than expected counts as absent. A list keeps only entries that say where
//! something is, and no more than a report may have hints, so that a small file becomes no large list.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::MOST;

/// A place as a report tells it, before it is checked.
#[derive(Default)]
pub(super) struct Place {
    pub(super) repository: Option<String>,
    pub(super) commit: Option<String>,
    pub(super) object: Option<String>,
    pub(super) path: Text,
    pub(super) line: Number,
    pub(super) end: Number,
}

impl Place {
    pub(super) fn at(path: Text, line: Number, end: Number) -> Self {
        Self { path, line, end, ..Self::default() }
    }
}

/// An object, or a line, of any of the tools.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Document {
    pub(super) version: Text,
    /// SARIF.
    pub(super) runs: Option<Many<Run>>,
    /// detect-secrets.
    #[serde(rename = "plugins_used")]
    pub(super) plugins: Option<IgnoredAny>,
    pub(super) results: ByPath,
    /// GitLab.
    pub(super) vulnerabilities: Option<Many<Vulnerability>>,
    /// Kingfisher, and betterleaks of version 2.
    pub(super) findings: Option<Many<Item>>,
    /// TruffleHog.
    #[serde(rename = "SourceMetadata")]
    pub(super) source: Entry<Source>,
    /// A line of Kingfisher or betterleaks.
    pub(super) finding: Entry<Finding>,
    #[serde(deserialize_with = "there")]
    pub(super) scan: bool,
}

/// An entry of a list.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item {
    /// gitleaks, and betterleaks of version 1.
    #[serde(rename = "File")]
    pub(super) file: Text,
    #[serde(rename = "StartLine")]
    pub(super) start: Number,
    #[serde(rename = "EndLine")]
    pub(super) end: Number,
    #[serde(rename = "Commit")]
    pub(super) commit: Text,
    #[serde(rename = "RuleID")]
    pub(super) rule: Text,
    #[serde(rename = "ValidationStatus")]
    pub(super) validation: Text,
    #[serde(rename = "SourceMetadata")]
    pub(super) source: Entry<Source>,
    pub(super) finding: Entry<Finding>,
    /// betterleaks of version 2.
    pub(super) location: Entry<Location>,
    pub(super) attributes: Entry<Attributes>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Location {
    pub(super) path: Text,
    #[serde(rename = "start_line")]
    pub(super) start: Number,
    #[serde(rename = "end_line")]
    pub(super) end: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Attributes {
    #[serde(rename = "git.sha")]
    pub(super) sha: Text,
}

/// What Kingfisher says of a finding; betterleaks' lines have the word too.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Finding {
    pub(super) path: Text,
    pub(super) line: Number,
    #[serde(rename = "git_metadata")]
    pub(super) git: Entry<Git>,
    pub(super) location: Entry<Location>,
    pub(super) attributes: Entry<Attributes>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Git {
    #[serde(rename = "repository_url")]
    pub(super) repository: Text,
    pub(super) commit: Entry<GitCommit>,
    pub(super) file: Entry<GitFile>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct GitCommit {
    pub(super) id: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct GitFile {
    pub(super) path: Text,
}

/// TruffleHog's: one place under the name of the kind of source.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Source {
    #[serde(rename = "Data")]
    pub(super) data: First<SourcePlace>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SourcePlace {
    pub(super) repository: Text,
    pub(super) commit: Text,
    pub(super) file: Text,
    pub(super) line: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Vulnerability {
    pub(super) location: Entry<GitlabPlace>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct GitlabPlace {
    pub(super) file: Text,
    #[serde(rename = "start_line")]
    pub(super) start: Number,
    #[serde(rename = "end_line")]
    pub(super) end: Number,
    pub(super) commit: Entry<GitlabCommit>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct GitlabCommit {
    pub(super) sha: Text,
}

/// A line of detect-secrets.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Line {
    #[serde(rename = "line_number")]
    pub(super) line: Number,
}

/// SARIF's run.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Run {
    pub(super) tool: Entry<Tool>,
    #[serde(rename = "versionControlProvenance")]
    pub(super) origins: Many<Provenance>,
    pub(super) artifacts: Many<Artifact>,
    pub(super) results: Many<Outcome>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Tool {
    pub(super) driver: Entry<Driver>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Driver {
    pub(super) name: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Provenance {
    #[serde(rename = "repositoryUri")]
    pub(super) repository: Text,
    #[serde(rename = "revisionId")]
    pub(super) revision: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Artifact {
    pub(super) location: Entry<ArtifactPlace>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ArtifactPlace {
    pub(super) uri: Text,
    pub(super) index: Number,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Outcome {
    pub(super) locations: Many<SarifPlace>,
    #[serde(rename = "partialFingerprints")]
    pub(super) prints: Entry<Prints>,
    pub(super) properties: Entry<Properties>,
}

/// gitleaks and betterleaks name the commit here, having no better place for it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Prints {
    #[serde(rename = "commitSha")]
    pub(super) commit: Text,
}

/// Keywright's own.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Properties {
    pub(super) commit: Text,
    pub(super) object: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SarifPlace {
    #[serde(rename = "physicalLocation")]
    pub(super) physical: Entry<Physical>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Physical {
    #[serde(rename = "artifactLocation")]
    pub(super) artifact: Entry<ArtifactPlace>,
    pub(super) region: Entry<Region>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Region {
    #[serde(rename = "startLine")]
    pub(super) start: Number,
    #[serde(rename = "endLine")]
    pub(super) end: Number,
}

/// Tells whether an entry of a list says where something is.
pub(super) trait Telling {
    fn tells(&self) -> bool;
}

macro_rules! telling {
    ($($kind:ty: $value:ident => $tells:expr;)+) => {
        $(impl Telling for $kind {
            fn tells(&self) -> bool {
                let $value = self;
                $tells
            }
        })+
    };
}

telling! {
    Run: run => run.tool.0.is_some();
    Item: item => item.rule.0.is_some()
        || item.location.0.is_some()
        || item.finding.0.is_some()
        || item.source.0.is_some();
    Vulnerability: one => one.location.0.as_ref().is_some_and(|l| l.file.0.is_some());
    Line: line => line.line.0.is_some();
    Provenance: origin => origin.repository.0.is_some();
    // An artifact's place in the list is what its users name it by.
    Artifact: artifact => artifact.location.0.is_some();
    Outcome: result => !result.locations.kept.is_empty();
    SarifPlace: place => {
        let artifact = place.physical.0.as_ref().and_then(|p| p.artifact.0.as_ref());
        artifact.is_some_and(|a| a.uri.0.is_some() || a.index.0.is_some())
    };
}

/// Text; anything else is none.
#[derive(Default)]
pub(super) struct Text(pub(super) Option<String>);

impl Text {
    /// Takes nothing for an empty text: TruffleHog leaves out what is empty.
    pub(super) fn or_empty(self) -> Self {
        Self(Some(self.0.unwrap_or_default()))
    }
}

/// A number, perhaps written as text; anything else is none.
#[derive(Clone, Copy, Default)]
pub(super) struct Number(pub(super) Option<u64>);

/// An object; anything else is none.
pub(super) struct Entry<T>(pub(super) Option<T>);

/// The first value of an object that is an object itself.
pub(super) struct First<T>(pub(super) Option<T>);

/// A list: what tells something of it is kept, the rest is counted.
pub(super) struct Many<T> {
    pub(super) kept: Vec<T>,
    pub(super) unread: u64,
}

impl<T> Many<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.unread == 0
    }
}

/// Lists under paths.
#[derive(Default)]
pub(super) struct ByPath {
    pub(super) kept: Vec<(String, Many<Line>)>,
    pub(super) unread: u64,
}

impl<T> Default for Entry<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for First<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), unread: 0 }
    }
}

fn there<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(from).map(|_| true)
}

/// Reads any value: what a kind of it is not asked for is passed over.
struct Any<T>(PhantomData<T>);

/// What is made of each kind of value.
trait Lenient<'de>: Default {
    fn of_text(_: &str) -> Self {
        Self::default()
    }
    fn of_number(_: u64) -> Self {
        Self::default()
    }
    fn of_object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
    fn of_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

impl<'de, T: Lenient<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_i64<E>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(T::of_number(number))
    }
    fn visit_f64<E>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::of_text(text))
    }
    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::of_object(map)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::of_list(list)
    }
}

impl Lenient<'_> for Text {
    fn of_text(text: &str) -> Self {
        Self(Some(text.to_owned()))
    }
}

impl Lenient<'_> for Number {
    fn of_text(text: &str) -> Self {
        Self(text.trim().parse().ok())
    }
    fn of_number(number: u64) -> Self {
        Self(Some(number))
    }
}

impl<'de, T: Deserialize<'de>> Lenient<'de> for Entry<T> {
    fn of_object<A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|value| Self(Some(value)))
    }
}

impl<'de, T: Deserialize<'de>> Lenient<'de> for First<T> {
    fn of_object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut first = None;
        while let Some((_, entry)) = map.next_entry::<IgnoredAny, Entry<T>>()? {
            first = first.or(entry.0);
        }
        Ok(Self(first))
    }
}

impl<'de, T: Deserialize<'de> + Telling> Lenient<'de> for Many<T> {
    fn of_list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut many = Self::default();
        while let Some(Entry(entry)) = list.next_element::<Entry<T>>()? {
            match entry.filter(Telling::tells) {
                Some(entry) if many.kept.len() < MOST => many.kept.push(entry),
                _ => many.unread += 1,
            }
        }
        Ok(many)
    }
}

impl<'de> Lenient<'de> for ByPath {
    fn of_object<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let mut all = Self::default();
        while let Some(entry) = map.next_entry::<String, Many<Line>>()? {
            if all.kept.len() < MOST {
                all.kept.push(entry);
            } else {
                all.unread += 1;
            }
        }
        Ok(all)
    }
}

macro_rules! lenient {
    ($($kind:ident $(<$of:ident: $bound:path>)?),+) => {
        $(impl<'de $(, $of: Deserialize<'de> + $bound)?> Deserialize<'de> for $kind $(<$of>)? {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_any(Any(PhantomData))
            }
        })+
    };
}

lenient!(Text, Number, ByPath, Entry<T: Sized>, First<T: Sized>, Many<T: Telling>);
