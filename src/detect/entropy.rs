//! Shannon entropy.

/// Returns the Shannon entropy of the bytes, in bits a byte.
///
/// ```
/// use keywright::detect::entropy::per_byte;
/// assert_eq!(per_byte(b"aaaa"), 0.0);
/// assert_eq!(per_byte(b"abcd"), 2.0);
/// ```
#[must_use]
pub fn per_byte(bytes: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = bytes.len() as f64;
    counts.iter().filter(|c| **c > 0).map(|c| f64::from(*c) / total).map(|share| -share * share.log2()).sum()
}
