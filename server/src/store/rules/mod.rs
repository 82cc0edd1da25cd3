//! Decisions that all stores share: plain functions over records and marks.

pub mod book;
pub mod choice;
pub mod name;
pub mod round;
