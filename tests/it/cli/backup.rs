//! `lucid-auth backup`, on a service that runs and on one that does not.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use lucid_auth::domain::audit::Action;

use super::{audited, done, files, json, refused, started};
use crate::{http::Http, process::Service, wallet::Wallet};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_backup_is_made_alike_whether_the_service_runs_or_not_and_verifies() {
    for running in [false, true] {
        let (folder, data) = started();
        let service = running.then(|| Service::start(&data));
        for number in 0..3 {
            done(&data, &["user", "add", &Wallet::new(number).address.to_string()]);
        }
        let kept = json(&data, &["backup"]);
        let file = Path::new(kept["file"].as_str().unwrap());
        assert_eq!(file.parent().unwrap(), data.join("backups"));
        assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700));
        assert_eq!(
            (&kept["users"], kept["bytes"].as_u64()),
            (&3.into(), Some(fs::metadata(file).unwrap().len()))
        );

        let elsewhere = folder.path().join("copy.redb");
        let text = done(&data, &["backup", elsewhere.to_str().unwrap()]);
        assert!(text.contains("copy.redb is a verified copy as of 2") && text.contains("3 users"), "{text}");
        assert_eq!(mode(&elsewhere), 0o600);
        assert_eq!(files(file.parent().unwrap()).len(), 1, "what was taken elsewhere is not kept here");
        let second = json(&data, &["backup", folder.path().to_str().unwrap()]);
        assert!(second["file"].as_str().unwrap().contains("/auth-2"), "{second}");

        let before = fs::read(&elsewhere).unwrap();
        for file in [file, &elsewhere] {
            let verified = json(&data, &["backup", "verify", file.to_str().unwrap()]);
            assert_eq!((&verified["users"], verified["copied_at"].is_string()), (&3.into(), true));
        }
        assert!(fs::read(&elsewhere).unwrap() == before, "looking at it changed it");
        let said = done(&data, &["backup", "verify", elsewhere.to_str().unwrap()]);
        assert!(said.contains("copy.redb is sound. It is a copy as of 2"), "{said}");

        let again = refused(&data, &["backup", elsewhere.to_str().unwrap()], 1);
        assert!(again.contains("is there already; name another file"), "{again}");
        assert!(fs::read(&elsewhere).unwrap() == before, "what was there is left as it was");

        if let Some(service) = service {
            let health = Http::new(service.port).get("/health", &().into()).unwrap().expect(200);
            assert_eq!(health["backup"]["status"], "healthy");
            assert!(health["backup"]["age_seconds"].as_u64().unwrap() < 60, "{health}");
            service.stop();
        }
        let made = audited(&data).into_iter().filter(|(action, _)| *action == Action::BackupMade);
        let details: Vec<_> = made.map(|(_, detail)| detail).collect();
        assert_eq!(details.len(), 3, "{details:?}");
        assert!(details[0].ends_with("kept: 3 users, 0 sessions"), "{details:?}");
        assert!(details[1].contains("handed over"), "{details:?}");
    }
}

#[test]
fn a_backup_that_cannot_be_made_says_why_and_leaves_nothing() {
    let (folder, data) = started();
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let why = refused(&data, &["backup", "--backup-dir", file.to_str().unwrap()], 1);
    assert!(why.starts_with("error: no backup was made:") && why.contains("a file"), "{why}");
    let why = refused(&data, &["backup", "/nonexistent/copy.redb"], 1);
    assert!(why.contains("/nonexistent/copy.redb: No such file"), "{why}");
    assert!(files(&data.join("backups")).is_empty());
    for (bytes, why) in
        [(&b"SQLite"[..], "not a database of lucid-auth"), (b"redb\x1a\x0a\xa9\x0d\x0a", "damaged")]
    {
        fs::write(&file, bytes).unwrap();
        let said = refused(&data, &["backup", "verify", file.to_str().unwrap()], 1);
        assert!(said.contains(why), "{said}");
    }
}
