//! What was presented for logout is ended, or the caller gets an error.

mod natively;
mod presented;
mod projects;
