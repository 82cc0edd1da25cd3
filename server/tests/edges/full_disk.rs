//! A store that cannot write takes no check away.
