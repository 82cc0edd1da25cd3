//! A sealed token that is opened is the one text of its sentence, and a sentence is read back as it was sealed.

use std::sync::Arc;

use exeunt::authority::seal::token::{Binding, Sealed, SealedText, TokenUse};
use exeunt::authority::seal::{SealingKey, SealingKeys};
use exeunt_core::{Moment, RealmId, SessionId};

pub(super) fn run(bytes: &[u8]) {
    let key = SealingKey::new(RealmId([0xaa; 16]), 7, Moment::from_millis(0), [9; 32]).unwrap();
    let keys = SealingKeys::new(vec![Arc::new(key)]).unwrap();
    if let Some(opened) = SealedText::read(&String::from_utf8_lossy(bytes)).and_then(|text| text.open(&keys))
    {
        let again = keys.seal_token(&opened).unwrap();
        assert_eq!(again.expose().as_bytes(), bytes);
    }
    let sealed = sentence(bytes);
    let text = keys.seal_token(&sealed).unwrap();
    assert_eq!(SealedText::read(text.expose()).unwrap().open(&keys), Some(sealed));
    let mut changed = text.expose().as_bytes().to_vec();
    let at = usize::from(bytes.first().copied().unwrap_or_default()) % changed.len();
    changed[at] ^= 1;
    let changed = String::from_utf8(changed).unwrap();
    assert!(SealedText::read(&changed).and_then(|text| text.open(&keys)).is_none());
}

/// A sentence made of these bytes.
fn sentence(bytes: &[u8]) -> Sealed {
    let mut bytes = bytes.iter().copied().chain(std::iter::repeat(0));
    let mut next = || bytes.next().unwrap_or_default();
    Sealed {
        key: 7,
        token_use: TokenUse::ALL[usize::from(next() % 3)],
        binding: (next() % 2 == 1).then(|| Binding::Jwk([next(); 32])),
        session: SessionId(std::array::from_fn(|_| next())),
        generation: u32::from_be_bytes(std::array::from_fn(|_| next())),
        at: Moment::from_millis(u64::from_be_bytes(std::array::from_fn(|_| next())) >> 16),
        secs: u32::from_be_bytes(std::array::from_fn(|_| next())),
        scopes: u64::from_be_bytes(std::array::from_fn(|_| next())),
        resource: next(),
    }
}
