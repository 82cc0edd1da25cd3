#![no_main]

#[path = "../src/targets/sealed_token.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
