//! Rule files as the program carries them: parsed and studied when it is built, so that a start reads
//! a table instead of a hundred files. `build.rs` compiles this file too, to write what `builtin` reads.
//!
//! Each type lists its fields once, for both directions.

use toml::Spanned;

use super::class::ByteClass;
use super::edge::Edge;
use super::literal::{Anchors, Study};
use super::raw::{RawAllowlist, RawExtend, RawFile, RawProvider, RawRequired, RawRule};

/// A rule file, parsed, with what a study of its rules told.
pub(super) struct Prepared {
    /// The file as it is written.
    pub(super) raw: RawFile,
    /// What is known of each of its rules, in their order.
    pub(super) studied: Vec<Studied>,
}

/// What is known of a rule before it is read.
#[derive(Default)]
pub(super) struct Studied {
    /// Its expression's study.
    pub(super) expression: Option<Study>,
    /// Bytes of which none may stand before the match.
    pub(super) not_before: Option<ByteClass>,
    /// Bytes of which none may stand behind the match.
    pub(super) not_after: Option<ByteClass>,
}

/// What can be put on a tape and taken off again.
pub(super) trait Taped: Sized {
    /// Puts it at the end of a tape.
    fn put(&self, tape: &mut Vec<u8>);
    /// Takes it off the front of a tape that holds one.
    fn take(tape: &mut &[u8]) -> Self;
}

fn cut<'t>(tape: &mut &'t [u8], len: usize) -> &'t [u8] {
    let (front, rest) = tape.split_at(len);
    *tape = rest;
    front
}

impl Taped for u64 {
    fn put(&self, tape: &mut Vec<u8>) {
        tape.extend(self.to_le_bytes());
    }
    fn take(tape: &mut &[u8]) -> Self {
        Self::from_le_bytes(cut(tape, 8).try_into().expect("eight bytes"))
    }
}

impl Taped for usize {
    fn put(&self, tape: &mut Vec<u8>) {
        let short = u32::try_from(*self).expect("nothing in a rule file is that large");
        tape.extend(short.to_le_bytes());
    }
    fn take(tape: &mut &[u8]) -> Self {
        u32::from_le_bytes(cut(tape, 4).try_into().expect("four bytes")) as Self
    }
}

impl Taped for f64 {
    fn put(&self, tape: &mut Vec<u8>) {
        self.to_bits().put(tape);
    }
    fn take(tape: &mut &[u8]) -> Self {
        Self::from_bits(u64::take(tape))
    }
}

impl Taped for bool {
    fn put(&self, tape: &mut Vec<u8>) {
        tape.push(u8::from(*self));
    }
    fn take(tape: &mut &[u8]) -> Self {
        cut(tape, 1) == [1]
    }
}

impl Taped for u8 {
    fn put(&self, tape: &mut Vec<u8>) {
        tape.push(*self);
    }
    fn take(tape: &mut &[u8]) -> Self {
        cut(tape, 1)[0]
    }
}

impl Taped for String {
    fn put(&self, tape: &mut Vec<u8>) {
        self.len().put(tape);
        tape.extend(self.as_bytes());
    }
    fn take(tape: &mut &[u8]) -> Self {
        let len = usize::take(tape);
        std::str::from_utf8(cut(tape, len)).expect("it was text when it was put here").into()
    }
}

impl Taped for ByteClass {
    fn put(&self, tape: &mut Vec<u8>) {
        for byte in 0..=u8::MAX {
            self.has(byte).put(tape);
        }
    }
    fn take(tape: &mut &[u8]) -> Self {
        let mut set = [false; 256];
        set.iter_mut().zip(cut(tape, 256)).for_each(|(has, byte)| *has = *byte == 1);
        Self::of(set)
    }
}

impl Taped for [u64; 4] {
    fn put(&self, tape: &mut Vec<u8>) {
        self.iter().for_each(|word| tape.extend(word.to_le_bytes()));
    }
    fn take(tape: &mut &[u8]) -> Self {
        std::array::from_fn(|_| u64::from_le_bytes(cut(tape, 8).try_into().expect("eight bytes were cut")))
    }
}

impl<T: Taped> Taped for Option<T> {
    fn put(&self, tape: &mut Vec<u8>) {
        self.is_some().put(tape);
        if let Some(value) = self {
            value.put(tape);
        }
    }
    fn take(tape: &mut &[u8]) -> Self {
        bool::take(tape).then(|| T::take(tape))
    }
}

impl<T: Taped> Taped for Vec<T> {
    fn put(&self, tape: &mut Vec<u8>) {
        self.len().put(tape);
        self.iter().for_each(|value| value.put(tape));
    }
    fn take(tape: &mut &[u8]) -> Self {
        (0..usize::take(tape)).map(|_| T::take(tape)).collect()
    }
}

impl<T: Taped> Taped for Spanned<T> {
    fn put(&self, tape: &mut Vec<u8>) {
        self.span().start.put(tape);
        self.span().end.put(tape);
        self.get_ref().put(tape);
    }
    fn take(tape: &mut &[u8]) -> Self {
        let (start, end) = (usize::take(tape), usize::take(tape));
        Self::new(start..end, T::take(tape))
    }
}

/// Lists the fields of a type, all of them; they stand on the tape in this order.
macro_rules! taped {
    ($($name:ident: $($field:ident)+;)+) => {$(
        impl Taped for $name {
            fn put(&self, tape: &mut Vec<u8>) {
                let Self { $($field),+ } = self;
                $($field.put(tape);)+
            }
            fn take(tape: &mut &[u8]) -> Self {
                Self { $($field: Taped::take(tape)),+ }
            }
        }
    )+};
}

taped! {
    Prepared: raw studied;
    Studied: expression not_before not_after;
    Study: anchors as_written longest groups;
    Anchors: literals before after prev next;
    Edge: bytes open;
    RawFile: provider rules allowlist allowlists extend;
    RawProvider: id docs remedy;
    RawExtend: path url disabled_rules;
    RawRule: id description regex lane path secret_group entropy keywords tags severity confidence checksum
        structure not_before not_after generic window remedy docs finds passes allowlist allowlists required
        skip_report;
    RawRequired: id within_lines within_columns;
    RawAllowlist: condition target_rules paths regexes regex_target stopwords commits;
}
