#![no_main]

#[path = "../src/targets/secret_key.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
