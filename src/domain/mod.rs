//! Values and rules. Nothing here reads a clock, a random source, a file or the network.

pub mod challenge;
pub mod id;
pub mod origin;
pub mod permission;
pub mod role;
pub mod timestamp;
pub mod wallet;
