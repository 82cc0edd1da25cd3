//! Passwords that are refused when they are chosen.
