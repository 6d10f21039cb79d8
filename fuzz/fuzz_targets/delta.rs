//! Any bytes as the instructions of a delta.
#![no_main]

#[expect(dead_code, reason = "the other target uses the rest")]
#[path = "../src/hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    hostile::scan(&hostile::family(bytes));
});
