//! When a sealing key is replaced, and how long it is kept after that.

use exeunt_core::Moment;

use super::key::SealingKeys;

/// A key seals for this long: 30 days.
pub const ROTATE_AFTER_SECS: u64 = 30 * 86_400;

/// Whether the current key is to be replaced by a new one.
pub fn due(keys: &SealingKeys, now: Moment) -> bool {
    now >= keys.current().made_at().plus_secs(ROTATE_AFTER_SECS)
}

/// Whether anything that the key with this number sealed can still be accepted, if nothing sealed is accepted for
/// longer than `longest_secs` (0: for any time). A key stops sealing when the next one is made.
pub fn needed(keys: &SealingKeys, number: u32, now: Moment, longest_secs: u64) -> bool {
    let newer = keys.all().take_while(|key| key.number() > number).last();
    match newer {
        None => number == keys.current().number(),
        Some(_) if keys.numbered(number).is_none() => false,
        Some(next) => longest_secs == 0 || now < next.made_at().plus_secs(longest_secs),
    }
}
