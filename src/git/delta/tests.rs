//! Deltas that are right, and the same ones spoiled.

use super::*;
use proptest::prelude::*;

fn applied(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    apply(base, delta, &mut out, &mut Vec::new()).map(|()| out)
}

#[test]
fn copies_and_insertions() {
    // base size 6, result size 7; copy 3 bytes from offset 1; insert "xy"; copy 2 from offset 0.
    let delta = [6, 7, 0x91, 1, 3, 2, b'x', b'y', 0x90, 2];
    assert_eq!(applied(b"abcdef", &delta).as_deref(), Some(&b"bcdxyab"[..]));
    assert_eq!(result_size(&delta, 6), Some(7));
    assert_eq!(result_size(&delta, 5), None);
}

#[test]
fn damaged_deltas_make_nothing() {
    for delta in [
        &[3, 3, 0x91, 1, 3][..],    // copies past the base's end
        &[3, 3, 0][..],             // the reserved instruction
        &[3, 3, 3, b'a'][..],       // cut off
        &[3, 1, 2, b'a', b'b'][..], // makes more than it said
        &[3, 9, 1, b'a'][..],       // makes less than it said
        &[0x80; 12][..],            // a size without an end
    ] {
        assert_eq!(applied(b"abc", delta), None, "{delta:?}");
    }
}

/// What the documentation says, word by word, with sizes beyond doubt.
fn reference(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = delta.iter().map(|b| u64::from(*b));
    let mut sizes = [0u64; 2];
    for size in &mut sizes {
        for shift in (0..63).step_by(7).chain([u32::MAX as usize]) {
            let byte = bytes.next().filter(|_| shift < 63)?;
            *size |= (byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
    }
    let mut made = Vec::new();
    while let Some(op) = bytes.next() {
        if op == 0 {
            return None;
        }
        if op < 0x80 {
            for _ in 0..op {
                made.push(bytes.next()? as u8);
            }
            continue;
        }
        let mut words = [0u64; 7];
        for (bit, word) in words.iter_mut().enumerate().filter(|(bit, _)| op >> bit & 1 == 1) {
            *word = bytes.next()? << (8 * (bit % 4));
        }
        let from: u64 = words[..4].iter().sum();
        let length: u64 = words[4..].iter().sum();
        let length = if length == 0 { 0x1_0000 } else { length };
        if from + length > base.len() as u64 {
            return None;
        }
        made.extend(&base[from as usize..(from + length) as usize]);
    }
    (made.len() as u64 == sizes[1]).then_some(made)
}

/// An instruction of a delta that is right.
#[derive(Clone, Debug)]
enum Op {
    /// Copies from about there so much, both in thousandths of the base.
    Copy(usize, usize),
    Insert(Vec<u8>),
}

fn size_of(mut size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while size > 0x7f {
        bytes.push(size as u8 | 0x80);
        size >>= 7;
    }
    bytes.push(size as u8);
    bytes
}

/// Writes a right delta, and what it makes.
fn written(base: &[u8], ops: &[Op]) -> (Vec<u8>, Vec<u8>) {
    let (mut body, mut made) = (Vec::new(), Vec::new());
    for op in ops {
        match op {
            Op::Insert(bytes) => {
                body.push(bytes.len() as u8);
                body.extend(bytes);
                made.extend(bytes);
            }
            Op::Copy(from, length) => {
                let from = base.len() * from / 1000;
                let length = (base.len() * length / 1000).min(base.len() - from).min(0xff_ffff);
                let bytes = [(from, 4), (length, 3)].map(|(n, count)| n.to_le_bytes()[..count].to_vec());
                let bytes = bytes.concat();
                if length > 0 {
                    let bits = bytes.iter().enumerate().filter(|(_, b)| **b != 0);
                    body.push(bits.fold(0x80, |bits, (at, _)| bits | 1 << at));
                    body.extend(bytes.iter().filter(|b| **b != 0));
                    made.extend(&base[from..from + length]);
                }
            }
        }
    }
    ([size_of(base.len()), size_of(made.len()), body].concat(), made)
}

/// A way to spoil a delta; places are in thousandths of it.
#[derive(Clone, Debug)]
enum Harm {
    Flip(usize, u8),
    Cut(usize),
    Drop(usize),
    Insert(usize, u8),
    /// Says another size of the result.
    Lie(u64),
}

fn spoiled(delta: &[u8], base: usize, harm: &[Harm]) -> Vec<u8> {
    let mut delta = delta.to_vec();
    for one in harm {
        let place = |at: &usize| delta.len() * at / 1000;
        match one {
            Harm::Lie(size) => {
                let body = super::size(&delta)
                    .and_then(|(_, rest)| super::size(rest))
                    .map(|(_, rest)| rest.to_vec());
                delta = [size_of(base), size_of(*size as usize), body.unwrap_or_default()].concat();
            }
            Harm::Flip(at, bits) => {
                let at = place(at);
                delta.get_mut(at).into_iter().for_each(|byte| *byte ^= bits);
            }
            Harm::Cut(at) => delta.truncate(place(at)),
            Harm::Drop(at) if !delta.is_empty() => drop(delta.remove(place(at).min(delta.len() - 1))),
            Harm::Drop(_) => {}
            Harm::Insert(at, byte) => delta.insert(place(at), *byte),
        }
    }
    delta
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        (0usize..=1000, 0usize..=1000).prop_map(|(from, length)| Op::Copy(from, length)),
        prop::collection::vec(any::<u8>(), 1..128).prop_map(Op::Insert),
    ];
    prop::collection::vec(op, 0..8)
}

fn harm() -> impl Strategy<Value = Vec<Harm>> {
    let one = prop_oneof![
        3 => (0usize..1000, 1u8..).prop_map(|(at, bits)| Harm::Flip(at, bits)),
        1 => (0usize..1000).prop_map(Harm::Cut),
        1 => (0usize..1000).prop_map(Harm::Drop),
        1 => (0usize..=1000, any::<u8>()).prop_map(|(at, byte)| Harm::Insert(at, byte)),
        1 => prop_oneof![0..400u64, any::<u32>().prop_map(u64::from), any::<u64>()].prop_map(Harm::Lie),
    ];
    prop::collection::vec(one, 0..4)
}

/// Bases on both sides of 64 KiB, which a copy without a length is of.
fn base() -> impl Strategy<Value = Vec<u8>> {
    let short = prop::collection::vec(any::<u8>(), 0..300);
    (short, prop_oneof![4 => Just(1usize), 1 => Just(400)]).prop_map(|(part, times)| part.repeat(times))
}

fn agrees(base: &[u8], delta: &[u8]) -> Result<(), TestCaseError> {
    let (mut out, mut copies) = Default::default();
    let made = apply(base, delta, &mut out, &mut copies);
    let expected = reference(base, delta);
    prop_assert_eq!(made.map(|()| &out), expected.as_ref());
    prop_assert!(out.capacity() as u64 <= most_made(delta.len(), base.len()).max(8));
    let mut end = 0;
    for copy in copies.iter().filter(|_| made.is_some()) {
        prop_assert!(copy.to >= end && copy.length > 0);
        end = copy.to + copy.length;
        prop_assert_eq!(&out[copy.to..end], &base[copy.from..copy.from + copy.length]);
    }
    Ok(())
}

#[test]
fn a_lie_about_the_size_reserves_nothing() {
    let mut out = Vec::new();
    let delta = [size_of(3), size_of(LARGEST_HELD as usize), vec![0x90, 3]].concat();
    assert_eq!(apply(b"abc", &delta, &mut out, &mut Vec::new()), None);
    assert_eq!(out.capacity(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn a_right_delta_makes_what_was_meant_and_a_spoiled_one_that_or_nothing(
        base in base(), ops in ops(), harm in harm(),
    ) {
        let (delta, meant) = written(&base, &ops);
        let mut out = vec![b'x'; 7];
        let mut copies = vec![Copied { from: 1, to: 2, length: 3 }];
        prop_assert!(apply(&base, &delta, &mut out, &mut copies).is_some());
        prop_assert_eq!(&out, &meant);

        let delta = spoiled(&delta, base.len(), &harm);
        agrees(&base, &delta)?;
    }

    #[test]
    fn any_bytes_make_what_the_reference_makes_of_them(base in base(), delta in prop::collection::vec(any::<u8>(), 0..64)) {
        agrees(&base, &delta)?;
    }
}
