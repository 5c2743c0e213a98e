//! The guard beside the database: whatever it holds, the database opens, and brings no session back unless it holds just
//! what was written.

use std::{fs, sync::LazyLock};

use lucid_auth::store::{Store, sessions, users_index};
use serde_json::Value;
use tempfile::TempDir;

use crate::{database::BASE, world::folder};

static PLACE: LazyLock<TempDir> = LazyLock::new(folder);

pub fn run(data: &[u8]) {
    let path = PLACE.path().join("auth.redb");
    let guard = path.with_extension("guard");
    fs::write(&path, &BASE.file).unwrap();
    fs::write(&guard, data).unwrap();
    let store = Store::open(&path, [8; 32]).unwrap();
    let lasting = store.read(sessions::count).unwrap();
    assert!(lasting == BASE.report.sessions || lasting == 0, "{lasting} sessions are left");
    // By another reading: of this database, and no further on than it is.
    let (told, known) =
        (serde_json::from_slice::<Value>(data), serde_json::from_slice::<Value>(&BASE.guard).unwrap());
    let same = told.is_ok_and(|told| {
        told["instance"] == known["instance"] && told["commits"].as_u64() <= known["commits"].as_u64()
    });
    assert!(same || lasting == 0, "a guard that is not of this database let its sessions live");
    if data == BASE.guard {
        assert_eq!(lasting, BASE.report.sessions);
    }
    // Who is locked by the database stays so.
    let locked = users_index::Filter { role: None, locked: Some(true), address: None, name: None };
    assert!(!store.read(|tx| users_index::page(tx, &locked, None, 10)).unwrap().users.is_empty());
}

pub fn seeds() -> Vec<Vec<u8>> {
    let good = String::from_utf8_lossy(&BASE.guard).into_owned();
    let id = "0199b9a2-6c00-7abc-8def-0123456789ab";
    let lock = format!(
        r#""locked":[{{"user_id":"{id}","tron_address":"TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH","locked_at":"2026-11-23T12:00:00Z"}},"#
    );
    vec![
        good.clone().into_bytes(),
        good.replace(r#""locked":["#, &lock).into_bytes(),
        good.replace(r#""commits":"#, r#""commits":9"#).into_bytes(),
        good.replace(r#""version":1"#, r#""version":2"#).into_bytes(),
        Vec::new(),
        b"{}".to_vec(),
    ]
}
