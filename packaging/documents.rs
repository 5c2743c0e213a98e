//! Write the man pages and the shells' completions of every command into a folder, for the package:
//! `cargo run --example documents -- FOLDER`.

use std::{env, error::Error, fs, path::PathBuf};

use clap::Command;
use clap_complete::{Shell, generate_to};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).ok_or("usage: documents FOLDER")?);
    fs::create_dir_all(&folder)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let file = generate_to(shell, &mut lucid_auth::cli::command(), "lucid-auth", &folder)?;
        if shell == Shell::Bash {
            // It writes the hyphen of our name in two ways, so that no subcommand would be found (clap-rs/clap#6421).
            let script = fs::read_to_string(&file)?.replace("lucid__subcmd__auth", "lucid__auth");
            fs::write(&file, script)?;
        }
    }
    clap_mangen::generate_to(without_help(lucid_auth::cli::command()), &folder)?;
    Ok(())
}

/// `command` without the subcommands `help`, which need no page.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}
