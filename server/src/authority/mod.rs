//! The verbs: one implementation for every door, and the only caller of the store.

mod call;
mod mint;

pub use call::Call;
pub use mint::Mint;
