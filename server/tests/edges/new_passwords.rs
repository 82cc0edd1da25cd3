//! What a new password must not be, and where that is asked.

use serde_json::{Value, json};

use crate::edges::site::Site;
use crate::support::scratch::Scratch;

const KEY: &str = "d59eb2859c284168ac48aef65046d5dd";
const REGISTER: &str = "/api/1/ce/examples/auth?key=d59eb2859c284168ac48aef65046d5dd";
const JSON: [&str; 1] = ["Content-Type: application/json"];
const GOOD: &str = "exit, pursued by a bear";
/// Of "password", as Django writes it.
const HASH_OF_PASSWORD: &str = "pbkdf2_sha256$1000$saltsalt$E196ZhRPzw+wA84EjzHwJO1cv/MFJdO6C/sxmUeTYqY=";

async fn site(folder: &Scratch) -> Site {
    Site::with_project(&folder.path().join("exeunt.db"), KEY).await
}

/// Whether `/v1` refuses a user with this password as malformed, with a text that does not hold it.
fn refused(site: &Site, method: &str, path: &str, user: &Value) -> Option<String> {
    let (status, told) = site.admin(method, path, user);
    if status < 300 {
        return None;
    }
    assert_eq!((status, &told["field"]), (400, &json!("password")), "{told}");
    let text = told["detail"].as_str().unwrap().to_owned();
    let password = user["password"].as_str().unwrap();
    // "password" itself is a word of the text.
    assert!(password.trim() == "password" || !text.contains(password), "{text}");
    Some(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_the_most_common_is_refused_at_v1_and_at_registration() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let user = site.done("POST", "/v1/users", &json!({ "username": "zoe", "password": GOOD }));
    let zoe = format!("/v1/users/{}", user["id"].as_str().unwrap());
    for common in [
        "password",
        "PASSWORD",
        "Password1",
        "P@ssw0rd",
        "12345678",
        "qwertyuiop",
        "iloveyou",
        "trustno1",
        "1q2w3e4r",
        "football",
        "letmein1",
        "87654321",
        "aaaaaaaa",
        "\u{ff50}assword",
        "password ",
    ] {
        let new = json!({ "username": "yan", "password": common });
        let said = refused(&site, "POST", "/v1/users", &new).unwrap_or_default();
        assert!(said.contains("most common") && said.contains("choose another"), "{common}: {said}");
        let change = json!({ "password": common });
        assert!(refused(&site, "PATCH", &zoe, &change).is_some(), "{common}");
        let answer = site.ask("POST", REGISTER, &JSON, &new.to_string());
        assert!(answer.status == 400 && answer.body.contains("most common"), "{common}: {}", answer.body);
    }
    assert_eq!(site.done("GET", "/v1/users?username=yan", &Value::Null)["items"], json!([]));
    // The password that was there is there still.
    let login = format!("{REGISTER}&login=true");
    let credentials = json!({ "username": "zoe", "password": GOOD }).to_string();
    assert_eq!(site.ask("POST", &login, &JSON, &credentials).status, 200);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_holds_a_name_of_its_user_is_refused_in_any_case() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let user = json!({
        "username": "Wil\u{e9}m", "email": "w.jansen@example.org", "first_name": "Willem", "last_name": "Stra\u{df}er",
    });
    let with = |password: &str| {
        let mut user = user.clone();
        user["password"] = password.into();
        user
    };
    for (password, field) in [
        ("my wil\u{e9}m and I", "username"),
        ("MY WILE\u{301}M AND I", "username"),
        ("x W.JANSEN@EXAMPLE.ORG x", "email"),
        ("1w.jansen2", "email"),
        ("whatever WILLEM does", "first_name"),
        ("\u{ff37}illem the silent", "first_name"),
        ("a strasser in may", "last_name"),
        ("A STRASSER IN MAY", "last_name"),
    ] {
        let said = refused(&site, "POST", "/v1/users", &with(password)).unwrap_or_default();
        assert!(said.contains(&format!("the user's {field}")), "{password}: {said}");
    }
    let registered = json!({ "email": "anna.b@example.org", "password": "x Anna.B x y z" }).to_string();
    let answer = site.ask("POST", REGISTER, &JSON, &registered);
    assert!(answer.status == 400 && answer.body.contains("the user's email"), "{}", answer.body);
    // Names of three letters are in too many words.
    for user in [
        with("nothing of theirs"),
        json!({ "username": "bob", "email": "bob@example.com", "first_name": "Bob", "password": "correct bob horse" }),
    ] {
        assert_eq!(refused(&site, "POST", "/v1/users", &user), None, "{user}");
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_count_as_they_are_after_the_change() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let user = json!({ "username": "zebra", "email": "zebra@example.org", "password": GOOD });
    let user = site.done("POST", "/v1/users", &user);
    let path = format!("/v1/users/{}", user["id"].as_str().unwrap());
    let both = json!({ "username": "giraffe", "password": "a tall Giraffe" });
    assert!(refused(&site, "PATCH", &path, &both).is_some());
    let shown = site.done("GET", &path, &Value::Null);
    assert_eq!(shown["username"], "zebra");
    // What is no name of theirs any more is not looked for.
    let both = json!({ "username": "giraffe", "email": null, "password": "a striped zebra" });
    assert_eq!(refused(&site, "PATCH", &path, &both), None);
    // A password that is there cannot be looked into: a name may be changed to whatever.
    site.done("PATCH", &path, &json!({ "username": "striped" }));
    assert!(refused(&site, "PATCH", &path, &json!({ "password": "a striped zebra" })).is_some());
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_login_nor_an_import_asks() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let users = json!({ "users": [{ "username": "password", "password_hash": HASH_OF_PASSWORD }] });
    let told = site.done("POST", "/v1/users/import", &users);
    assert_eq!(told["results"][0]["outcome"], "made", "{told}");
    let login = format!("{REGISTER}&login=true");
    let credentials = json!({ "username": "password", "password": "password" }).to_string();
    // The second finds the hash renewed.
    for _ in 0..2 {
        let answer = site.ask("POST", &login, &JSON, &credentials);
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_why() {
    let folder = Scratch::new();
    let site = site(&folder).await;
    let ran = site.run("qwertyuiop", &["user", "add", "xaver", "--password-stdin"]);
    assert!(ran.code == 2 && ran.err.contains("most common"), "{} {}", ran.code, ran.err);
    let ran = site.run(GOOD, &["user", "add", "xaver", "--password-stdin"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let ran = site.run("Xaver's own", &["user", "passwd", "xaver", "--password-stdin"]);
    assert!(ran.code == 2 && ran.err.contains("the user's username"), "{} {}", ran.code, ran.err);
    assert!(!ran.err.contains("Xaver's own"));
    site.close().await;
}
