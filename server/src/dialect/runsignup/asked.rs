//! A call as it was made: its parameters, and the format of the answer to it.

use http::Method;

use super::error::Code;
use super::reply::Reply;
use super::wire::{Format, parameter};
use super::{Called, Entrance, parse};
use crate::http::form::{Field, Fields};
use crate::http::said::Said;
use crate::http::{Request, Response};

/// What was asked.
pub(super) struct Asked {
    /// How it is answered.
    pub reply: Reply,
    /// The parameters of the query.
    pub query: Fields,
    /// The parameters of the body.
    pub body: Fields,
}

impl Asked {
    /// Reads the query and, of a `POST`, the body. The format is looked at first: without one there is no telling in
    /// which to answer.
    ///
    /// # Errors
    /// A ready answer: for a body that did not arrive, too many fields, a wrong format.
    pub(super) async fn read(request: &mut Request) -> Result<Self, Response> {
        let (entrance, called) = parse(request.path()).unwrap_or((Entrance::Rest, Called::Unknown));
        let query = Fields::queried(request)?;
        let body =
            if request.method() == Method::POST { Fields::posted(request).await? } else { Fields::default() };
        let reply = Reply { entrance, format: Format::Xml, allow: called.methods() };
        match Format::asked(&query, &body) {
            Ok(format) => Ok(Self { reply: Reply { format, ..reply }, query, body }),
            Err(code) => Err(reply.refuse(code.into())),
        }
    }

    /// An application's call that a gateway asks about: what it says, and what the gateway copied from its form. The
    /// application may know formats that are not known here; then only a refusal is in another one.
    pub(super) fn of_application(request: &Request, said: Said, copies: &Fields) -> Self {
        let Said { query, form, .. } = said;
        let format = Format::asked(&query, &form).unwrap_or(Format::Xml);
        let reply = Reply { entrance: Entrance::of_application(request.path()), format, allow: "" };
        let body =
            Fields::given(form.pairs().chain(copies.pairs()).fold(Vec::new(), |mut pairs, (name, value)| {
                let pair = (name.to_owned(), value.to_owned());
                // What was copied is there once more.
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
