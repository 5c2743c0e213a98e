//! The command line.

mod verify_signature;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

/// Sign in with a TRON wallet.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    VerifySignature(verify_signature::Args),
}

/// Do what the arguments of this process ask for.
#[must_use]
pub fn run() -> ExitCode {
    match Cli::parse().command {
        Command::VerifySignature(args) => {
            match verify_signature::run(&args, &mut io::stdin().lock(), &mut io::stdout().lock()) {
                Ok(true) => ExitCode::SUCCESS,
                Ok(false) => ExitCode::from(1),
                Err(error) => {
                    // If even this cannot be written, the exit code says it.
                    let _ = writeln!(io::stderr(), "error: {error}");
                    ExitCode::from(2)
                }
            }
        }
    }
}
