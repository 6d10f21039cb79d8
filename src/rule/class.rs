//! Sets of bytes, as rules ask for what stands beside a match.

/// A set of bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct ByteClass([bool; 256]);

impl ByteClass {
    /// Reads a class as it is written in an expression, such as `[A-Za-z0-9_-]`.
    ///
    /// # Errors
    /// If the text is not one class of single bytes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let hir = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build()
            .parse(text)
            .map_err(|e| e.to_string())?;
        let mut set = [false; 256];
        match hir.kind() {
            regex_syntax::hir::HirKind::Class(regex_syntax::hir::Class::Bytes(class)) => {
                for range in class.ranges() {
                    set[usize::from(range.start())..=usize::from(range.end())].fill(true);
                }
            }
            regex_syntax::hir::HirKind::Literal(literal) if literal.0.len() == 1 => {
                set[usize::from(literal.0[0])] = true;
            }
            _ => return Err("this is no class of bytes".into()),
        }
        Ok(Self(set))
    }

    /// Returns the set of the bytes that are told to be in it, in the order of their values.
    pub(super) fn of(set: [bool; 256]) -> Self {
        Self(set)
    }

    /// Tells whether the byte is in the set.
    #[must_use]
    pub fn has(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }
}

impl std::fmt::Debug for ByteClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ByteClass({} bytes)", self.0.iter().filter(|b| **b).count())
    }
}
