//! Whatever a device calls itself, its name is short and plain.

use exeunt::http::user_agent::Device;

pub(super) fn run(bytes: &[u8]) {
    let name = Device::of(&String::from_utf8_lossy(bytes)).to_string();
    assert!(!name.is_empty() && name.len() <= 80);
    assert!(name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
}
