//! A call as it was made: its parameters, and the format of the answer to it.

use http::Method;

use super::error::Code;
use super::reply::Reply;
use super::wire::{Format, parameter};
use super::{Called, Entrance, parse};
use crate::dialect::form::Fields;
use crate::exchange::{Exchange, Response};

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
    pub(super) async fn read(x: &mut Exchange) -> Result<Self, Response> {
        let (entrance, called) = parse(x.path()).unwrap_or((Entrance::Rest, Called::Unknown));
        let query = Fields::queried(x)?;
        let body = if x.method() == Method::POST { Fields::posted(x).await? } else { Fields::default() };
        let reply = Reply { entrance, format: Format::Xml, allow: called.methods() };
        match Format::asked(&query, &body) {
            Ok(format) => Ok(Self { reply: Reply { format, ..reply }, query, body }),
            Err(code) => Err(reply.refuse(code.into())),
        }
    }

    /// Reads an application's call that a gateway asks about: its query, and the pair that the gateway copied from its
    /// form. The application may know formats that are not known here; then only a refusal is in another one.
    ///
    /// # Errors
    /// A ready answer: for too many fields.
    pub(super) fn of_application(x: &Exchange, pair: Option<&str>) -> Result<Self, Response> {
        let query = Fields::queried(x)?;
        let (key, secret) = pair.map(|pair| pair.split_once(':').unwrap_or((pair, ""))).unwrap_or_default();
        let named = [("tmp_key", key), ("tmp_secret", secret)];
        let body = Fields::given(named.map(|(name, half)| (name.to_owned(), half.to_owned())));
        let format = Format::asked(&query, &body).unwrap_or(Format::Xml);
        let reply = Reply { entrance: Entrance::of_application(x.path()), format, allow: "" };
        Ok(Self { reply, query, body })
    }

    /// A parameter that must be in the body.
    ///
    /// # Errors
    /// `InvalidParameters` if it is missing, empty or repeated.
    pub(super) fn posted(&self, name: &str) -> Result<&str, Code> {
        parameter(self.body.get(name))?.ok_or(Code::InvalidParameters)
    }
}
