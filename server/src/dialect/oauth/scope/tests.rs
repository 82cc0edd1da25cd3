use proptest::prelude::*;

use super::*;

fn scopes(text: &str) -> Scopes {
    if text.is_empty() { Scopes::default() } else { Scopes::parse(text).unwrap() }
}

#[test]
fn they_are_sorted_and_without_repetition() {
    assert_eq!(scopes("write read write").to_string(), "read write");
    assert_eq!(scopes("b a"), scopes("a b"));
    assert_ne!(scopes("Read"), scopes("read"));
    assert_eq!(scopes("a").len(), 1);
}

#[test]
fn every_letter_is_judged() {
    for letter in '\0'..='\u{ff}' {
        let is_token = matches!(letter, '\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
        let read = Scopes::parse(&format!("a{letter}b"));
        match letter {
            ' ' => assert_eq!(read.map(|all| all.len()), Ok(2)),
            _ if is_token => assert_eq!(read.map(|all| all.len()), Ok(1)),
            _ => assert_eq!(read, Err(ScopeFault::Character), "{letter:?}"),
        }
    }
}

#[test]
fn spaces_are_single_and_between() {
    for text in ["", " ", " a", "a ", "a  b"] {
        assert_eq!(Scopes::parse(text), Err(ScopeFault::Spaces), "{text:?}");
    }
}

#[test]
fn there_are_bounds() {
    assert!(Scopes::parse(&"a".repeat(SCOPE_BYTES_MAX)).is_ok());
    assert_eq!(Scopes::parse(&"a".repeat(SCOPE_BYTES_MAX + 1)), Err(ScopeFault::TooLong));
    let many = |count: usize| (0..count).map(|it| it.to_string()).collect::<Vec<_>>().join(" ");
    assert!(Scopes::parse(&many(SCOPES_MAX)).is_ok());
    assert_eq!(Scopes::parse(&many(SCOPES_MAX + 1)), Err(ScopeFault::TooMany));
    assert!(ScopeFault::TooLong.text().contains(&SCOPE_BYTES_MAX.to_string()));
    assert!(ScopeFault::TooMany.text().contains(&SCOPES_MAX.to_string()));
}

#[test]
fn without_a_scope_it_is_what_the_client_has_but_offline_access() {
    let registered = scopes("offline_access read write");
    assert_eq!(asked(None, &registered), Ok(scopes("read write")));
    assert_eq!(asked(Some("read"), &registered), Ok(scopes("read")));
    assert_eq!(asked(Some("offline_access"), &registered), Ok(scopes("offline_access")));
}

#[test]
fn a_scope_that_is_not_the_clients_is_refused() {
    let registered = scopes("read write");
    for text in ["admin", "read admin", "offline_access", "READ", "", "read  write", "r\u{e9}ad"] {
        let refused = asked(Some(text), &registered).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidScope, "{text:?}");
    }
}

#[test]
fn oa_13_a_refresh_narrows_and_never_widens() {
    let (granted, registered) = (scopes("read write"), scopes("admin read write"));
    assert_eq!(narrowed(None, &granted, &registered), Ok(granted.clone()));
    assert_eq!(narrowed(Some("read"), &granted, &registered), Ok(scopes("read")));
    for text in ["admin", "admin read", "offline_access", "else", "read "] {
        let refused = narrowed(Some(text), &granted, &registered).unwrap_err();
        assert_eq!(refused.code(), ErrorCode::InvalidScope, "{text:?}");
    }
}

#[test]
fn what_a_client_lost_is_not_in_its_next_token() {
    let (granted, left) = (scopes("read write"), scopes("read"));
    assert_eq!(narrowed(None, &granted, &left), Ok(scopes("read")));
    assert_eq!(narrowed(Some("read write"), &granted, &left), Ok(scopes("read")));
    assert_eq!(narrowed(Some("write"), &granted, &left), Ok(Scopes::default()));
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(text in "[!-~ ]{0,40}") {
        if let Ok(read) = Scopes::parse(&text) {
            prop_assert_eq!(&Scopes::parse(&read.to_string()), &Ok(read.clone()));
            let stored = serde_json::to_string(&read).unwrap();
            prop_assert_eq!(serde_json::from_str::<Scopes>(&stored).unwrap(), read);
        }
    }

    #[test]
    fn no_answer_has_more_than_the_client(text in "([a-d] ){0,3}[a-d]", granted in "[a-d] [a-d]", left in "[a-d] [a-d]") {
        let (granted, left) = (scopes(&granted), scopes(&left));
        if let Ok(given) = asked(Some(&text), &left) {
            prop_assert!(given.are_within(&left));
        }
        if let Ok(given) = narrowed(Some(&text), &granted, &left) {
            prop_assert!(given.are_within(&left) && given.are_within(&granted));
        }
    }
}
