//! Moving over from another system: users with the hashes that they have there, live sessions with the tokens that
//! their clients hold. The real binary, and the real things that they come from.

mod express;
mod lists;
mod postgres;
mod sessions;
mod users;
