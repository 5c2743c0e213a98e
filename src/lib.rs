//! lucid-auth: sign in with a TRON wallet, in one binary.

pub mod clock;
pub mod domain;
pub mod http;
pub mod random;
pub mod service;
