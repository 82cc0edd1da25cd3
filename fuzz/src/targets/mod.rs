//! The bodies of the fuzz targets, one for each parser or writer of bytes from outside. Each takes any bytes and panics
//! if a promise is broken, so the same body runs under the fuzzer and, on the saved corpus, as an ordinary test.

mod cookie;
mod csv;
mod forwarded;
mod gate_form;
mod multipart;
mod oauth_authorize;
mod oauth_client;
mod oauth_metadata;
mod oauth_redirect_uri;
mod oauth_scope;
mod path;
mod sealed_code;
mod sealed_token;
mod sealed_value;
mod secret_key;
mod token;
mod urlencoded;
mod user_agent;
mod xml;

/// The body of a target.
type Target = fn(&[u8]);

/// Every target with the name of its corpus.
pub(super) const ALL: [(&str, Target); 19] = [
    ("cookie", cookie::run),
    ("csv", csv::run),
    ("forwarded", forwarded::run),
    ("gate_form", gate_form::run),
    ("multipart", multipart::run),
    ("oauth_authorize", oauth_authorize::run),
    ("oauth_client", oauth_client::run),
    ("oauth_metadata", oauth_metadata::run),
    ("oauth_redirect_uri", oauth_redirect_uri::run),
    ("oauth_scope", oauth_scope::run),
    ("path", path::run),
    ("secret_key", secret_key::run),
    ("sealed_code", sealed_code::run),
    ("sealed_token", sealed_token::run),
    ("sealed_value", sealed_value::run),
    ("token", token::run),
    ("urlencoded", urlencoded::run),
    ("user_agent", user_agent::run),
    ("xml", xml::run),
];
