//! Sealed tokens.

use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::authority::seal::token::{BOUND_TOKEN_CHARS, Binding, Sealed, SealedText, TOKEN_CHARS, TokenUse};

const ACCESS: Sealed = Sealed {
    key: 7,
    session: SESSION,
    token_use: TokenUse::Access,
    generation: 3,
    at: AT,
    secs: 600,
    scopes: 0b101,
    resource: 1,
    binding: None,
};

fn seal(sealed: &Sealed) -> String {
    keys().seal_token(sealed).unwrap().expose().to_owned()
}

fn open(keys: &SealingKeys, text: &str) -> Option<Sealed> {
    SealedText::read(text)?.open(keys)
}

#[test]
fn tokens_are_these_texts() {
    let refresh = Sealed {
        token_use: TokenUse::Refresh,
        generation: 4,
        secs: 0,
        scopes: u64::MAX,
        resource: 0,
        ..ACCESS
    };
    let browser = Sealed {
        token_use: TokenUse::Browser,
        generation: 0,
        secs: 86_400,
        scopes: 0,
        resource: 0,
        ..ACCESS
    };
    let bound = Sealed {
        generation: u32::MAX,
        secs: u32::MAX,
        scopes: 1 << 63,
        resource: 255,
        binding: Some(Binding::Jwk([0x5c; 32])),
        ..ACCESS
    };
    let known = [
        (ACCESS, "exa_AQAAAAcQERITFBUWFxgZGhscHR4fAAAAAwGjGFxQewAAAlgAAAAAAAAABQGu7Davz4djZxGxx3bVIYJJ"),
        (refresh, "exr_AQAAAAcQERITFBUWFxgZGhscHR4fAAAABAGjGFxQewAAAAD__________wCisc7M01iSZqrAbU0kibFw"),
        (browser, "exb_AQAAAAcQERITFBUWFxgZGhscHR4fAAAAAAGjGFxQewABUYAAAAAAAAAAAAC5oRcV46EUxOMpb2wJamHw"),
        (
            bound,
            "exa_AgAAAAcQERITFBUWFxgZGhscHR4f_____wGjGFxQe_____-AAAAAAAAAAP8BXFxcXFxcXFxcXFxcXFxcXFxcXFxc\
             XFxcXFxcXFxcXFxsMecqX5Zv0REhxEYcVrS6",
        ),
    ];
    for (sealed, text) in known {
        assert_eq!(seal(&sealed), text);
        assert_eq!(open(&keys(), text), Some(sealed));
    }
}

#[test]
fn a_text_names_its_session_and_use_before_it_is_opened() {
    let text = SealedText::read(&seal(&ACCESS)).unwrap();
    assert_eq!((text.session(), text.token_use()), (SESSION, TokenUse::Access));
}

#[test]
fn a_changed_or_cut_text_is_unknown() {
    for binding in [None, Some(Binding::Jwk([9; 32]))] {
        let text = seal(&Sealed { binding, ..ACCESS });
        assert!(bit_flips(&text).count() > 500);
        for changed in bit_flips(&text) {
            assert_eq!(open(&keys(), &changed), None, "{changed}");
        }
        for cut in truncations(&text) {
            assert!(SealedText::read(cut).is_none(), "{cut}");
        }
    }
}

#[test]
fn the_key_of_another_realm_number_or_secret_opens_nothing() {
    for other in other_keys() {
        assert_eq!(open(&other, &seal(&ACCESS)), None);
    }
}

#[test]
fn another_prefix_makes_a_token_unknown() {
    let text = seal(&ACCESS);
    for prefix in ["exr_", "exb_", "exs_", "exk_", "exc_", "EXA_", "exa-", ""] {
        assert_eq!(open(&keys(), &text.replacen("exa_", prefix, 1)), None, "{prefix}");
    }
}

#[test]
fn only_canonical_texts_are_read() {
    let text = seal(&ACCESS);
    let with_dash = seal(&Sealed { scopes: u64::MAX, ..ACCESS });
    let others = [
        format!("{text}="),
        format!("{text}=="),
        format!(" {text}"),
        format!("{text}\n"),
        format!("{}=", &text[..TOKEN_CHARS - 1]),
        format!("{}é", &text[..TOKEN_CHARS - 2]),
        with_dash.replace('_', "/").replacen("exa/", "exa_", 1),
        "é".repeat(TOKEN_CHARS / 2),
        format!("exa_{}", "A".repeat(TOKEN_CHARS - 4)),
        String::new(),
    ];
    for other in others {
        assert_eq!(open(&keys(), &other), None, "{other}");
    }
}

#[test]
fn a_token_is_over_at_the_exact_millisecond() {
    let end = AT.plus_secs(600);
    assert!(!ACCESS.is_over(Moment::from_millis(end.millis() - 1)));
    assert!(ACCESS.is_over(end));
    assert!(!Sealed { secs: 0, ..ACCESS }.is_over(Moment::from_millis(u64::MAX)));
}

#[test]
fn what_has_no_form_is_not_sealed() {
    assert!(keys().seal_token(&Sealed { key: 8, ..ACCESS }).is_none());
    assert!(keys().seal_token(&Sealed { at: Moment::from_millis(1 << 48), ..ACCESS }).is_none());
}

#[test]
fn a_token_of_an_older_key_is_opened_and_sealed_again_after_a_rotation() {
    let rotated = SealingKeys::new(vec![key(REALM, 7, 0, secret()), key(REALM, 8, 30, [5; 32])]).unwrap();
    let text = seal(&ACCESS);
    assert_eq!(open(&rotated, &text), Some(ACCESS));
    assert_eq!(rotated.seal_token(&ACCESS).unwrap().expose(), text);
}

prop_compose! {
    fn sentences()(
        session: [u8; 16],
        token_use in proptest::sample::select(TokenUse::ALL.to_vec()),
        numbers: (u32, u32, u64, u8),
        millis in 0..1_u64 << 48,
        binding in option::of(any::<[u8; 32]>()),
    ) -> Sealed {
        let (generation, secs, scopes, resource) = numbers;
        let (session, at) = (SessionId(session), Moment::from_millis(millis));
        let binding = binding.map(Binding::Jwk);
        Sealed { key: 7, session, token_use, generation, at, secs, scopes, resource, binding }
    }
}

proptest! {
    #[test]
    fn every_sentence_is_read_back(sealed in sentences()) {
        let text = seal(&sealed);
        let chars = if sealed.binding.is_some() { BOUND_TOKEN_CHARS } else { TOKEN_CHARS };
        prop_assert_eq!(text.len(), chars);
        prop_assert_eq!(open(&keys(), &text), Some(sealed));
    }

    #[test]
    fn two_sentences_are_two_texts(one in sentences(), other in sentences()) {
        prop_assert_eq!(one == other, seal(&one) == seal(&other));
    }

    #[test]
    fn a_text_that_nobody_sealed_is_unknown(text in "ex[arb]_[A-Za-z0-9_-]{80}") {
        prop_assert_eq!(open(&keys(), &text), None);
    }
}
