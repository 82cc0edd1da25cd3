//! A real server in this process, with more than one caller at once.

mod connections;
mod hot;
mod races;
mod recovery;
