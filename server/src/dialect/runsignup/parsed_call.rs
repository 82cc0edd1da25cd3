//! A parsed call: its parameters, and the format of its response.

use http::Method;

use super::PathPrefix;
use super::error::Code;
use super::reply::Reply;
use super::wire::{Format, parameter};
use crate::http::form::{Field, Fields};
use crate::http::said::Said;
use crate::http::{Request, Response};

/// A parsed call.
pub(super) struct ParsedCall {
    /// How to answer it.
    pub reply: Reply,
    /// The parameters of the query.
    pub query: Fields,
    /// The parameters of the body.
    pub body: Fields,
}

impl ParsedCall {
    /// Reads the query and, for a `POST`, the body. The format is checked first: every later error needs it.
    ///
    /// # Errors
    /// The response to send: for a body that did not arrive, too many fields, or a wrong format.
    pub(super) async fn read(request: &mut Request) -> Result<Self, Response> {
        let entrance = PathPrefix::of(request.segment(0).unwrap_or_default());
        let query = Fields::queried(request)?;
        let body =
            if request.method() == Method::POST { Fields::posted(request).await? } else { Fields::default() };
        let reply = Reply { entrance, format: Format::Xml, allow: "" };
        match Format::asked(&query, &body) {
            Ok(format) => Ok(Self { reply: Reply { format, ..reply }, query, body }),
            Err(code) => Err(reply.refuse(code.into())),
        }
    }

    /// An application's call that a gateway asks about: its fields, and those that the gateway copied from its form.
    /// The application may support other formats than Exeunt; then a refusal is in XML.
    pub(super) fn of_application(request: &Request, said: Said, copies: &Fields) -> Self {
        let Said { query, form, .. } = said;
        let format = Format::asked(&query, &form).unwrap_or(Format::Xml);
        let reply = Reply {
            entrance: PathPrefix::of(request.path().split('/').nth(1).unwrap_or_default()),
            format,
            allow: "",
        };
        let body =
            Fields::given(form.pairs().chain(copies.pairs()).fold(Vec::new(), |mut pairs, (name, value)| {
                let pair = (name.to_owned(), value.to_owned());
                // A copied field may be in the form, too.
                if copies.get(name) == Field::Absent || !pairs.contains(&pair) {
                    pairs.push(pair);
                }
                pairs
            }));
        Self { reply, query, body }
    }

    /// A parameter that must be in the body.
    ///
    /// # Errors
    /// `InvalidParameters` if it is missing, empty or repeated.
    pub(super) fn posted(&self, name: &str) -> Result<&str, Code> {
        parameter(self.body.get(name))?.ok_or(Code::InvalidParameters)
    }
}
