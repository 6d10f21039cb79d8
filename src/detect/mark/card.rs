//! The marks that are known: whose they are, how they are written and where they count.

/// Who has marks, ours first. Settings and flags name them so.
const TOOLS: [&str; 10] = [
    "keywright",
    "gitleaks",
    "betterleaks",
    "kingfisher",
    "trufflehog",
    "ggshield",
    "detect-secrets",
    "secretlint",
    "semgrep",
    "talisman",
];

/// Where a mark counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// On the secret's own line.
    OwnLine,
    /// On the secret's own line, and on the lines around a secret of several lines.
    Around,
    /// On the secret's first line, or alone on the line before.
    FirstOrBefore,
    /// On the line before.
    LineBefore,
    /// Anywhere before, until it is ended.
    BlockStart,
    /// Ends such a block.
    BlockEnd,
}

impl Placement {
    /// Returns it in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OwnLine => "on the secret's line; of several lines, the first or the last",
            Self::Around => "on the secret's line; for several lines also right before or behind them",
            Self::FirstOrBefore => "on the secret's first line, or alone on the line before",
            Self::LineBefore => "on the line before the secret",
            Self::BlockStart => "before the secret, for every line until it is ended",
            Self::BlockEnd => "ends the block",
        }
    }
}

/// A mark.
#[derive(Debug, PartialEq, Eq)]
pub struct MarkCard {
    /// Whose it is; settings name it so.
    pub tool: &'static str,
    /// How it is written, to the letter.
    pub spelling: &'static str,
    /// Where it counts.
    pub placement: Placement,
    /// The page that describes it.
    pub docs: &'static str,
}

const fn card(tool: usize, spelling: &'static str, placement: Placement, docs: &'static str) -> MarkCard {
    MarkCard { tool: TOOLS[tool], spelling, placement, docs }
}

const GGSHIELD: &str = "https://docs.gitguardian.com/ggshield-docs/configuration#ignore-list";
const DETECT_SECRETS: &str = "https://github.com/Yelp/detect-secrets#inline-allowlisting";
const SECRETLINT: &str = "https://github.com/secretlint/secretlint/blob/master/packages/%40secretlint/secretlint-rule-filter-comments/README.md";
const SEMGREP: &str = "https://semgrep.dev/docs/ignoring-files-folders-code#ignore-code-through-nosemgrep";
const KINGFISHER: &str =
    "https://github.com/mongodb/kingfisher/blob/main/docs/ADVANCED.md#inline-ignore-directives";
const BETTERLEAKS: &str = "https://github.com/betterleaks/betterleaks#betterleaksallow--gitleaksallow";

/// Every mark; where several stand on a line, the first of this table speaks.
pub(super) const CARDS: [MarkCard; 16] = [
    card(0, "keywright:allow", Placement::OwnLine, "docs/suppressions.md"),
    card(1, "gitleaks:allow", Placement::OwnLine, "https://github.com/gitleaks/gitleaks#gitleaksallow"),
    card(2, "betterleaks:allow", Placement::OwnLine, BETTERLEAKS),
    card(3, "kingfisher:ignore", Placement::Around, KINGFISHER),
    card(
        4,
        "trufflehog:ignore",
        Placement::OwnLine,
        "https://github.com/trufflesecurity/trufflehog#question-faq",
    ),
    card(5, "ggignore", Placement::OwnLine, GGSHIELD),
    card(6, "pragma: allowlist secret", Placement::OwnLine, DETECT_SECRETS),
    card(6, "pragma: whitelist secret", Placement::OwnLine, DETECT_SECRETS),
    card(6, "pragma: allowlist nextline secret", Placement::LineBefore, DETECT_SECRETS),
    card(7, "secretlint-disable-line", Placement::OwnLine, SECRETLINT),
    card(7, "secretlint-disable-next-line", Placement::LineBefore, SECRETLINT),
    card(7, "secretlint-disable", Placement::BlockStart, SECRETLINT),
    card(7, "secretlint-enable", Placement::BlockEnd, SECRETLINT),
    card(8, "nosemgrep", Placement::FirstOrBefore, SEMGREP),
    card(8, "nosem", Placement::FirstOrBefore, SEMGREP),
    // Talisman's pages describe no mark on a line (its page on ignoring is named here); people write
    // this one all the same.
    card(9, "talisman:ignore", Placement::OwnLine, "https://github.com/thoughtworks/talisman#ignoring-files"),
];

/// Lists every mark that is known.
///
/// ```
/// let ours = &keywright::detect::marks()[0];
/// assert_eq!((ours.tool, ours.spelling), ("keywright", "keywright:allow"));
/// ```
#[must_use]
pub fn marks() -> &'static [MarkCard] {
    &CARDS
}

/// Whose marks are heeded.
///
/// ```
/// use keywright::detect::Marks;
/// let ours = Marks::from_words(["keywright", "gitleaks"]).unwrap();
/// assert!(ours.heeds("gitleaks") && !ours.heeds("semgrep"));
/// assert_eq!(Marks::from_words(["gitleak"]), Err("gitleak".into()));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks(u16);

impl Marks {
    /// Everybody's.
    pub const ALL: Self = Self((1 << TOOLS.len()) - 1);
    /// Nobody's.
    pub const NONE: Self = Self(0);

    /// Reads names of tools, or the one word `all` or `none`.
    ///
    /// # Errors
    /// The word that is no such name.
    pub fn from_words<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, String> {
        let words: Vec<&str> = words.into_iter().collect();
        match words.as_slice() {
            ["all"] => return Ok(Self::ALL),
            ["none"] => return Ok(Self::NONE),
            _ => {}
        }
        words.iter().try_fold(Self::NONE, |all, word| match Self::bit(word) {
            0 => Err((*word).to_owned()),
            bit => Ok(Self(all.0 | bit)),
        })
    }

    /// Lists the names.
    pub fn words() -> impl Iterator<Item = &'static str> {
        TOOLS.into_iter()
    }

    /// Returns these and others.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Returns these but for others.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Tells whether a tool's marks are heeded.
    #[must_use]
    pub fn heeds(self, tool: &str) -> bool {
        self.0 & Self::bit(tool) != 0
    }

    fn bit(tool: &str) -> u16 {
        TOOLS.iter().position(|t| *t == tool).map_or(0, |at| 1 << at)
    }
}

impl Default for Marks {
    fn default() -> Self {
        Self::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_mark_and_can_be_switched() {
        for tool in Marks::words() {
            assert!(CARDS.iter().any(|c| c.tool == tool), "{tool}");
            let one = Marks::from_words([tool]).unwrap();
            assert!(one.heeds(tool) && !Marks::ALL.without(one).heeds(tool));
        }
        assert!(!Marks::ALL.heeds("all") && !Marks::NONE.heeds("keywright"));
    }

    #[test]
    fn all_and_none_stand_alone() {
        assert_eq!(Marks::from_words(["all"]), Ok(Marks::ALL));
        assert_eq!(Marks::from_words(["none"]), Ok(Marks::NONE));
        assert_eq!(Marks::from_words([]), Ok(Marks::NONE));
        assert_eq!(Marks::from_words(["gitleaks", "none"]), Err("none".into()));
        assert_eq!(Marks::from_words(["Gitleaks"]), Err("Gitleaks".into()));
    }
}
