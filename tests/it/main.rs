//! Tests against the real server, in this process.
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable from elsewhere")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what tests share fails as tests do")]

mod abuse;
mod audit;
mod audit_cli;
mod backup;
mod branding;
mod certificate;
mod cli;
mod cookies;
mod dashboard;
mod documents;
mod export;
mod exposition;
mod forward;
mod hardware_wallets;
#[path = "../support/http.rs"]
mod http;
mod info;
mod keys;
mod layers;
mod limits;
mod local_ca;
mod lockout;
mod log;
mod metrics;
mod openapi;
#[path = "../support/process.rs"]
mod process;
mod profile;
mod promises;
mod refresh;
mod rows;
mod server;
mod sign_in;
mod sign_out;
mod support;
mod system;
mod table;
mod tls;
mod tls_process;
mod trezor;
mod users;
mod wallet;
mod web;
