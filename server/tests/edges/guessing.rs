//! Every guess counts, once, for the person it is about.
