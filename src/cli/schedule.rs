//! When backups are made while it serves.

use std::time::Duration;

use tokio::time::sleep;

use crate::service::Service;

/// How often it is seen whether a backup is due; the first time after this long.
const LOOK: Duration = Duration::from_secs(60);
/// How long one that failed is not tried again, at most.
const REST: Duration = Duration::from_secs(3600);

/// Make backups when they are due. Beside the other upkeep, which must not wait for them.
pub(super) async fn back_up(service: Service) {
    let mut wait = LOOK;
    loop {
        sleep(wait).await;
        let made = service.back_up_if_due().await;
        wait = next(wait, made.is_ok());
        if let Err(error) = made {
            tracing::error!(%error, seconds = wait.as_secs(), "no backup was made; it is tried again after so many seconds");
        }
    }
}

/// How long to wait next. Each try writes a whole copy, on a card that wears and perhaps fills a disk that others need, so
/// after each that fails the wait is twice as long.
fn next(wait: Duration, made: bool) -> Duration {
    if made { LOOK } else { (wait * 2).min(REST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fails_is_tried_ever_less_often_but_each_hour_and_what_was_made_is_looked_after_as_before() {
        let mut waits = vec![LOOK];
        for _ in 0..7 {
            waits.push(next(*waits.last().unwrap(), false));
        }
        let minutes: Vec<_> = waits.iter().map(|wait| wait.as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(next(REST, true), LOOK);
    }
}
