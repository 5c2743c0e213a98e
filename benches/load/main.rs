//! How fast the service is, as ratios to hyper alone and to the cryptography, taken in one run.
//!
//! `cargo bench --bench load` prints to stderr what each request costs, and to stdout each budget of `benches/budgets.tsv`
//! that is about load: name, measured, budget and unit, with tabs between. It exits 1 when one is not held. Rounds of the
//! service and of hyper alone alternate, and medians count, so that a busy machine does not decide.
//!
//! `cargo bench --bench load -- WORD...` measures only what has such a word in its name, and holds no budget.
//! `cargo bench --bench load -- counts` counts the instructions of each part instead, by valgrind.
//! `LUCID_BENCH_USERS` lists the numbers of users, `LUCID_BENCH_CONNECTIONS` those of connections, by commas.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    unreachable_pub,
    reason = "a bench fails by panicking, and its figures are for people"
)]

mod bare;
mod client;
mod counted;
mod crowd;
mod cryptography;
#[path = "../figures.rs"]
mod figures;
mod people;
mod plot;
mod process;
mod run;

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["bare"] => {
            bare::serve();
            return ExitCode::SUCCESS;
        }
        ["counts"] => {
            counted::all();
            return ExitCode::SUCCESS;
        }
        ["count", part, times] => {
            counted::run(part, times.parse().unwrap());
            return ExitCode::SUCCESS;
        }
        _ => {}
    }
    let mut budgets =
        figures::Figures::new(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/budgets.tsv").as_ref());
    run::all(&words, &mut budgets);
    if budgets.held() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
