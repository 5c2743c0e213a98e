//! Commands that take long: whoever waits for one is told every second that it goes on.

use std::{
    io::{self, IsTerminal as _, Write as _},
    pin::Pin,
    time::Duration,
};

use super::Outcome;
use crate::service::Service;

const BEAT: Duration = Duration::from_secs(1);

/// The outcome of `work`, or how far it is after a while.
pub(super) async fn next(service: &Service, work: Pin<&mut impl Future<Output = Outcome>>) -> Outcome {
    tokio::select! {
        outcome = work => outcome,
        () = tokio::time::sleep(BEAT) => {
            let (rows, of) = service.backup_progress();
            Outcome::Working { rows, of }
        }
    }
}

/// Show to a person at a terminal that so many rows are copied, of so many.
pub(super) fn show(rows: u64, of: u64) {
    let mut err = io::stderr();
    if err.is_terminal() {
        let what = if rows < of { format!("{rows} of {of} rows copied") } else { "checking the copy".into() };
        // Who cannot see it misses nothing.
        drop(writeln!(err, "{what} …"));
    }
}
