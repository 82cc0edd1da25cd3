//! Sealing keys under a master secret.

use super::*;
use crate::authority::seal::at_rest::{MasterSecrets, Unwrapped, WRAPPED_BYTES};
use crate::error::{Error, Kind};

/// The bytes 200, 201, … 231, which `HEX`, `BASE64` and `BASE64_URL` stand for.
const HEX: &str = "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7";
const BASE64: &str = "yMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5uc=";
const BASE64_URL: &str = "yMnKy8zNzs_Q0dLT1NXW19jZ2tvc3d7f4OHi4-Tl5uc";
const OTHER: &str = "0101010101010101010101010101010101010101010101010101010101010101";
const WRAPPED: &str = "016465666768696a6b6c6d6e6f296b564e5627089cbdbb55ef152721bcc27fe17e65cc6ab1bcd4765bfc5f28085fb1923e74056ef862a6cb885444673b";

fn secrets(text: &str) -> MasterSecrets {
    MasterSecrets::parse(text, "EXEUNT_SECRET_KEY").unwrap()
}

fn wrapped() -> Vec<u8> {
    (0..WRAPPED.len()).step_by(2).map(|at| u8::from_str_radix(&WRAPPED[at..at + 2], 16).unwrap()).collect()
}

fn unwrap(secrets: &MasterSecrets, bytes: &[u8]) -> Result<Unwrapped, Error> {
    secrets.unwrap_key(REALM, 7, AT, bytes)
}

fn refusal<T>(result: Result<T, Error>) -> String {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), Kind::Malformed("secret_key"));
    error.public().to_owned()
}

#[test]
fn a_stored_key_is_these_bytes() {
    for text in
        [HEX, &HEX.to_uppercase(), BASE64, BASE64_URL, BASE64.trim_end_matches('='), &format!(" {HEX}\n")]
    {
        assert_eq!(secrets(text).wrap_key(&key(REALM, 7, 0, secret()), NONCE).unwrap(), wrapped(), "{text}");
        let unwrapped = unwrap(&secrets(text), &wrapped()).unwrap();
        assert_eq!(**unwrapped.key.secret(), secret());
        assert_eq!((unwrapped.key.realm(), unwrapped.key.number(), unwrapped.key.made_at()), (REALM, 7, AT));
        assert!(!unwrapped.outdated);
    }
    assert_eq!(wrapped().len(), WRAPPED_BYTES);
}

#[test]
fn while_a_secret_is_replaced_the_first_encrypts_and_both_decrypt() {
    let both = secrets(&format!("{OTHER},{HEX}"));
    let unwrapped = unwrap(&both, &wrapped()).unwrap();
    assert!(unwrapped.outdated, "it is under the second secret");
    let again = both.wrap_key(&unwrapped.key, NONCE).unwrap();
    assert!(!unwrap(&both, &again).unwrap().outdated);
    assert!(unwrap(&secrets(OTHER), &again).is_ok());
    assert!(unwrap(&secrets(HEX), &again).is_err());
}

#[test]
fn a_key_of_another_secret_realm_or_number_is_refused() {
    let text = refusal(unwrap(&secrets(OTHER), &wrapped()));
    assert!(text.contains("EXEUNT_SECRET_KEY: found 1 secret,") && text.contains("rotate --now"), "{text}");
    assert!(!text.contains(OTHER), "{text}");
    let secrets = secrets(HEX);
    refusal(secrets.unwrap_key(RealmId([0xab; 16]), 7, AT, &wrapped()));
    refusal(secrets.unwrap_key(REALM, 8, AT, &wrapped()));
}

#[test]
fn changed_or_cut_bytes_are_refused() {
    let secrets = secrets(HEX);
    for bit in 0..WRAPPED_BYTES * 8 {
        let mut bytes = wrapped();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refusal(unwrap(&secrets, &bytes));
    }
    for end in 0..WRAPPED_BYTES {
        refusal(unwrap(&secrets, &wrapped()[..end]));
    }
    let text = refusal(unwrap(&secrets, &[wrapped(), vec![0]].concat()));
    assert!(text.contains("a form that this version does not know (62 bytes"), "{text}");
}

#[test]
fn other_texts_are_no_secrets_and_are_not_quoted() {
    let trailing = BASE64_URL.replace("uc", "ud");
    let wrong = [
        ("", "found nothing"),
        (" , ", "found nothing"),
        (&HEX[1..], "found a first secret of 63 characters"),
        (&HEX.replace('c', "x"), "found a first secret of 64 characters"),
        (&HEX.replace("c8", "é"), "found a first secret of 63 characters"),
        (&BASE64.replace('/', "*"), "found a first secret of 44 characters"),
        (&BASE64[1..], "found a first secret of 43 characters"),
        (&trailing, "found a first secret of 43 characters"),
        (&format!("{BASE64}="), "found a first secret of 45 characters"),
        (&format!("{HEX},short"), "found a second secret of 5 characters"),
        (&format!("{HEX},{HEX},{HEX}"), "found 3 secrets"),
    ];
    for (given, found) in wrong {
        let text = refusal(MasterSecrets::parse(given, "EXEUNT_SECRET_KEY"));
        assert!(text.starts_with(&format!("EXEUNT_SECRET_KEY: {found}, expected")), "{given}: {text}");
        assert!(text.contains("openssl rand -hex 32"), "{text}");
        assert!(given.len() < 40 || !text.contains(given), "{text}");
    }
}
