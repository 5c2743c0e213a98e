//! lucid-auth: sign in with a TRON wallet, in one binary.
//!
//! # The map
//!
//! Each layer uses the ones before it, never one after it; `tests/it/layers.rs` fails when one looks up.
//!
//! | layer | holds | begin reading at |
//! |---|---|---|
//! | [`domain`] | values and rules; no clock, no chance, no I/O | [`domain::challenge`], [`domain::refresh_token`] |
//! | [`store`] | the database: one table a file, one writer | [`store::Store`] |
//! | [`service`] | use cases: sign in, refresh, sign out | [`service::Service`] |
//! | [`http`] | the route table, handlers, refusals | [`http::routes`] |
//! | [`cli`] | commands, `serve` among them | [`cli::run`] |
//!
//! [`clock`] and [`random`] are the only readers of time and chance, and are handed down, so that tests can set both.
//! [`metrics`] counts for Prometheus: each layer owns what it counts, and `http` gathers it, on a listener of its own.
//! [`config`] reads the settings; only `cli` knows it, and hands each layer what that needs. [`telemetry`] writes the log.
//!
//! # One request: `POST /auth/login`
//!
//! 1. [`http::server`] accepts the connection, within [`http::Limits`]; [`http::answer`] lists the steps that follow.
//! 2. [`http::router`] finds the row of [`http::routes`] by method and path.
//! 3. The row says who may call; only when the caller was admitted is the body read, bounded, and parsed into values that
//!    cannot hold a bad one.
//! 4. The handler makes one call: [`service::Service::sign_in`].
//! 5. That checks the challenge ([`domain::challenge`]) and the signature ([`domain::wallet`]), then makes one change in
//!    the store: the account, the session, the audit entry. When the disk has it, a token is signed.
//! 6. On the way back, the reply becomes JSON; a refusal becomes a [`http::Problem`] by one match; the answer gets its
//!    request id and security headers, and the log one line.

pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod http;
pub mod metrics;
pub mod random;
pub mod service;
pub mod store;
pub mod telemetry;
