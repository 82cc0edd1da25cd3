//! OAuth 2.1: applications get tokens of their own, which are names of a session and end with it.
//!
//! What is here reads bytes and decides, and does nothing else: no endpoint is routed to it yet.

pub mod authentication;
pub mod authorize;
pub mod client_type;
pub mod discovery;
pub mod error;
pub mod metadata;
pub mod parameters;
pub mod pkce;
pub mod redirect_uri;
pub mod resource;
pub mod scope;
pub mod uri;
