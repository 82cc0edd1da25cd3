//! Times and durations from outside have bounds.
