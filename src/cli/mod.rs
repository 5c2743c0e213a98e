//! The command line: one file a subcommand.

mod config;
mod settings;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

/// Sign in with a TRON wallet: one binary that is the whole authentication service.
#[derive(Debug, Parser)]
#[command(name = "lucid-auth", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print every setting with its value in force and where it comes from.
    Config(config::Arguments),
}

/// What `sysexits.h` calls a wrong configuration.
const EX_CONFIG: u8 = 78;

/// Run the command that the process was given.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { command: Command::Config(arguments) } = Cli::parse();
    match arguments.run(&mut io::stdout().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(config::Failure::Mistakes(mistakes)) => {
            let _ = writeln!(io::stderr(), "{mistakes}");
            ExitCode::from(EX_CONFIG)
        }
        Err(config::Failure::Output(error)) => {
            let _ = writeln!(io::stderr(), "cannot print: {error}");
            ExitCode::FAILURE
        }
    }
}
