//! What was presented for logout is ended, or the caller is told.

mod natively;
mod presented;
mod projects;
