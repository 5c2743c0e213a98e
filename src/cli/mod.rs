//! The command line: one file a subcommand.

mod admin;
mod app;
mod audit;
mod backup;
mod check;
mod conceal;
mod config;
mod doctor;
mod healthcheck;
mod https;
mod key;
mod metrics;
mod reload;
mod restore;
mod schedule;
mod serve;
mod settings;
mod systemd;
mod tls;
mod user;
mod verify_signature;
mod version;

use std::{
    env,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::config::{Config, Loaded, Mistakes, Sources};
use settings::SettingFlags;

/// Sign in with a TRON wallet: one binary that is the whole authentication service
///
/// Without a command it serves, with the settings of its environment.
// No Debug: an argument may be a signature.
#[derive(Parser)]
#[command(name = "lucid-auth", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve sign-in, tokens and the login page (the default)
    Serve(serve::Arguments),
    /// Ask the running service whether it is healthy; exits with 0 or 1
    Healthcheck(healthcheck::Arguments),
    /// Look after users, whether the service runs or not
    User(user::Arguments),
    /// Look after the keys that sign tokens, whether the service runs or not
    Key(key::Arguments),
    /// Look at the certificates of HTTPS
    Tls(tls::Arguments),
    /// Read the audit log and check it, whether the service runs or not
    Audit(audit::Arguments),
    /// Make a verified copy of the database, whether the service runs or not
    Backup(backup::Arguments),
    /// Put a copy of the database back, while the service is stopped
    Restore(restore::Arguments),
    /// Check every page, row and link of a database that is not in use, without changing it
    Check(check::Arguments),
    /// Print every setting with its value in force and where it comes from
    Config(config::Arguments),
    /// Look for what is wrong with this installation, whether the service runs or not; changes nothing
    Doctor(doctor::Arguments),
    /// Print the version, and with --verbose what it was built of
    Version(version::Arguments),
    VerifySignature(verify_signature::Args),
}

/// What `sysexits.h` calls a wrong configuration.
const EX_CONFIG: u8 = 78;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Settings are wrong.
    #[error("{0}")]
    Mistakes(#[from] Mistakes),
    /// What was asked for cannot be done.
    #[error("error: {0}")]
    Refused(String),
    /// The output took no more.
    #[error("error: cannot print: {0}")]
    Output(#[from] io::Error),
    /// The question was not well put.
    #[error("error: {0}")]
    Usage(String),
}

impl Failure {
    fn refused(cause: impl std::fmt::Display) -> Self {
        Self::Refused(cause.to_string())
    }

    fn exit_code(&self) -> u8 {
        match self {
            Self::Mistakes(_) => EX_CONFIG,
            Self::Refused(_) | Self::Output(_) => 1,
            Self::Usage(_) => 2,
        }
    }
}

/// Every command with its arguments, to make man pages and completions of.
#[must_use]
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Do what the arguments of this process ask for.
#[must_use]
pub fn run() -> ExitCode {
    let out = &mut io::stdout();
    let done = match asked() {
        Command::Serve(arguments) => arguments.run(out).map(|()| true),
        Command::Healthcheck(arguments) => arguments.run(out),
        Command::User(arguments) => arguments.run(out).map(|()| true),
        Command::Key(arguments) => arguments.run(out).map(|()| true),
        Command::Tls(arguments) => arguments.run(out).map(|()| true),
        Command::Audit(arguments) => arguments.run(out),
        Command::Backup(arguments) => arguments.run(out).map(|()| true),
        Command::Restore(arguments) => arguments.run(out).map(|()| true),
        Command::Check(arguments) => arguments.run(out).map(|()| true),
        Command::Config(arguments) => arguments.run(out).map(|()| true),
        Command::Doctor(arguments) => arguments.run(out),
        Command::Version(arguments) => arguments.run(out).map(|()| true),
        Command::VerifySignature(arguments) => {
            verify_signature::run(&arguments, &mut io::stdin().lock(), out)
                .map_err(|error| Failure::Usage(error.to_string()))
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            // If even this cannot be written, the exit code says it.
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

/// The command that this process was started with.
fn asked() -> Command {
    let serve = || Command::Serve(serve::Arguments::default());
    let mut arguments = env::args_os().skip(1);
    // As systems start it. To read arguments, clap makes every command with every setting, which takes half a megabyte
    // that is never given back.
    match (arguments.next(), arguments.next()) {
        (None, _) => serve(),
        (Some(only), None) if only == "serve" => serve(),
        _ => Cli::parse().command.unwrap_or_else(serve),
    }
}

fn load(settings: SettingFlags) -> Result<Loaded, Mistakes> {
    Config::load(&Sources::of_process(settings.into_values()))
}
