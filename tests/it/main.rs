//! Tests against the real server, in this process.
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable from elsewhere")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what tests share fails as tests do")]

mod abuse;
mod audit;
mod audit_cli;
mod info;
mod keys;
mod layers;
mod log;
mod profile;
mod refresh;
mod rows;
mod server;
mod sign_in;
mod sign_out;
mod support;
mod table;
mod wallet;
mod web;
