//! Streams are bounded, and end with the key that opened them.
