//! Tests against the real server, in this process.
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable from elsewhere")]

mod abuse;
mod server;
mod support;
mod web;
