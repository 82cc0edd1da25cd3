//! Authorization codes.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use exeunt_core::ClientId;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::authority::seal::code::contents::{ANCHORS_MAX, RESOURCES_MAX, SCOPES_MAX};
use crate::authority::seal::code::{CODE_CHARS_MAX, CODE_PREFIX, CodeAnchor, CodeContents, CodePlace};

const CODE: &str = "exc_AQAAAAdkZWZnaGlqa2xtbm_jYQ5QCixgcHzWYtNIA61Qu4PDx9VduoHX6XZjMOXg4Xk35Bb6WOnuUxaPwAURpfVVswztLozHQwbfhhAE\
    shc63-XUXmtsBbS7ACQ2uzdKgMhUVRZstTYkCcuntBR27zTTMegqf8kX0XigiE8K1eHo3uKAHmrjiydGL4DfeKS3NgpDWSd4okglNkQxHZq1_qNfy7kgl9e9DV5_\
    -gSxhMwgh4FbZLKTv7nNX9GRXkdU0lngXx5la-RwbN5I3TNYQ8Q20Vu5lcJL_KZTZqikcRwu1faorACl7NcUSdSA83g2TQ6_VpDT58_n4gwUfEssvqmZ7JfVyKnb\
    qfCetRVAequZ9rmNRIp4FTuDOdS8aoD6levDnBA-a1tjqhOvY4Pl15jNnTK_x9E2NZemcag1b_xmbQx7";

/// SHA-256 of `verifier`.
const CHALLENGE: [u8; 32] = [
    0x88, 0xc9, 0xea, 0xe6, 0x8e, 0xb3, 0x00, 0xb2, 0x97, 0x1a, 0x2b, 0xec, 0x9e, 0x5a, 0x26, 0xff, 0x41,
    0x79, 0xfd, 0x66, 0x1d, 0x6b, 0x7d, 0x86, 0x1e, 0x4c, 0x65, 0x57, 0xb9, 0xaa, 0xee, 0x14,
];

fn contents() -> CodeContents {
    let anchor = |kind, id| CodeAnchor { kind, id: [id; 16] };
    CodeContents {
        session: SESSION,
        place: CodePlace { stamp: 42, batch: Some([0xbb; 16]) },
        anchors: vec![anchor(0, 0xaa), anchor(1, 0xcc), anchor(3, 0x10)],
        code_anchors: vec![anchor(3, 0xdd)],
        authenticated_at: AT,
        idle_secs: 2_592_000,
        absolute_secs: 31_536_000,
        parent: None,
        made_in: Some(SessionId([0xdd; 16])),
        scopes: vec!["openid".to_owned(), "offline_access".to_owned()],
        resources: vec!["https://api.example".to_owned()],
        from: Some(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped()),
        user_agent: Some("curl/8.5".to_owned()),
        client: ClientId([0xcc; 16]),
        incarnation: [0xee; 16],
        redirect: 1,
        challenge: Some(CHALLENGE),
        until: AT.plus_secs(60),
    }
}

fn sealed(contents: &CodeContents) -> Option<String> {
    keys().seal_code(contents, NONCE).map(|code| code.expose().to_owned())
}

#[test]
fn a_code_is_this_text() {
    assert_eq!(sealed(&contents()).as_deref(), Some(CODE));
    assert_eq!(keys().open_code(CODE), Some(contents()));
}

#[test]
fn another_nonce_makes_another_code() {
    let other = keys().seal_code(&contents(), [1; 12]).unwrap();
    assert_ne!(other.expose(), CODE);
    assert_eq!(keys().open_code(other.expose()), Some(contents()));
}

#[test]
fn a_changed_or_cut_code_is_unknown() {
    for changed in bit_flips(CODE) {
        assert_eq!(keys().open_code(&changed), None, "{changed}");
    }
    for cut in truncations(CODE) {
        assert_eq!(keys().open_code(cut), None, "{cut}");
    }
}

#[test]
fn the_key_of_another_realm_number_or_secret_opens_no_code() {
    for other in other_keys() {
        assert_eq!(other.open_code(CODE), None);
    }
}

#[test]
fn only_canonical_codes_are_read() {
    let mut groups = BTreeSet::new();
    for agent in ["a", "ab", "abc"] {
        let contents = CodeContents { user_agent: Some(agent.to_owned()), ..contents() };
        let code = sealed(&contents).unwrap();
        groups.insert((code.len() - CODE_PREFIX.len()) % 4);
        let padded = ["=", "==", " ", "\n"].map(|end| format!("{code}{end}"));
        let changed = [format!(" {code}"), code.replacen("exc_", "exa_", 1), code.replace(['-', '_'], "/")];
        for other in other_ends(&code).chain(padded).chain(changed) {
            assert_eq!(keys().open_code(&other), None, "{other}");
        }
    }
    assert_eq!(groups, [0, 2, 3].into(), "every kind of ending");
}

#[test]
fn a_code_is_over_at_the_exact_millisecond() {
    assert!(!contents().is_over(Moment::from_millis(AT.plus_secs(60).millis() - 1)));
    assert!(contents().is_over(AT.plus_secs(60)));
}

#[test]
fn a_code_is_at_most_2048_characters() {
    let plain = contents().write().unwrap().len();
    let with = |padding: usize| {
        let lengths = [padding.min(500), padding.saturating_sub(500).min(500), padding.saturating_sub(1000)];
        let resources = lengths.iter().map(|length| "r".repeat(*length));
        CodeContents { resources: contents().resources.into_iter().chain(resources).collect(), ..contents() }
    };
    // Each resource has 2 bytes beside its own.
    let longest = 1500 - plain - 6;
    let code = sealed(&with(longest)).unwrap();
    assert_eq!(code.len(), CODE_CHARS_MAX);
    assert_eq!(keys().open_code(&code), Some(with(longest)));
    assert_eq!(sealed(&with(longest + 1)), None);
    assert_eq!(keys().open_code(&format!("{code}AAAA")), None);
}

#[test]
fn lists_and_texts_beyond_their_bounds_are_not_sealed() {
    let anchors = |count| vec![CodeAnchor { kind: 0, id: [0; 16] }; usize::from(count)];
    let texts = |count| vec![String::new(); usize::from(count)];
    let longest = CodeContents {
        anchors: anchors(ANCHORS_MAX),
        code_anchors: anchors(ANCHORS_MAX),
        scopes: texts(SCOPES_MAX),
        resources: texts(RESOURCES_MAX),
        user_agent: Some("a".repeat(256)),
        ..contents()
    };
    assert_eq!(keys().open_code(&sealed(&longest).unwrap()), Some(longest.clone()));
    let over = [
        CodeContents { anchors: anchors(ANCHORS_MAX + 1), ..contents() },
        CodeContents { code_anchors: anchors(ANCHORS_MAX + 1), ..contents() },
        CodeContents { scopes: texts(SCOPES_MAX + 1), ..contents() },
        CodeContents { scopes: vec!["a".repeat(256)], ..contents() },
        CodeContents { resources: texts(RESOURCES_MAX + 1), ..contents() },
        CodeContents { resources: vec!["a".repeat(513)], ..contents() },
        CodeContents { user_agent: Some("a".repeat(257)), ..contents() },
        CodeContents { until: Moment::from_millis(1 << 48), ..contents() },
        CodeContents { authenticated_at: Moment::from_millis(1 << 48), ..contents() },
    ];
    for contents in over {
        assert_eq!(sealed(&contents), None, "{contents:?}");
    }
}

#[test]
fn contents_that_are_cut_short_or_too_long_are_not_read() {
    let bytes = contents().write().unwrap();
    assert_eq!(CodeContents::read(&bytes), Some(contents()));
    for end in 0..bytes.len() {
        assert_eq!(CodeContents::read(&bytes[..end]), None);
    }
    assert_eq!(CodeContents::read(&[&bytes[..], &[0]].concat()), None);
    // The batch is there or not: 1 or 0.
    let mut bytes = bytes;
    bytes[24] = 2;
    assert_eq!(CodeContents::read(&bytes), None);
}

#[test]
fn a_list_of_contents_is_read_within_its_bounds() {
    let none = CodeContents { anchors: Vec::new(), place: CodePlace { stamp: 0, batch: None }, ..contents() };
    let mut bytes = none.write().unwrap();
    let (at, count) = (25, ANCHORS_MAX + 1);
    assert_eq!(bytes[at], 0);
    bytes[at] = count;
    bytes.splice(at + 1..=at, vec![0; usize::from(count) * 17]);
    assert_eq!(CodeContents::read(&bytes), None);
    bytes[at] = ANCHORS_MAX;
    bytes.drain(at + 1..=at + 17);
    assert_eq!(CodeContents::read(&bytes).unwrap().anchors.len(), usize::from(ANCHORS_MAX));
}

fn anchors() -> impl Strategy<Value = Vec<CodeAnchor>> {
    vec(any::<(u8, [u8; 16])>().prop_map(|(kind, id)| CodeAnchor { kind, id }), 0..6)
}

fn moments() -> impl Strategy<Value = Moment> {
    (0..1_u64 << 48).prop_map(Moment::from_millis)
}

prop_compose! {
    fn any_contents()(
        ids: ([u8; 16], [u8; 16], [u8; 16]),
        place: (u64, Option<[u8; 16]>),
        anchors in (anchors(), anchors()),
        times in (moments(), moments()),
        limits: (u32, u32, u16),
        sessions: (Option<[u8; 16]>, Option<[u8; 16]>),
        texts in (vec(".{0,30}", 0..6), vec(".{0,60}", 0..3), option::of(".{0,60}")),
        from in option::of(any::<[u8; 16]>()),
        challenge: Option<[u8; 32]>,
    ) -> CodeContents {
        CodeContents {
            session: SessionId(ids.0),
            place: CodePlace { stamp: place.0, batch: place.1 },
            anchors: anchors.0,
            code_anchors: anchors.1,
            authenticated_at: times.0,
            idle_secs: limits.0,
            absolute_secs: limits.1,
            parent: sessions.0.map(SessionId),
            made_in: sessions.1.map(SessionId),
            scopes: texts.0,
            resources: texts.1,
            from: from.map(Into::into),
            user_agent: texts.2,
            client: ClientId(ids.1),
            incarnation: ids.2,
            redirect: limits.2,
            challenge,
            until: times.1,
        }
    }
}

proptest! {
    #[test]
    fn every_contents_are_read_back(contents in any_contents(), nonce: [u8; 12]) {
        let bytes = contents.write().unwrap();
        prop_assert_eq!(CodeContents::read(&bytes), Some(contents.clone()));
        match keys().seal_code(&contents, nonce) {
            Some(code) => prop_assert_eq!(keys().open_code(code.expose()), Some(contents)),
            None => prop_assert!(bytes.len() > 1500),
        }
    }

    #[test]
    fn bytes_that_are_contents_are_written_as_they_were(contents in any_contents(), at: usize, byte: u8) {
        let mut bytes = contents.write().unwrap();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Some(read) = CodeContents::read(&bytes) {
            prop_assert_eq!(read.write(), Some(bytes));
        }
    }
}
