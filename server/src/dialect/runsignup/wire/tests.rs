use super::*;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

fn profile() -> Profile {
    Profile {
        user_id: 7,
        first_name: "=Ann".to_owned(),
        last_name: "O<Hara".to_owned(),
        email: "ann@example.org".to_owned(),
    }
}

fn logged_in() -> Outcome {
    let user = Nested { user: profile() };
    Outcome::LoggedIn(LoggedIn { tmp_key: "KEY".to_owned(), tmp_secret: "SECRET".to_owned(), user })
}

#[test]
fn a_login_in_three_formats() {
    let user = concat!(
        "<user><user_id>7</user_id><first_name>=Ann</first_name>",
        "<last_name>O&lt;Hara</last_name><email>ann@example.org</email></user>",
    );
    let xml =
        format!("{DECLARATION}<login><tmp_key>KEY</tmp_key><tmp_secret>SECRET</tmp_secret>{user}</login>");
    assert_eq!(success(&logged_in(), Format::Xml), xml);
    let json = concat!(
        r#"{"tmp_key":"KEY","tmp_secret":"SECRET","user":{"user":{"#,
        r#""user_id":7,"first_name":"=Ann","last_name":"O<Hara","email":"ann@example.org"}}}"#,
    );
    assert_eq!(success(&logged_in(), Format::Json), json);
    let csv = concat!(
        "tmp_key,tmp_secret,user_id,first_name,last_name,email\r\n",
        "KEY,SECRET,7,'=Ann,O<Hara,ann@example.org\r\n",
    );
    assert_eq!(success(&logged_in(), Format::Csv), csv);
}

#[test]
fn a_user_in_three_formats() {
    let user = Outcome::User(profile());
    assert!(success(&user, Format::Xml).starts_with(&format!("{DECLARATION}<user><user_id>7</user_id>")));
    let json = r#"{"user":{"user_id":7,"first_name":"=Ann","last_name":"O<Hara","email":"ann@example.org"}}"#;
    assert_eq!(success(&user, Format::Json), json);
    let csv = "user_id,first_name,last_name,email\r\n7,'=Ann,O<Hara,ann@example.org\r\n";
    assert_eq!(success(&user, Format::Csv), csv);
}

#[test]
fn a_logout_in_three_formats() {
    let xml = format!("{DECLARATION}<response><success>T</success></response>");
    assert_eq!(success(&Outcome::LoggedOut, Format::Xml), xml);
    assert_eq!(success(&Outcome::LoggedOut, Format::Json), r#"{"success":"T"}"#);
    assert_eq!(success(&Outcome::LoggedOut, Format::Csv), "success\r\nT\r\n");
}

#[test]
fn an_error_in_three_formats_at_two_entrances() {
    let said = |entrance, format| failure(Code::KeyAuthenticationFailed, entrance, format);
    let xml = "<error><error_code>6</error_code><error_msg>Key authentication failed</error_msg></error>";
    assert_eq!(said(PathPrefix::Rest, Format::Xml), format!("{DECLARATION}{xml}"));
    let json = r#"{"error":{"error_code":6,"error_msg":"Key authentication failed"}}"#;
    assert_eq!(said(PathPrefix::Rest, Format::Json), json);
    assert_eq!(
        said(PathPrefix::Rest, Format::Csv),
        "error_code,error_msg\r\n6,Key authentication failed\r\n"
    );
    let xml = "<response><error>Key authentication failed</error></response>";
    assert_eq!(said(PathPrefix::Api, Format::Xml), format!("{DECLARATION}{xml}"));
    assert_eq!(said(PathPrefix::Api, Format::Json), r#"{"error":"Key authentication failed"}"#);
    assert_eq!(said(PathPrefix::Api, Format::Csv), "error\r\nKey authentication failed\r\n");
}

#[test]
fn the_format_is_in_the_query_or_else_in_the_body() {
    let asked = |query, body| {
        let [query, body] = [query, body].map(|text| Fields::query(Some(text)).unwrap());
        Format::asked(&query, &body)
    };
    assert_eq!(asked("", ""), Ok(Format::Xml));
    assert_eq!(asked("format=JSON", "format=csv"), Ok(Format::Json));
    assert_eq!(asked("format=", "format=Csv"), Ok(Format::Csv));
    assert_eq!(asked("format=xml", "format=pdf"), Ok(Format::Xml));
    assert_eq!(asked("format=pdf", "format=json"), Err(Code::FormatNotSupported));
    assert_eq!(asked("", "format=%00"), Err(Code::FormatNotSupported));
    assert_eq!(asked("format=json&format=json", ""), Err(Code::InvalidParameters));
    assert_eq!(asked("", "format=xml&format=json"), Err(Code::InvalidParameters));
}
