//! Backing up, restoring, upgrading, and looking after a store: real files, and the real binary.

#![cfg(test)]

#[path = "../binary/mod.rs"]
mod binary;
#[path = "../scratch/mod.rs"]
mod scratch;

mod backed_up;
mod command;
mod doctor;
mod document;
mod full_disk;
mod refused;
mod restored;
mod stage;
mod turned_back;
mod upgraded;
