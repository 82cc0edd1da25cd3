//! A text is refused, or holds secrets under which a sealing key is stored and read back; no other bytes are one.

use exeunt::authority::seal::SealingKey;
use exeunt::authority::seal::at_rest::MasterSecrets;
use exeunt_core::{Moment, RealmId};

pub(super) fn run(bytes: &[u8]) {
    let (realm, made_at) = (RealmId([0xaa; 16]), Moment::from_millis(0));
    let Ok(secrets) = MasterSecrets::parse(&String::from_utf8_lossy(bytes), "a file") else { return };
    let key = SealingKey::new(realm, 7, made_at, [9; 32]).unwrap();
    let wrapped = secrets.wrap_key(&key, [1; 12]).unwrap();
    assert!(!secrets.unwrap_key(realm, 7, made_at, &wrapped).unwrap().outdated);
    assert!(secrets.unwrap_key(realm, 8, made_at, &wrapped).is_err());
    assert!(secrets.unwrap_key(realm, 7, made_at, bytes).is_err(), "nobody stored it");
}
