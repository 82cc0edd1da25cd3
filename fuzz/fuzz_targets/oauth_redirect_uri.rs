#![no_main]

#[path = "../src/targets/oauth_redirect_uri.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| target::run(bytes));
