//! A real server in this process, with more than one caller at once.

#![cfg(test)]

mod connections;
mod hot;
mod races;
mod recovery;
mod stage;
