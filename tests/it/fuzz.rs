//! The entry points of the fuzz targets (`fuzz/`), run with made bytes: pieces of packs put together at
//! random, and the same with bytes changed. `KEYWRIGHT_FUZZ_CASES` says how many.

use keywright::rule::template::fill;

#[path = "../../fuzz/src/hostile.rs"]
mod hostile;

/// How many packs of each sort are made, unless something else is said.
const CASES: u64 = 300;

fn cases() -> u64 {
    std::env::var("KEYWRIGHT_FUZZ_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
}

/// Numbers that look drawn, the same ones each time.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        (0..self.below(most)).map(|_| self.below(256) as u8).collect()
    }

    /// Text with keys and what is nearly one, less than 128 bytes.
    fn text(&mut self) -> Vec<u8> {
        let shapes = [
            "ghp_{base62:30}{github-crc32}",
            "password = \"{base62:14}\"\n",
            "the quick\n",
            "AKIA",
            "token: ",
        ];
        let shape = shapes[self.below(shapes.len() as u64) as usize];
        fill(shape, self.below(9)).unwrap().into_bytes()
    }

    /// Instructions of a delta: most are right.
    fn ops(&mut self, base: u64) -> Vec<u8> {
        let mut ops = Vec::new();
        for _ in 0..self.below(6) {
            match self.below(8) {
                0..=3 => {
                    let from = self.below(base + 1);
                    let length = self.below((base + 1 - from).min(250)) + 1;
                    ops.extend([0x91, (from & 0xff) as u8, length as u8]);
                }
                4..=6 => {
                    let text = self.text();
                    ops.push(text.len() as u8);
                    ops.extend(text);
                }
                _ => ops.extend(self.bytes(4)),
            }
        }
        ops
    }

    /// Changes a few bytes, or none.
    fn spoil(&mut self, bytes: &mut [u8]) {
        for _ in 0..self.below(4).min(bytes.len() as u64) {
            let at = self.below(bytes.len() as u64) as usize;
            bytes[at] = self.below(256) as u8;
        }
    }
}

#[test]
fn no_pack_ends_a_scan_or_makes_it_miss_what_stands_in_one_object() {
    let (mut blobs, mut hits) = (0, 0);
    for case in 0..cases() {
        let mut drawn = Drawn(case);
        let mut bytes = Vec::new();
        for _ in 0..drawn.below(12) {
            let kind = [3, 3, 6, 6, 7, drawn.below(8)][drawn.below(6) as usize] as u8;
            let content = if kind >= 6 {
                drawn.ops(120)
            } else {
                (0..drawn.below(9)).flat_map(|_| drawn.text()).collect()
            };
            bytes.extend([kind, drawn.below(16) as u8, content.len() as u8, (content.len() >> 8 & 7) as u8]);
            bytes.extend(content);
        }
        drawn.spoil(&mut bytes);
        let came = hostile::scan(&hostile::entries(&bytes));
        (blobs, hits) = (blobs + came.0, hits + came.1);
    }
    // It is worth something only if not all of it is refused.
    assert!(blobs as u64 > cases() && hits as u64 > cases() / 2, "{blobs} blobs, {hits} hits");
}

#[test]
fn no_delta_ends_a_scan_or_makes_it_miss_what_stands_in_one_object() {
    let (mut blobs, mut hits) = (0, 0);
    for case in 0..cases() {
        let mut drawn = Drawn(case);
        let mut bytes: Vec<u8> = (0..drawn.below(12)).flat_map(|_| drawn.text()).take(1020).collect();
        let base = bytes.len() / 4 * 4;
        bytes.truncate(base);
        bytes.insert(0, (base / 4) as u8);
        for _ in 0..1 + drawn.below(6) {
            bytes.extend(drawn.ops(base.min(255) as u64));
            bytes.push(0xff);
        }
        drawn.spoil(&mut bytes);
        let came = hostile::scan(&hostile::family(&bytes));
        (blobs, hits) = (blobs + came.0, hits + came.1);
    }
    assert!(blobs as u64 > 2 * cases() && hits as u64 > cases(), "{blobs} blobs, {hits} hits");
}
