use exeunt_core::{RealmId, UserId};
use proptest::prelude::*;

use super::*;
use crate::error::Kind;

fn query(text: &str) -> Query {
    Query::read(Some(text)).unwrap()
}

fn refused(content_type: Option<&str>, body: &str) -> String {
    let error = Credentials::read(content_type, &Bytes::copy_from_slice(body.as_bytes())).err().unwrap();
    assert!(matches!(error.kind(), Kind::Malformed(_)));
    error.public().to_owned()
}

fn user() -> User {
    User {
        id: UserId([0xab; 16]),
        realm: RealmId([0; 16]),
        number: 1,
        username: Some("usernameeee".to_owned()),
        email: None,
        account_number: Some("7".to_owned()),
        password: None,
        first_name: String::new(),
        last_name: String::new(),
        data: Map::new(),
        disabled: false,
        deleted: false,
        created_at: Moment::from_millis(1_609_066_725_000),
        updated_at: Moment::from_millis(1_609_066_725_078),
        version: 1,
    }
}

#[test]
fn a_flag_is_true_or_absent() {
    let all = query("key=k&login=true&logout=true&dataOnly=true&noATCookie=true");
    assert_eq!(
        all,
        Query { key: Some("k".to_owned()), login: true, logout: true, data_only: true, no_cookie: true }
    );
    let none = query("login=1&logout=True&dataOnly=&noATCookie=true%20&Login=true");
    assert_eq!(none, Query::default());
    assert!(query("login=false&login=true").login);
}

#[test]
fn a_missing_key_is_not_a_wrong_one() {
    assert_eq!(query("").key, None);
    assert_eq!(query("key=").key, None);
    assert_eq!(query("key").key, None);
    assert_eq!(query("key=a&key=a").key.as_deref(), Some(NOTHING));
    assert_eq!(query("key=%ff").key.as_deref(), Some(NOTHING));
}

#[test]
fn credentials_are_a_name_and_a_password() {
    let read =
        |text| Credentials::read(Some("Application/JSON; charset=utf-8"), &Bytes::from_static(text)).unwrap();
    let by_name = read(br#"{"username":"ada","password":"secret","age":7}"#);
    assert_eq!(by_name.identifier, Identifier::Username("ada".to_owned()));
    assert_eq!(by_name.password.expose(), Some("secret"));
    assert_eq!(Value::from(by_name.further).to_string(), r#"{"age":7}"#);
    let by_mail = read(br#"{"email":"ada@x.example","username":"","password":"secret"}"#);
    assert_eq!(by_mail.identifier, Identifier::Email("ada@x.example".to_owned()));
}

#[test]
fn anything_else_is_refused_with_its_reason() {
    let json = Some("application/json");
    for wrong_type in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("application/jsonx"),
    ] {
        assert_eq!(refused(wrong_type, "{}"), "Content-Type must be application/json");
    }
    for (body, reason) in [
        ("", "The body is empty"),
        (" ", "The body is not a JSON object"),
        ("[]", "The body is not a JSON object"),
        ("{\"username\":\"a\"", "The body is not a JSON object"),
        ("{\"username\":\"\\ud800\"}", "The body is not a JSON object"),
        ("{}", "username or email is missing"),
        ("{\"username\":\"\",\"password\":\"p\"}", "username or email is missing"),
        ("{\"username\":\"a\",\"email\":\"b\",\"password\":\"p\"}", "username and email exclude each other"),
        ("{\"username\":\"a\"}", "password is missing"),
        ("{\"username\":\"a\",\"password\":\"\"}", "password is missing"),
        ("{\"username\":5,\"password\":\"p\"}", "username must be a string"),
        ("{\"username\":\"a\",\"email\":null,\"password\":\"p\"}", "email must be a string"),
        ("{\"username\":\"a\",\"password\":[\"p\"]}", "password must be a string"),
    ] {
        assert_eq!(refused(json, body), reason, "{body}");
    }
}

#[test]
fn a_record_as_documented() {
    let text = |record| serde_json::to_string(&record).unwrap();
    let wanted = concat!(
        r#"{"uniqueId":"abababababababababababababababab","data":{"username":"usernameeee"},"#,
        r#""createdAt":"2020-12-27T10:58:45.000Z","updatedAt":"2020-12-27T10:58:45.078Z"}"#,
    );
    assert_eq!(text(record(&user())), wanted);
}

#[test]
fn no_data_poses_as_a_name_or_a_password() {
    let Value::Object(data) =
        serde_json::json!({"username": "root", "email": "x@y", "password": "p", "age": 7})
    else {
        unreachable!()
    };
    let shown = Value::from(record(&User { data, ..user() }).data);
    assert_eq!(shown, serde_json::json!({"username": "usernameeee", "age": 7}));
}

#[test]
fn the_end_of_time_has_a_form() {
    assert!(time(Moment::from_millis(u64::MAX)).starts_with("9999-12-"));
    assert_eq!(time(Moment::from_millis(0)), "1970-01-01T00:00:00.000Z");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(text in ".{0,200}", body in any::<Vec<u8>>()) {
        drop(Query::read(Some(&text)));
        drop(Credentials::read(Some("application/json"), &Bytes::from(body)));
    }
}
