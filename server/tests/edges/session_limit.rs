//! A client's limit of sessions for each user.
