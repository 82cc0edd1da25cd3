use super::*;

fn key(number: u8) -> Key {
    Key {
        id: KeyId([number; 16]),
        name: String::new(),
        role: Role::Admin,
        realm: None,
        fingerprint: Fingerprint([number; 32]),
        created_at: Moment::from_secs(0),
    }
}

#[test]
fn a_key_that_is_gone_from_the_store_goes_and_one_made_meanwhile_stays() {
    let keys = Keys::default();
    keys.put(&keys.given, key(9));
    [key(1), key(2)].into_iter().for_each(|key| keys.put(&keys.stored, key));
    let known = keys.known();
    keys.put(&keys.stored, key(3));
    // Read from the store before the third was created there; the first has been removed from it.
    keys.align(&known, vec![key(2), key(4)]);
    let opens = |number: u8| keys.find(&Fingerprint([number; 32])).is_some();
    assert_eq!([1, 2, 3, 4, 9].map(opens), [false, true, true, true, true]);
}
