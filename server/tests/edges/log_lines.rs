//! Junk never crowds failed logins and logouts out of the log.
