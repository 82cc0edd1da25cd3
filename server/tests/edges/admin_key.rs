//! The key that comes from the environment tells nothing of itself.
