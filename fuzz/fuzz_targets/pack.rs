//! Any bytes as a pack: bad sizes, circles, reserved codes, deltas of deltas.
#![no_main]

#[expect(dead_code, reason = "the other target uses the rest")]
#[path = "../src/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hostile::scan(&hostile::entries(bytes));
});
