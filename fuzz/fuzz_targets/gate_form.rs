#![no_main]

#[path = "../src/targets/gate_form.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
