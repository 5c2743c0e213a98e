//! Backups by schedule, as the clock goes, and what is told of them.

use std::{fs, path::Path, time::Duration};

use lucid_auth::{
    domain::{
        backup::{Schedule, file_name},
        timestamp::Timestamp,
    },
    service::{BackupPlan, Rules},
};
use serde_json::Value;

use crate::support::{START, TestClock, TestServer, rules};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn told(server: &TestServer) -> Value {
    server.get("/health", "").await.expect(200)["backup"].clone()
}

#[tokio::test]
async fn backups_are_made_when_they_are_due_kept_as_long_as_is_set_and_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("backups");
    let schedule = Schedule { interval: Duration::from_secs(DAY), retention: Duration::from_secs(3 * DAY) };
    let rules = Rules { backup: BackupPlan { dir: dir.clone(), schedule: Some(schedule) }, ..rules() };
    let server = TestServer::over(&folder.path().join("auth.redb"), rules, TestClock::new()).await;
    let before = told(&server).await;
    assert_eq!((&before["status"], &before["verified_at"]), (&"healthy".into(), &Value::Null));

    server.service.back_up_if_due().await.unwrap();
    assert_eq!(files(&dir).len(), 1, "the first is due at once");
    server.clock.pass(DAY - 1);
    server.service.back_up_if_due().await.unwrap();
    assert_eq!((files(&dir).len(), told(&server).await["age_seconds"].as_u64()), (1, Some(DAY - 1)));
    server.clock.pass(1);
    server.service.back_up_if_due().await.unwrap();
    assert_eq!((files(&dir).len(), told(&server).await["age_seconds"].as_u64()), (2, Some(0)));

    // What is not a backup, or was not finished, or is not so old.
    let oldest = files(&dir)[0].clone();
    fs::write(dir.join("notes.txt"), "").unwrap();
    fs::write(dir.join(format!("{oldest}.partial")), "").unwrap();
    server.clock.pass(3 * DAY);
    server.service.back_up_if_due().await.unwrap();
    let left = files(&dir);
    assert_eq!((left.len(), left.contains(&oldest)), (3, false), "{left:?}");
    assert!(left.contains(&"notes.txt".to_owned()), "{left:?}");

    // A folder that cannot be written to: told, tried again, and nothing old is removed.
    fs::rename(&dir, folder.path().join("away")).unwrap();
    fs::write(&dir, "in the way").unwrap();
    assert!(server.service.back_up_if_due().await.is_err());
    let failing = told(&server).await;
    assert_eq!(failing["status"], "failing");
    let health = server.get("/health", "").await.expect(200);
    assert_eq!(health["status"], "healthy", "people can sign in all the same");
    fs::remove_file(&dir).unwrap();
    fs::rename(folder.path().join("away"), &dir).unwrap();
    server.clock.pass(30 * HOUR);
    server.service.back_up_if_due().await.unwrap();
    assert_eq!(told(&server).await["status"], "healthy");
    server.clock.pass(31 * HOUR);
    assert_eq!(told(&server).await["status"], "overdue");
    server.close().await;
}

#[tokio::test]
async fn one_of_a_clock_that_ran_ahead_does_not_pass_for_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("backups");
    let schedule = Schedule { interval: Duration::from_secs(DAY), retention: Duration::from_secs(3 * DAY) };
    let rules = Rules { backup: BackupPlan { dir: dir.clone(), schedule: Some(schedule) }, ..rules() };
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join(file_name(Timestamp::from_unix(START + 999 * DAY))), "").unwrap();
    let server = TestServer::over(&folder.path().join("auth.redb"), rules, TestClock::new()).await;
    assert_eq!(told(&server).await["verified_at"], Value::Null);
    server.service.back_up_if_due().await.unwrap();
    server.clock.pass(1);
    server.service.back_up_if_due().await.unwrap();
    assert_eq!(told(&server).await["age_seconds"], 1);
    server.clock.pass(31 * HOUR);
    assert_eq!(told(&server).await["status"], "overdue");
    server.close().await;
}
