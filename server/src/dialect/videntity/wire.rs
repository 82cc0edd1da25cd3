//! The wire format: responses as the documents' exact XML, and the fields of a form.

use exeunt_core::Moment;

use crate::dialect::xml::Element;
use crate::http::form::{Field, Fields};
use crate::time::text::utc_or_last;

/// The content type of every XML response, from the documents.
pub(super) const CONTENT_TYPE: &str = "application/xhtml+xml; charset=utf-8";

/// A method of this dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ApiMethod {
    /// Opens a session.
    Login,
    /// Keeps a session alive.
    Ping,
    /// Ends a session.
    Logout,
    /// A call of the application behind a gateway, by its path. The application itself answers if the call passes.
    Application(String),
}

/// What every response contains.
#[derive(Clone, Debug)]
pub(super) struct Envelope {
    pub method: ApiMethod,
    /// The number of this transaction.
    pub number: u64,
    /// The time of this transaction.
    pub at: Moment,
}

/// An error from the documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub number: u8,
    /// Its name in the table of the documents.
    pub name: &'static str,
    /// Its text, worded as on the pages of `/session/*`.
    pub detail: String,
}

impl ApiMethod {
    /// Its path. Responses contain it even if the call used another spelling.
    fn path(&self) -> &str {
        match self {
            Self::Login => "/session/login",
            Self::Ping => "/session/ping",
            Self::Logout => "/session/logout",
            Self::Application(path) => path,
        }
    }

    const fn detail(&self) -> &'static str {
        match self {
            Self::Login => "you logged in successfully",
            Self::Ping => "your session has been pinged successfully",
            Self::Logout => "you logged out successfully",
            Self::Application(_) => "your session is alive",
        }
    }
}

/// The body of a success.
pub(super) fn success(envelope: &Envelope, session_key: &str) -> String {
    let key = Element::text("session_key", session_key);
    envelope
        .open("SUCCESS")
        .child(Element::text("detail", envelope.method.detail()))
        .child(Element::new("response_name_value").child(key))
        .child(envelope.timestamp())
        .indented()
}

/// The body of an error.
pub(super) fn failure(envelope: &Envelope, fault: Fault) -> String {
    envelope
        .open("ERROR")
        .child(Element::text("error_number", fault.number.to_string()))
        .child(Element::text("error_name", fault.name))
        .child(Element::text("error_detail", fault.detail))
        .child(envelope.timestamp())
        .indented()
}

/// The values of these fields, in this order. An error is the name of the first that is missing, empty or repeated.
pub(super) fn mandatory<'a, const N: usize>(
    fields: &'a Fields,
    names: [&'static str; N],
) -> Result<[&'a str; N], &'static str> {
    let mut values = [""; N];
    for (value, name) in values.iter_mut().zip(names) {
        *value = match fields.get(name) {
            Field::Once(text) if !text.is_empty() => text,
            Field::Once(_) | Field::Absent | Field::Repeated => return Err(name),
        };
    }
    Ok(values)
}

impl Envelope {
    fn open(&self, status: &'static str) -> Element<'_> {
        Element::new("response")
            .attribute("api_method", self.method.path())
            .child(Element::text("status", status))
            .child(Element::text("api_tx_number", self.number.to_string()))
    }

    /// In UTC, without a `Z`: the pages of `/session/*` have none, although another page of the documents has one.
    fn timestamp(&self) -> Element<'static> {
        let mut text = utc_or_last(self.at).to_string();
        // Edits 2026-01-02T03:04:05Z in place: formatting it again takes three times as long.
        text.replace_range(10..11, " ");
        text.truncate(19);
        Element::text("timestamp", text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Moment = Moment::from_secs(1_222_790_202);

    #[test]
    fn a_success_as_in_the_seed() {
        let envelope = Envelope { method: ApiMethod::Logout, number: 58768, at: AT };
        let wanted = concat!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
            "<response api_method=\"/session/logout\">\n",
            "  <status>SUCCESS</status>\n",
            "  <api_tx_number>58768</api_tx_number>\n",
            "  <detail>you logged out successfully</detail>\n",
            "  <response_name_value><session_key>De325h3Fsdg76rt</session_key></response_name_value>\n",
            "  <timestamp>2008-09-30 15:56:42</timestamp>\n",
            "</response>\n",
        );
        assert_eq!(success(&envelope, "De325h3Fsdg76rt"), wanted);
    }

    #[test]
    fn an_error_as_in_the_seed() {
        let envelope = Envelope { method: ApiMethod::Logout, number: 12123, at: AT };
        let fault =
            Fault { number: 2, name: "SESSION_DOES_NOT_EXIST", detail: "session does not exist".to_owned() };
        let wanted = concat!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n",
            "<response api_method=\"/session/logout\">\n",
            "  <status>ERROR</status>\n",
            "  <api_tx_number>12123</api_tx_number>\n",
            "  <error_number>2</error_number>\n",
            "  <error_name>SESSION_DOES_NOT_EXIST</error_name>\n",
            "  <error_detail>session does not exist</error_detail>\n",
            "  <timestamp>2008-09-30 15:56:42</timestamp>\n",
            "</response>\n",
        );
        assert_eq!(failure(&envelope, fault), wanted);
    }

    #[test]
    fn the_end_of_time_has_a_form() {
        let envelope = Envelope { method: ApiMethod::Ping, number: 1, at: Moment::from_millis(u64::MAX) };
        assert!(success(&envelope, "k").contains("<timestamp>9999-12-"));
    }

    #[test]
    fn the_first_field_that_is_not_there_is_named() {
        let names = ["username", "password", "account_number"];
        for (form, wanted) in [
            ("account_number=3&password=2&username=1", Ok(["1", "2", "3"])),
            ("", Err("username")),
            ("username=1", Err("password")),
            ("username=1&account_number=3", Err("password")),
            ("username=1&password=2&account_number=", Err("account_number")),
            ("username=1&password=2&password=2&account_number=3", Err("password")),
            ("username=1&username=&password=2&account_number=3", Err("username")),
            ("Username=1&password=2&account_number=3", Err("username")),
        ] {
            let fields = Fields::query(Some(form)).unwrap();
            assert_eq!(mandatory(&fields, names), wanted, "{form}");
        }
    }
}
