//! A clock that steps, either way.
