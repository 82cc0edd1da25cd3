//! The contents of a code have one form, and a code that is opened has the contents that were sealed.

use std::sync::Arc;

use exeunt::authority::seal::code::CodeContents;
use exeunt::authority::seal::{SealingKey, SealingKeys};
use exeunt_core::{Moment, RealmId};

pub(super) fn run(bytes: &[u8]) {
    let key = SealingKey::new(RealmId([0xaa; 16]), 7, Moment::from_millis(0), [9; 32]).unwrap();
    let keys = SealingKeys::new(vec![Arc::new(key)]).unwrap();
    assert!(keys.open_code(&String::from_utf8_lossy(bytes)).is_none(), "nobody sealed it");
    let Some(contents) = CodeContents::read(bytes) else { return };
    assert_eq!(contents.write().as_deref(), Some(bytes));
    match keys.seal_code(&contents, [1; 12]) {
        Some(code) => assert_eq!(keys.open_code(code.expose()), Some(contents)),
        None => assert!(bytes.len() > 1500),
    }
}
