//! A sealed value is read back with what it was bound to, before its end, and never otherwise.

use std::sync::Arc;

use exeunt::authority::seal::value::ValuePurpose;
use exeunt::authority::seal::{SealingKey, SealingKeys};
use exeunt_core::{Moment, RealmId};

const END: Moment = Moment::from_millis(1_000);
const BEFORE: Moment = Moment::from_millis(999);

pub(super) fn run(bytes: &[u8]) {
    let key = SealingKey::new(RealmId([0xaa; 16]), 7, Moment::from_millis(0), [9; 32]).unwrap();
    let keys = SealingKeys::new(vec![Arc::new(key)]).unwrap();
    let text = String::from_utf8_lossy(bytes);
    let (bound_to, value) = bytes.split_at(bytes.len() / 3);
    for purpose in ValuePurpose::ALL {
        assert!(keys.open_value(purpose, bound_to, &text, BEFORE).is_none(), "nobody sealed it");
    }
    let Some(sealed) = keys.seal_value(ValuePurpose::Form, bound_to, value, END) else { return };
    let open = |purpose, bound_to, now| keys.open_value(purpose, bound_to, sealed.expose(), now);
    assert_eq!(open(ValuePurpose::Form, bound_to, BEFORE).as_deref(), Some(value));
    assert_eq!(open(ValuePurpose::Form, bound_to, END), None);
    assert_eq!(open(ValuePurpose::Proof, bound_to, BEFORE), None);
    assert_eq!(open(ValuePurpose::Form, &[bound_to, &[0]].concat(), BEFORE), None);
}
