//! `lucid-auth backup`, on a service that runs and on one that does not.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    os::unix::{
        fs::{FileTypeExt as _, PermissionsExt as _, symlink},
        net::UnixListener,
    },
    path::Path,
    thread,
};

use lucid_auth::domain::{audit::Action, timestamp::Timestamp};
use serde_json::{Value, json as value};

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

/// Ask for a backup to be taken to `to`, of something that answers in the service's place.
fn refused_by(data: &Path, answer: &Value, to: &Path) -> String {
    let listener = UnixListener::bind(data.join("admin.sock")).unwrap();
    let said = thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = BufReader::new(listener.accept().unwrap().0);
            stream.get_mut().write_all(b"lucid-auth\n").unwrap();
            let mut asked = String::new();
            stream.read_line(&mut asked).unwrap();
            assert!(asked.contains("backup"), "{asked}");
            writeln!(stream.get_mut(), "{answer}").unwrap();
        });
        refused(data, &["backup", to.to_str().unwrap()], 1)
    });
    fs::remove_file(data.join("admin.sock")).unwrap();
    said
}

#[test]
fn a_service_that_was_broken_into_cannot_have_another_file_shown_or_removed() {
    type Lay = fn(&Path, &Path);
    let at = Timestamp::from_unix(1_793_000_000);
    let name = "auth-2026-10-26T07-33-20Z.redb.handover";
    let cases: [(&str, &str, Lay, &str); 6] = [
        ("a file of another name", "secret", |_, _| {}, "not the name"),
        (
            "a copy of another time",
            "auth-2026-10-26T07-33-21Z.redb.handover",
            |path, _| fs::write(path, "").unwrap(),
            "not the name",
        ),
        ("a link", name, |path, secret| symlink(secret, path).unwrap(), "symbolic link"),
        (
            "a second name of a file",
            name,
            |path, secret| fs::hard_link(secret, path).unwrap(),
            "no file of its own",
        ),
        ("a folder", name, |path, _| fs::create_dir(path).unwrap(), "no file of its own"),
        (
            "a pipe",
            name,
            |path, _| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success()),
            "no file of its own",
        ),
    ];
    for (case, named, lay, why) in cases {
        let (folder, data) = started();
        let (secret, to) = (folder.path().join("secret"), folder.path().join("copy.redb"));
        fs::write(&secret, "of another's").unwrap();
        let path = folder.path().join(named);
        lay(&path, &secret);
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        let row = value!({
            "file": path, "made_at": at, "bytes": 12, "took_ms": 1, "schema": 1, "users": 0, "sessions": 0, "audit_entries": 0,
        });
        let said = refused_by(&data, &value!({ "backup": row }), &to);
        assert!(said.contains("was left alone") && said.contains(why), "{case}: {said}");
        assert_eq!(fs::read_to_string(&secret).unwrap(), "of another's", "{case}");
        assert_eq!(fs::symlink_metadata(&path).unwrap().file_type(), kind, "{case}: it was removed");
        assert!(kind.is_fifo() == (case == "a pipe") && !to.exists(), "{case}");
    }
}
