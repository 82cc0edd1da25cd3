//! The gates, with the secrets of the calls that they are asked about, where gateways put them and where they do not.

use form_urlencoded::byte_serialize;

use super::Drive;

impl Drive {
    /// Remembers two secrets for the gate of a dialect.
    pub(super) fn presented(&mut self, dialect: &'static str, one: &str, other: &str) {
        self.presented.push((dialect, one.to_owned(), other.to_owned()));
    }

    /// Asks every gate and for every refusal about calls with these secrets in each place.
    pub(super) fn gates(&mut self) {
        for (dialect, one, other) in std::mem::take(&mut self.presented) {
            // As they stand in an address: what is no HTTP leaves no line.
            let [one, other] =
                [one, other].map(|secret| byte_serialize(secret.as_bytes()).collect::<String>());
            let address = format!("/orders?session_key={one}&tmp_key={one}&tmp_secret={other}&key={other}");
            let said = format!("X-Original-URI: {address}");
            for lines in [
                vec![format!("Authorization: Bearer {one}"), format!("Authorization: Bearer {other}")],
                vec![said.clone(), format!("Exeunt-Credential: {one}:{other}")],
                vec![said.clone(), format!("Exeunt-Credential: {one}"), format!("Exeunt-Credential: {one}")],
                vec![said.clone(), format!("Cookie: __Secure-rested-access-token={one}")],
                vec![said.clone(), format!("X-Forwarded-Uri: /{one}")],
                vec![format!("X-Original-URI: no {one}"), format!("X-Original-Method: {one}")],
                vec![format!("X-Original-URI: /{}", one.repeat(8192 / one.len() + 1))],
            ] {
                let lines: Vec<_> = lines.iter().map(String::as_str).collect();
                for path in [format!("/v1/gate/{dialect}?{one}"), format!("/v1/gate/{dialect}/refusal")] {
                    self.ask("GET", &path, &lines, "");
                }
            }
            let form = format!("a=b&session_key={one}&tmp_key={one}&tmp_secret={other}&session.key={other}");
            let typed = "Content-Type: application/x-www-form-urlencoded";
            for path in ["form", "form/refusal", "form/preflights"] {
                self.ask("POST", &format!("/v1/gate/{dialect}/{path}"), &[&said, typed], &form);
            }
            let length = form.len();
            let form: String = byte_serialize(form.as_bytes()).collect();
            let path = format!("/v1/gate/{dialect}/form-in-query/refusal?length={length}&body={form}");
            self.ask("GET", &path, &[&said, typed], "");
            self.ask("GET", &format!("/v1/gate/{dialect}/call{address}"), &[], "");
            self.ask("GET", &format!("/v1/gate/{one}@{other}/{one}"), &[], "");
        }
    }
}
