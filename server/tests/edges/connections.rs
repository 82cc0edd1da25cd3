//! How many connections one peer may hold, and for how long.
