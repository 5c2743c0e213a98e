//! `lucid-auth check`.

use std::fs;

use lucid_auth::store::SCHEMA_VERSION;

use super::{done, json, place, refused, run, started};
use crate::{process::Service, wallet::Wallet};

#[test]
fn a_sound_database_is_counted_and_not_changed() {
    let (_folder, data) = started();
    for number in 0..3 {
        done(&data, &["user", "add", &Wallet::new(number).address.to_string()]);
    }
    let file = data.join("auth.redb");
    let before = fs::read(&file).unwrap();
    let path = file.to_str().unwrap();
    let elsewhere = data.join("elsewhere");
    for (data, arguments) in [(&data, &["check"][..]), (&elsewhere, &["check", path])] {
        let text = done(data, arguments);
        let counted = format!(
            "{path} is sound.\nSchema {SCHEMA_VERSION}, 3 users, 0 hardware wallets, 0 sessions, 1 signing keys, 4 audit entries.\n"
        );
        assert_eq!(text, counted, "the entries are those of three accounts and a key");
        let report = json(data, arguments);
        assert_eq!((&report["users"], &report["audit_entries"]), (&3.into(), &4.into()));
        assert_eq!((&report["file"], &report["schema"]), (&path.into(), &SCHEMA_VERSION.into()));
    }
    assert_eq!(fs::read(&file).unwrap(), before);
    assert!(!elsewhere.exists());
}

#[test]
fn a_damaged_database_is_named_with_advice_and_left_as_it_is() {
    let (_folder, data) = started();
    done(&data, &["user", "list"]);
    let file = data.join("auth.redb");
    let sound = fs::read(&file).unwrap();
    let mut noticed = 0;
    for block in 0..sound.len() / 512 {
        if sound[block * 512..][..512].iter().all(|byte| *byte == 0) {
            continue;
        }
        let mut flipped = sound.clone();
        flipped[block * 512 + 100] ^= 0xff;
        fs::write(&file, &flipped).unwrap();
        let ended = run(&data, &["check"]);
        if ended.code == Some(1) {
            noticed += 1;
            let said = format!("error: {} is damaged (", file.display());
            assert!(ended.err.starts_with(&said) && ended.err.contains("Restore a backup"), "{}", ended.err);
            assert_eq!(ended.out, "");
        } else {
            assert_eq!(ended.code, Some(0), "{ended:?}");
        }
        assert_eq!(fs::read(&file).unwrap(), flipped);
    }
    assert!(noticed >= 5, "only {noticed} flips were noticed");
}

#[test]
fn a_database_in_use_or_missing_is_refused_by_name() {
    let (_folder, data) = place();
    let file = data.join("auth.redb");
    let missing = refused(&data, &["check"], 1);
    let said = format!("error: there is no database {}", file.display());
    assert!(missing.starts_with(&said) && missing.contains("DATA_DIR"), "{missing}");
    assert!(!data.exists());
    let service = Service::start(&data);
    let used = refused(&data, &["check"], 1);
    assert!(used.starts_with(&format!("error: {} is in use by another process", file.display())), "{used}");
    service.stop();
}

#[test]
fn what_is_no_file_is_refused_by_name_and_waited_for_by_nobody() {
    let (folder, data) = started();
    let (pipe, other) = (folder.path().join("pipe"), folder.path().join("folder"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::create_dir(&other).unwrap();
    for place in [&pipe, &other] {
        let place = place.to_str().unwrap();
        for command in [&["check"][..], &["backup", "verify"], &["restore"]] {
            let said = refused(&data, &[command, &[place]].concat(), 1);
            assert!(said.contains(place) && said.contains("no regular file"), "{command:?}: {said}");
        }
    }
}
