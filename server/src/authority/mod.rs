//! The verbs: one implementation for every door, and the only caller of the store.

mod call;
mod mint;
pub mod passwords;
pub mod throttle;

pub use call::Call;
pub use mint::Mint;
pub use passwords::{Password, PasswordLimits, Passwords, Verified};
pub use throttle::{Throttle, ThrottleLimits};
