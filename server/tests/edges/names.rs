//! Names of users and clients that look alike.
