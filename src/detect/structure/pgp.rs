//! OpenPGP secret keys (RFC 4880, RFC 9580): the armor's checksum, and whether the first key is locked.

use super::Shape;

/// Says what the bytes of a `PGP PRIVATE KEY BLOCK` are; `sum` is the armor's checksum, if it has one.
pub(super) fn check(bytes: &[u8], sum: Option<&[u8]>) -> Shape {
    if sum.is_some_and(|sum| sum != crc24(bytes)) {
        return Shape::broken("the armor's checksum is wrong");
    }
    match usage(bytes) {
        Some(0) => Shape::holds("an OpenPGP key that is not locked"),
        Some(_) => Shape::harmless("encrypted"),
        None if sum.is_some() => Shape::holds("the armor's checksum is right"),
        None => Shape::Unknown,
    }
}

/// The octet that tells how the first secret key is protected; zero: not at all.
fn usage(bytes: &[u8]) -> Option<u8> {
    let (tag, rest) = bytes.split_first()?;
    let (kind, skip) = match tag {
        0xc0..=0xff => {
            let skip = match rest.first()? {
                0..=191 => 1,
                192..=223 => 2,
                255 => 5,
                _ => return None,
            };
            (tag & 0x3f, skip)
        }
        0x80..=0xbf => (tag >> 2 & 0x0f, [1, 2, 4, 0][usize::from(tag & 3)]),
        _ => return None,
    };
    // 5: a secret key; version 4: its time, its algorithm, its public numbers.
    if kind != 5 {
        return None;
    }
    let body = rest.get(skip..)?;
    if *body.first()? != 4 {
        return None;
    }
    let algorithm = *body.get(5)?;
    let mut at = 6;
    let number = |at: &mut usize| -> Option<()> {
        let bits = u16::from_be_bytes([*body.get(*at)?, *body.get(*at + 1)?]);
        *at += 2 + usize::from(bits.div_ceil(8));
        Some(())
    };
    match algorithm {
        1..=3 => (0..2).try_for_each(|_| number(&mut at))?,
        16 => (0..3).try_for_each(|_| number(&mut at))?,
        17 => (0..4).try_for_each(|_| number(&mut at))?,
        // A curve's identifier, a point and, for key agreement, how keys are derived.
        18 | 19 | 22 => {
            at += 1 + usize::from(*body.get(at)?);
            number(&mut at)?;
            if algorithm == 18 {
                at += 1 + usize::from(*body.get(at)?);
            }
        }
        25 | 27 => at += 32,
        26 => at += 56,
        28 => at += 57,
        _ => return None,
    }
    body.get(at).copied()
}

/// CRC-24 of RFC 4880 §6.1.
fn crc24(bytes: &[u8]) -> [u8; 3] {
    let mut crc = 0x00b7_04ce_u32;
    for byte in bytes {
        crc ^= u32::from(*byte) << 16;
        for _ in 0..8 {
            crc <<= 1;
            if crc & 0x0100_0000 != 0 {
                crc ^= 0x0186_4cfb;
            }
        }
    }
    let [_, high, middle, low] = crc.to_be_bytes();
    [high, middle, low]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        // The check value of CRC-24/OPENPGP for the nine digits.
        assert_eq!(crc24(b"123456789"), [0x21, 0xcf, 0x02]);
    }

    #[test]
    fn the_protection_stands_behind_the_public_numbers() {
        let key = |usage: u8| {
            let mut body = vec![4, 0, 0, 0, 0, 22, 3, 1, 2, 3, 0, 9, 1, 0xff, usage];
            body.splice(0..0, [0xc5, body.len() as u8]);
            body
        };
        assert!(matches!(check(&key(0), None), Shape::Holds(_)));
        assert!(matches!(check(&key(254), None), Shape::Harmless(_)));
        assert!(matches!(check(&key(254), Some(&[0, 0, 0])), Shape::Broken(_)));
        assert_eq!(check(b"", None), Shape::Unknown);
    }
}
