use exeunt_core::{Moment, RealmId, UserId};

use super::*;
use crate::authority::user::blank;
use crate::error::Kind;

fn user() -> User {
    User {
        username: Some("Jos\u{e9}phine".to_owned()),
        email: Some("J.Martin+shop@example.org".to_owned()),
        first_name: "Jos\u{e9}".to_owned(),
        last_name: "Stra\u{df}er".to_owned(),
        ..blank(UserId([1; 16]), RealmId([2; 16]), Moment::from_millis(0))
    }
}

fn refused(password: &str, user: &User) -> Option<String> {
    let error = must_be_hard_to_guess(&Password::new(password), user).err()?;
    assert_eq!(error.kind(), Kind::Malformed("password"));
    // "password" itself occurs in the error text.
    assert!(password.len() < 9 || !error.public().contains(password), "{}", error.public());
    Some(error.public().to_owned())
}

#[test]
fn what_everybody_tries_first_is_refused_in_any_case() {
    for password in [
        "password",
        "12345678",
        "123456789",
        "1234567890",
        "qwertyuiop",
        "iloveyou",
        "sunshine",
        "princess",
        "football",
        "baseball",
        "trustno1",
        "letmein1",
        "welcome1",
        "password1",
        "Password1",
        "PASSWORD1",
        "passw0rd",
        "P@ssw0rd",
        "1q2w3e4r",
        "1qaz2wsx",
        "qwerty123",
        "abcd1234",
        "11111111",
        "00000000",
        "87654321",
        "aaaaaaaa",
        "superman",
        "starwars",
        "jennifer",
        "michelle",
        "  password ",
        "\u{ff50}\u{ff41}\u{ff53}\u{ff53}word",
    ] {
        assert!(refused(password, &user()).is_some_and(|text| text.contains("most common")), "{password}");
    }
}

#[test]
fn names_of_the_user_are_refused_in_any_case_and_form() {
    for (password, field) in [
        ("xjos\u{e9}phinex", "username"),
        ("JOSE\u{301}PHINE-1", "username"),
        ("my j.martin+SHOP@example.org", "email"),
        ("secret J.MARTIN+shop!", "email"),
        ("horse Jos\u{e9} battery", "first_name"),
        ("\u{ff4a}\u{ff4f}\u{ff53}\u{ff45}\u{301} and a horse", "first_name"),
        ("correct STRASSER horse", "last_name"),
    ] {
        let said = refused(password, &user()).unwrap_or_default();
        assert!(said.contains(&format!("the user's {field}")), "{password}: {said}");
    }
}

#[test]
fn names_of_three_characters_and_parts_of_names_are_not_looked_for() {
    let mut user = user();
    for password in ["correct horse", "exit, pursued by a bear", "jo and the martin", "example.org is mine"] {
        assert_eq!(refused(password, &user), None, "{password}");
    }
    user.username = Some("bob".to_owned());
    user.email = Some("bob@example.org".to_owned());
    assert_eq!(refused("correct bob battery", &user), None);
    assert!(refused("correct bob@example.org", &user).is_some());
    user.username = Some("bobb".to_owned());
    assert!(refused("correct bobb battery", &user).is_some());
}
