//! The command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    lucid_auth::cli::run()
}
