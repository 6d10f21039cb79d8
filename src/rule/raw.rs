//! Rule files as they are written: the tables and their fields, nothing checked yet.

use serde::Deserialize;
use toml::Spanned;

#[derive(Deserialize)]
pub(super) struct RawFile {
    pub(super) provider: Option<RawProvider>,
    #[serde(default)]
    pub(super) rules: Vec<Spanned<RawRule>>,
    pub(super) allowlist: Option<Spanned<RawAllowlist>>,
    #[serde(default)]
    pub(super) allowlists: Vec<Spanned<RawAllowlist>>,
    pub(super) extend: Option<RawExtend>,
}

#[derive(Deserialize)]
pub(super) struct RawProvider {
    pub(super) id: String,
    pub(super) docs: Option<String>,
    pub(super) remedy: Option<String>,
}

#[derive(Deserialize, Default)]
pub(super) struct RawExtend {
    pub(super) path: Option<String>,
    pub(super) url: Option<String>,
    #[serde(default, rename = "disabledRules")]
    pub(super) disabled_rules: Vec<String>,
}

#[derive(Deserialize)]
pub(super) struct RawRule {
    pub(super) id: Option<String>,
    #[serde(default)]
    pub(super) description: String,
    pub(super) regex: Option<Spanned<String>>,
    pub(super) lane: Option<Spanned<String>>,
    pub(super) path: Option<Spanned<String>>,
    #[serde(rename = "secretGroup", alias = "secret_group")]
    pub(super) secret_group: Option<usize>,
    pub(super) entropy: Option<f64>,
    #[serde(default)]
    pub(super) keywords: Vec<String>,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    pub(super) severity: Option<Spanned<String>>,
    pub(super) confidence: Option<Spanned<String>>,
    pub(super) checksum: Option<Spanned<String>>,
    pub(super) structure: Option<Spanned<String>>,
    pub(super) not_before: Option<Spanned<String>>,
    pub(super) not_after: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) generic: bool,
    pub(super) window: Option<usize>,
    pub(super) remedy: Option<String>,
    pub(super) docs: Option<String>,
    #[serde(default)]
    pub(super) finds: Vec<String>,
    #[serde(default)]
    pub(super) passes: Vec<String>,
    pub(super) allowlist: Option<Spanned<RawAllowlist>>,
    #[serde(default)]
    pub(super) allowlists: Vec<Spanned<RawAllowlist>>,
    #[serde(default)]
    pub(super) required: Vec<RawRequired>,
    #[serde(default, rename = "skipReport")]
    pub(super) skip_report: bool,
}

#[derive(Deserialize)]
pub(super) struct RawRequired {
    pub(super) id: String,
    #[serde(rename = "withinLines")]
    pub(super) within_lines: Option<u64>,
    #[serde(rename = "withinColumns")]
    pub(super) within_columns: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct RawAllowlist {
    pub(super) condition: Option<Spanned<String>>,
    #[serde(default, rename = "targetRules")]
    pub(super) target_rules: Vec<String>,
    #[serde(default)]
    pub(super) paths: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) regexes: Vec<Spanned<String>>,
    #[serde(rename = "regexTarget")]
    pub(super) regex_target: Option<Spanned<String>>,
    #[serde(default)]
    pub(super) stopwords: Vec<String>,
    #[serde(default)]
    pub(super) commits: Vec<String>,
}

/// The fields of a rule that are known.
pub(super) const RULE_FIELDS: &[&str] = &[
    "id",
    "description",
    "regex",
    "lane",
    "path",
    "secretGroup",
    "secret_group",
    "entropy",
    "keywords",
    "tags",
    "severity",
    "confidence",
    "checksum",
    "structure",
    "not_before",
    "not_after",
    "generic",
    "window",
    "remedy",
    "docs",
    "finds",
    "passes",
    "allowlist",
    "allowlists",
    "required",
    "skipReport",
];
/// The tables of a file that are known; those of a recipe are `provider/recipe`'s to read.
pub(super) const FILE_FIELDS: &[&str] = &[
    "title",
    "minVersion",
    "provider",
    "rules",
    "allowlist",
    "allowlists",
    "extend",
    "ignore",
    "scan",
    "store",
    "seal",
    "network",
    "providers",
    "hook",
    "destinations",
    "hosts",
    "notify",
    "respond",
    "schedule",
    "rekey",
    "limits",
    "auth",
    "check",
    "list",
    "mint",
    "rotate",
    "revoke",
    "revoke_leaked",
    "usage",
    "events",
];
