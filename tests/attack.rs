//! What somebody might try who means harm: each try is refused, and what it found once stays as a case.
//!
//! | file | what is attacked |
//! |---|---|
//! | `tokens/` | access tokens, and everything else that might be taken for one |
//! | `wire.rs`, `requests.json` | requests that two programs may read in two ways |
//! | `held.rs` | connections that are held open and do nothing, or next to nothing |
//! | `floods.rs` | anonymous calls by the hundred thousand |
//! | `secrets.rs`, `carried.rs`, `tls_keys.rs` | where the secrets of a run must not be found |
//! | `once.rs` | everything that is good once, by many in the same moment |
//! | `strangers.rs` | accounts of others: whether they are there, and whether their owners can be kept out |
//! | `browsers.rs` | every row of the table, by way of somebody's browser |
//! | `vectors.rs` | the two signature schemes, with Wycheproof's vectors and points of small order |
//!
//! What is tried of these elsewhere is not repeated here: the forms of a signature beside `domain/wallet/signature.rs`,
//! cookies and the way back to an app in `tests/it/{cookies,forward}.rs`, lockouts in `tests/it/lockout.rs`, slow and deaf
//! clients one by one in `tests/it/abuse.rs`, and all that goes through a proxy in `tests/proxies`.
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable from elsewhere")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what tests share fails as tests do"
)]

#[path = "attack/browsers.rs"]
mod browsers;
#[path = "attack/carried.rs"]
mod carried;
#[path = "it/certificate.rs"]
#[expect(dead_code, reason = "the tests of HTTPS need more of it")]
mod certificate;
#[path = "support/figures.rs"]
mod figures;
#[path = "attack/floods.rs"]
mod floods;
#[path = "attack/forge.rs"]
mod forge;
#[path = "attack/held.rs"]
mod held;
#[path = "support/http.rs"]
#[expect(dead_code, reason = "the test of kills needs more of it")]
mod http;
#[path = "attack/once.rs"]
mod once;
#[path = "support/process.rs"]
#[expect(dead_code, reason = "the tests of the commands need more of it")]
mod process;
#[path = "it/rows.rs"]
#[expect(dead_code, reason = "the tests of single resources need more of it")]
mod rows;
#[path = "attack/secrets.rs"]
mod secrets;
#[path = "attack/strangers.rs"]
mod strangers;
#[path = "it/support.rs"]
#[expect(dead_code, reason = "the tests of single resources need more of it")]
mod support;
#[path = "it/table.rs"]
mod table;
#[path = "attack/tls_keys.rs"]
mod tls_keys;
#[path = "attack/tokens/mod.rs"]
mod tokens;
#[path = "attack/vectors.rs"]
mod vectors;
#[path = "it/wallet.rs"]
mod wallet;
#[path = "attack/wire.rs"]
mod wire;

/// Whether the longer forms are asked for.
fn is_long() -> bool {
    std::env::var_os("LUCID_LONG").is_some_and(|value| value == "1")
}
