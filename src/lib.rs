//! lucid-auth: sign in with a TRON wallet, in one binary.

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod random;
pub mod service;
pub mod store;
pub mod telemetry;
