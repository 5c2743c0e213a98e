//! Tests against the real server, in this process.
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable from elsewhere")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what tests share fails as tests do")]

mod abuse;
mod log;
mod rows;
mod server;
mod support;
mod web;
