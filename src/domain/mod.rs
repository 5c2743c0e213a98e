//! Values and rules. Nothing here reads a clock, a random source, a file or the network.

pub mod attempts;
pub mod audit;
pub mod authority;
pub mod bounded;
pub mod challenge;
pub mod claims;
pub mod client;
pub mod handover;
pub mod hardware_wallet;
pub mod hour;
pub mod id;
pub mod key;
pub mod mac;
pub mod origin;
pub mod palette;
pub mod permission;
pub mod profile;
pub mod rate;
pub mod redirect;
pub mod refresh_token;
pub mod role;
mod schema;
pub mod session;
pub mod session_cookie;
pub mod timestamp;
pub mod user;
pub mod wallet;
