//! Sealed values of pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::authority::seal::value::{VALUE_BYTES_MAX, ValuePurpose};

const WAY_BACK: &str = "AQAAAAcBoxhcUHsvb2F1dGgvYXV0aG9yaXplP2E9YrllLXN8ssVpjDz_4YL-AAo";
const BEFORE: Moment = Moment::from_millis(AT.millis() - 1);

fn seal(purpose: ValuePurpose, bound_to: &[u8], value: &[u8]) -> String {
    keys().seal_value(purpose, bound_to, value, AT).unwrap().expose().to_owned()
}

#[test]
fn values_are_these_texts() {
    let with_generation = [&SESSION.0[..], &[0, 0, 0, 3]].concat();
    let known = [
        (ValuePurpose::WayBack, &[][..], &b"/oauth/authorize?a=b"[..], WAY_BACK),
        (ValuePurpose::Form, &SESSION.0, b"", "AQAAAAcBoxhcUHvHEL_iK-uMNqn7LjfBkF7R"),
        (ValuePurpose::Proof, &with_generation, b"request", "AQAAAAcBoxhcUHtyZXF1ZXN0P1kfzIcOn3VPjFrJvMf-Qg"),
    ];
    for (purpose, bound_to, value, text) in known {
        assert_eq!(seal(purpose, bound_to, value), text);
        assert_eq!(keys().open_value(purpose, bound_to, text, BEFORE).as_deref(), Some(value));
    }
}

#[test]
fn a_value_is_over_at_the_exact_millisecond() {
    assert!(keys().open_value(ValuePurpose::WayBack, b"", WAY_BACK, BEFORE).is_some());
    assert!(keys().open_value(ValuePurpose::WayBack, b"", WAY_BACK, AT).is_none());
}

#[test]
fn a_value_of_another_purpose_binding_or_key_is_unknown() {
    for purpose in [ValuePurpose::Form, ValuePurpose::Proof] {
        assert_eq!(keys().open_value(purpose, b"", WAY_BACK, BEFORE), None);
    }
    assert_eq!(keys().open_value(ValuePurpose::WayBack, b"/", WAY_BACK, BEFORE), None);
    for other in other_keys() {
        assert_eq!(other.open_value(ValuePurpose::WayBack, b"", WAY_BACK, BEFORE), None);
    }
}

#[test]
fn bytes_do_not_move_from_the_binding_into_the_value() {
    let text = seal(ValuePurpose::Form, b"ab", b"c");
    let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
    bytes.insert(11, b'b');
    let moved = URL_SAFE_NO_PAD.encode(&bytes);
    assert_eq!(keys().open_value(ValuePurpose::Form, b"ab", &text, BEFORE).as_deref(), Some(&b"c"[..]));
    assert_eq!(keys().open_value(ValuePurpose::Form, b"a", &moved, BEFORE), None);
}

#[test]
fn a_changed_or_cut_value_is_unknown() {
    for changed in bit_flips(WAY_BACK) {
        assert_eq!(keys().open_value(ValuePurpose::WayBack, b"", &changed, BEFORE), None, "{changed}");
    }
    for cut in truncations(WAY_BACK) {
        assert_eq!(keys().open_value(ValuePurpose::WayBack, b"", cut, BEFORE), None, "{cut}");
    }
}

#[test]
fn only_canonical_values_are_read() {
    for value in ["x", "xy", "xyz"] {
        let text = seal(ValuePurpose::Form, b"", value.as_bytes());
        let padded = ["=", "==", " ", "\n"].map(|end| format!("{text}{end}"));
        for other in other_ends(&text).chain(padded).chain([format!(" {text}")]) {
            assert_eq!(keys().open_value(ValuePurpose::Form, b"", &other, BEFORE), None, "{other}");
        }
    }
}

#[test]
fn a_value_is_at_most_8192_bytes() {
    let longest = vec![b'a'; VALUE_BYTES_MAX];
    let text = seal(ValuePurpose::WayBack, b"", &longest);
    assert_eq!(keys().open_value(ValuePurpose::WayBack, b"", &text, BEFORE), Some(longest));
    assert!(keys().seal_value(ValuePurpose::WayBack, b"", &[0; VALUE_BYTES_MAX + 1], AT).is_none());
    assert!(keys().open_value(ValuePurpose::WayBack, b"", &"A".repeat(100_000), BEFORE).is_none());
}

proptest! {
    #[test]
    fn every_value_is_read_back(
        purpose in proptest::sample::select(ValuePurpose::ALL.to_vec()),
        bound_to in vec(any::<u8>(), 0..40),
        value in vec(any::<u8>(), 0..200),
        other in vec(any::<u8>(), 0..40),
    ) {
        let text = seal(purpose, &bound_to, &value);
        prop_assert_eq!(keys().open_value(purpose, &bound_to, &text, BEFORE), Some(value));
        prop_assert_eq!(keys().open_value(purpose, &other, &text, BEFORE).is_some(), bound_to == other);
    }
}
