use exeunt_core::Why;
use http::header::RETRY_AFTER;
use proptest::prelude::*;

use super::*;
use crate::dialect::oauth::scope::Scopes;
use crate::error::{DeadReason, ThrottleRefusal, Throttled, Unavailability};
use crate::http::Body;

fn body(response: Response) -> String {
    let Body::Whole(whole) = response.body else { panic!("an error is no stream") };
    String::from_utf8(whole.to_vec()).unwrap()
}

/// OA-09.
#[test]
fn oa_09_each_kind_has_its_word_and_status() {
    let throttle = ThrottleRefusal { who: Throttled::Address, retry_after_secs: 7 };
    for (kind, status, word, retry) in [
        (Kind::Malformed("scope"), 400, "invalid_request", None),
        (Kind::Unauthenticated, 401, "invalid_client", None),
        (Kind::Dead(DeadReason::Unknown), 400, "invalid_grant", None),
        (Kind::Dead(DeadReason::Expired), 400, "invalid_grant", None),
        (Kind::Dead(DeadReason::Ended(Why::Reuse)), 400, "invalid_grant", None),
        (Kind::Forbidden, 400, "unauthorized_client", None),
        (Kind::NotFound, 400, "invalid_request", None),
        (Kind::Conflict("client_id"), 400, "invalid_request", None),
        (Kind::Unsupported, 405, "invalid_request", None),
        (Kind::TooMany(throttle), 429, "temporarily_unavailable", Some("7")),
        (Kind::Unavailable(Unavailability::Refused), 503, "temporarily_unavailable", Some("1")),
        (Kind::Unavailable(Unavailability::Unknown), 503, "temporarily_unavailable", Some("1")),
        (Kind::Internal, 500, "server_error", None),
    ] {
        let response = render(&Error::new(kind, "text"));
        assert_eq!(
            (response.status.as_u16(), response.headers.one(&RETRY_AFTER)),
            (status, retry),
            "{kind:?}"
        );
        assert_eq!(response.headers.one(&CACHE_CONTROL), Some("no-store"), "OA-08 {kind:?}");
        assert_eq!(response.headers.has(&WWW_AUTHENTICATE), status == 401, "{kind:?}");
        assert!(
            body(response).starts_with(&format!("{{\"error\":\"{word}\",\"error_description\":\"")),
            "{kind:?}"
        );
    }
}

/// RTR-14: one body, whatever ended the grant.
#[test]
fn rtr_14_every_dead_grant_has_the_same_body() {
    let bodies = [
        DeadReason::Unknown,
        DeadReason::Expired,
        DeadReason::Ended(Why::Reuse),
        DeadReason::Ended(Why::LoggedOut),
        DeadReason::Ended(Why::UserDeleted),
    ]
    .map(|reason| body(render(&Error::dead(reason))));
    assert!(bodies.windows(2).all(|two| two[0] == two[1]), "{bodies:?}");
}

#[test]
fn oa_09_a_401_says_that_basic_is_accepted() {
    let response = OAuthError::new(ErrorCode::InvalidClient, "wrong").response();
    assert_eq!(response.headers.one(&WWW_AUTHENTICATE), Some("Basic realm=\"exeunt\""));
    assert_eq!(body(response), r#"{"error":"invalid_client","error_description":"wrong"}"#);
}

#[test]
fn every_word_is_its_own() {
    let mut words = ErrorCode::ALL.map(ErrorCode::word).to_vec();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), ErrorCode::ALL.len());
    assert!(ErrorCode::ALL.iter().all(|code| code.status().as_u16() >= 400));
}

#[test]
fn the_log_text_is_not_told() {
    let response = render(&Error::internal("the disk is on fire"));
    assert_eq!(response.log_fields.private.as_deref(), Some("the disk is on fire"));
    assert!(!body(response).contains("fire"));
}

#[test]
fn oa_21_a_challenge_has_an_error_only_if_a_token_was_presented() {
    let scopes = Scopes::parse("b a").unwrap();
    for (challenge, status, header) in [
        (Challenge::Missing, 401, "Bearer realm=\"exeunt\""),
        (Challenge::InvalidRequest, 400, "Bearer realm=\"exeunt\", error=\"invalid_request\""),
        (Challenge::InvalidToken, 401, "Bearer realm=\"exeunt\", error=\"invalid_token\""),
        (
            Challenge::InsufficientScope(&scopes),
            403,
            "Bearer realm=\"exeunt\", error=\"insufficient_scope\", scope=\"a b\"",
        ),
    ] {
        assert_eq!((challenge.status().as_u16(), &*challenge.header()), (status, header));
    }
}

proptest! {
    #[test]
    fn oa_10_a_description_has_only_the_allowed_characters(text in any::<String>()) {
        let description = OAuthError::invalid_request(text).description();
        let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        prop_assert!(description.bytes().all(allowed), "{description:?}");
    }
}
