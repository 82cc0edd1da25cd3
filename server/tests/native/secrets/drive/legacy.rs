//! The documented dialects, with secrets in every place that a client may put them.

use serde_json::{Value, json};

use super::{Drive, ODD};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
/// The public key of a project.
const PROJECT: &str = "d59eb2859c284168ac48aef65046d5dd";

impl Drive {
    pub(super) fn legacy(&mut self) {
        let password = self.secret("legacy-password", ODD);
        let carol = json!({ "username": "carol", "email": "carol@example.org", "account_number": "0002", "password": password });
        self.native_call("POST", "/v1/users", &carol);
        self.videntity(&password);
        self.runsignup(&password);
        self.rested(&password);
    }

    fn videntity(&mut self, password: &str) {
        let wrong = self.secret("videntity-wrong", ODD);
        let login = |password: &str| {
            form(&[("username", "carol"), ("password", password), ("account_number", "0002")])
        };
        let answer = self.ask("POST", "/session/login", &[FORM], &login(password));
        let key = self.given(&answer, "<session_key>", "</session_key>");
        self.ask("POST", "/session/login", &[FORM], &login(&wrong));
        self.ask("POST", &format!("/session/login?{}", login(password)), &[FORM], "");
        self.ask("POST", "/session/login", &["Content-Type: text/plain"], &login(password));
        self.ask("POST", "/session/login", &[FORM], &format!("{}&password=%zz", login(&wrong)));
        let broken = format!("--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n{wrong}");
        self.ask("POST", "/session/login", &["Content-Type: multipart/form-data; boundary=b"], &broken);
        self.presented("videntity", &key, &wrong);
        for call in ["ping", "logout", "ping", "logout"] {
            self.ask("POST", &format!("/session/{call}"), &[FORM], &format!("session_key={key}"));
        }
        self.ask("GET", &format!("/session/logout?session_key={key}"), &[], "");
        self.ask("POST", &format!("/session/{key}"), &[FORM], "");
    }

    fn runsignup(&mut self, password: &str) {
        let wrong = self.secret("runsignup-wrong", ODD);
        let login = |password: &str| form(&[("email", "carol@example.org"), ("password", password)]);
        for (entrance, format) in [("rest", "xml"), ("API", "json"), ("rest", "csv")] {
            let call = |call: &str| format!("/{entrance}/{call}?format={format}");
            let answer = self.ask("POST", &call("login"), &[FORM], &login(password));
            let (key, secret) = self.pair(&answer, format);
            self.ask("POST", &call("login"), &[FORM], &login(&wrong));
            self.ask("POST", &format!("{}&{}", call("login"), login(&wrong)), &[FORM], "");
            let (pair, half) = (format!("tmp_key={key}&tmp_secret={secret}"), format!("tmp_key={key}"));
            for query in [&pair, &half, &format!("{pair}&api_key={key}&api_secret={secret}")] {
                self.ask("GET", &format!("{}&{query}", call("user")), &[], "");
            }
            self.ask("GET", &call("user"), &[&format!("Authorization: Bearer {secret}")], "");
            self.ask("POST", &call("user"), &[FORM], &pair);
            self.presented("runsignup", &key, &secret);
            self.ask("GET", &format!("/{entrance}/user?format={secret}&{pair}"), &[], "");
            self.ask("GET", &format!("{}&{pair}", call("logout")), &[], "");
            for _ in 0..2 {
                self.ask("POST", &format!("{}&{pair}", call("logout")), &[], "");
            }
        }
    }

    fn rested(&mut self, password: &str) {
        let project = json!({ "name": "site", "dialect": "rested", "key": PROJECT, "endpoints": [{ "name": "examples/auth" }] });
        assert_ne!(self.native_call("POST", "/v1/clients", &project)["id"], Value::Null);
        let path = |flags: &str| format!("/api/1/ce/examples/auth?key={PROJECT}{flags}");
        let wrong = self.secret("rested-wrong", ODD);
        let json_type = "Content-Type: application/json";
        let registered = self.secret("rested-registered", ODD);
        let body = json!({ "username": "dave", "password": registered }).to_string();
        self.ask("POST", &path(""), &[json_type], &body);
        let login = |password: &str| json!({ "username": "carol", "password": password }).to_string();
        let answer = self.ask("POST", &path("&login=true"), &[json_type], &login(password));
        let cookie = self.given(&answer, "__Secure-rested-access-token=", ";");
        let answer = self.ask("POST", &path("&login=true&noATCookie=true"), &[json_type], &login(password));
        let token = self.given(&answer, "Authorization: ", "\r\n");
        self.ask("POST", &path("&login=true"), &[json_type], &login(&wrong));
        self.ask(
            "POST",
            &path("&login=true"),
            &[FORM],
            &form(&[("username", "carol"), ("password", password)]),
        );
        self.ask("POST", &path("&login=true"), &[json_type], &format!("{{\"password\": {wrong:?} \"x\"}}"));
        let cookie = format!("Cookie: __Secure-rested-access-token={cookie}");
        let header = format!("Authorization: Bearer {token}");
        let bare = format!("Authorization: {wrong}");
        self.presented("rested", &token, &wrong);
        for lines in [vec![&*cookie], vec![&*header], vec![&*header, &*cookie], vec![&*bare]] {
            self.ask("GET", &path(""), &lines, "");
            self.ask("OPTIONS", &path(""), &lines, "");
        }
        self.ask("GET", &path(&format!("&access_token={token}")), &[], "");
        for lines in [vec![&*bare], vec![&*header, &*cookie], vec![&*header]] {
            self.ask("POST", &path("&logout=true"), &lines, &token);
        }
    }

    /// The two halves of a pair, as each format shows them.
    fn pair(&mut self, answer: &str, format: &str) -> (String, String) {
        if format == "csv" {
            let row = answer.lines().last().unwrap_or_default();
            let cells: Vec<_> = row.split(',').collect();
            assert!(cells.len() > 2, "{answer}");
            self.secrets.extend(cells[..2].iter().map(|cell| (*cell).to_owned()));
            return (cells[0].to_owned(), cells[1].to_owned());
        }
        let (open, close) = if format == "xml" { (">", "<") } else { ("\":\"", "\"") };
        let mut half = |name: &str| self.given(answer, &format!("{name}{open}"), close);
        (half("tmp_key"), half("tmp_secret"))
    }

    /// A secret that the server gave, between these texts.
    fn given(&mut self, answer: &str, from: &str, to: &str) -> String {
        let found = answer.split_once(from).and_then(|(_, rest)| rest.split_once(to));
        let secret = found.unwrap_or_else(|| panic!("{from} is not in {answer}")).0.to_owned();
        self.secrets.insert(secret.clone());
        secret
    }
}

/// Names and values as a form.
fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
