//! Restore drills: copies that are put back, by `lucid-auth restore` and by `cp`, and what they may not bring back.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _, chown},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
};

use lucid_auth::{domain::audit::Action, store::SCHEMA_VERSION};
use redb::{Database, TableDefinition};
use serde_json::{Value, json};

use super::{done, files, first_start, json as print_json, place, refused, run, started};
use crate::{
    http::Http,
    process::{Process, Service, command},
    wallet::Wallet,
};

const META: TableDefinition<&[u8], &[u8]> = TableDefinition::new("meta");

fn sign_in(http: &mut Http, wallet: &Wallet) -> Value {
    let body = http.signed(wallet).unwrap();
    http.post("/auth/login", &body).unwrap().expect(200)
}

fn refresh(http: &mut Http, token: &Value) -> (u16, u16) {
    http.post("/auth/refresh", &json!({ "refresh_token": token })).unwrap().problem()
}

/// Put `copy` back, either way, on a service that is stopped.
fn put_back(data: &Path, copy: &Path, by_cp: bool) {
    let database = data.join("auth.redb");
    if by_cp {
        fs::copy(copy, &database).unwrap();
    } else {
        done(data, &["restore", copy.to_str().unwrap()]);
    }
}

fn restored(data: &Path) -> Vec<String> {
    let events = crate::support::audit_log(&data.join("auth.redb")).into_iter();
    let told = events.filter(|event| event.action == Action::DatabaseRestored);
    told.map(|event| event.detail.unwrap()).collect()
}

/// How a copy is made: by `backup` while the service runs, or by `cp` while it is stopped.
#[derive(Debug, Clone, Copy)]
enum Copy {
    Backup,
    Stopped,
}

#[test]
fn an_older_copy_brings_back_no_session_no_refresh_token_and_nobody_who_was_locked() {
    for (how, by_cp, killed) in [
        (Copy::Backup, true, false),
        (Copy::Backup, false, false),
        (Copy::Stopped, true, false),
        (Copy::Stopped, false, false),
        (Copy::Backup, true, true),
        (Copy::Stopped, true, true),
    ] {
        let case = format!("{how:?}, by cp: {by_cp}, killed: {killed}");
        let (folder, data) = place();
        let copy = folder.path().join("copy.redb");
        let mut service = Service::start(&data);
        let [ended, rotated, locked, kept, newcomer] = [1, 2, 3, 4, 5].map(Wallet::new);
        let (first, mut tokens) = {
            let mut http = Http::new(service.port);
            (sign_in(&mut http, &ended), [&rotated, &locked, &kept].map(|wallet| sign_in(&mut http, wallet)))
        };
        match how {
            Copy::Backup => drop(done(&data, &["backup", copy.to_str().unwrap()])),
            Copy::Stopped => {
                service.stop();
                fs::copy(data.join("auth.redb"), &copy).unwrap();
                service = Service::start(&data);
            }
        }
        {
            let mut http = Http::new(service.port);
            let used = tokens[0]["refresh_token"].clone();
            tokens[0] = http.post("/auth/refresh", &json!({ "refresh_token": used })).unwrap().expect(200);
            http.call("POST", "/auth/logout", &first["access_token"], &json!({})).unwrap();
            sign_in(&mut http, &newcomer);
            for wallet in [&locked, &newcomer] {
                done(&data, &["user", "lock", &wallet.address.to_string()]);
            }
        }
        if killed {
            service.process.signal("KILL");
            service.process.end();
        } else {
            service.stop();
        }
        put_back(&data, &copy, by_cp);

        let service = Service::start(&data);
        let mut http = Http::new(service.port);
        for token in [&first, &tokens[0], &tokens[1], &tokens[2]] {
            assert_eq!(refresh(&mut http, &token["refresh_token"]), (401, 1015), "{case}");
            let verify = http.get("/auth/verify", &token["access_token"]).unwrap();
            assert_eq!(verify.problem(), (401, 1015), "{case}: {}", verify.body);
        }
        for wallet in [&locked, &newcomer] {
            let body = http.signed(wallet).unwrap();
            assert_eq!(http.post("/auth/login", &body).unwrap().problem(), (423, 1005), "{case}");
        }
        let again = sign_in(&mut http, &kept);
        assert_eq!(
            again["user"]["user_id"], tokens[2]["user"]["user_id"],
            "{case}: accounts are as they were"
        );
        service.stop();

        // Nothing more happens at the next start.
        let service = Service::start(&data);
        let mut http = Http::new(service.port);
        assert_eq!(refresh(&mut http, &again["refresh_token"]).0, 200, "{case}");
        service.stop();
        let told = restored(&data);
        assert_eq!(told.len(), 1, "{case}: {told:?}");
        assert!(told[0].ends_with("sessions ended: 4; accounts locked again: 2"), "{case}: {told:?}");
        assert_eq!(print_json(&data, &["check"])["users"], 5, "{case}");
    }
}

#[test]
fn the_database_that_a_restore_replaced_is_kept_and_ends_its_sessions_if_it_comes_back() {
    let (folder, data) = place();
    let copy = folder.path().join("copy.redb");
    let service = Service::start(&data);
    let mut http = Http::new(service.port);
    done(&data, &["backup", copy.to_str().unwrap()]);
    let wallet = Wallet::new(1);
    let tokens = sign_in(&mut http, &wallet);
    let said = refused(&data, &["restore", copy.to_str().unwrap()], 1);
    assert!(said.contains("is in use: stop the service (systemctl stop lucid-auth)"), "{said}");
    service.stop();

    let report = print_json(&data, &["restore", copy.to_str().unwrap()]);
    let kept = PathBuf::from(report["kept"].as_str().unwrap());
    assert!(
        kept.starts_with(&data) && kept.to_str().unwrap().contains("auth.redb.before-restore-2"),
        "{kept:?}"
    );
    assert_eq!((print_json(&data, &["user", "list"]), report["users"].as_u64()), (json!([]), Some(0)));

    fs::rename(&kept, data.join("auth.redb")).unwrap();
    let service = Service::start(&data);
    let mut http = Http::new(service.port);
    assert_eq!(refresh(&mut http, &tokens["refresh_token"]), (401, 1015));
    assert_eq!(sign_in(&mut http, &wallet)["user"]["user_id"], tokens["user"]["user_id"]);
    service.stop();
    assert!(
        restored(&data)[0].starts_with("it is another database than was here before"),
        "{:?}",
        restored(&data)
    );
}

#[test]
fn a_copy_of_another_machine_takes_over_without_its_sessions() {
    for (by_cp, used_before) in [(true, false), (false, false), (true, true), (false, true)] {
        let case = format!("by cp: {by_cp}, used before: {used_before}");
        let (_folder, theirs) = place();
        let service = Service::start(&theirs);
        let wallet = Wallet::new(1);
        let tokens = sign_in(&mut Http::new(service.port), &wallet);
        service.stop();
        let (_folder, ours) = place();
        if used_before {
            let service = Service::start(&ours);
            sign_in(&mut Http::new(service.port), &Wallet::new(2));
            service.stop();
        } else {
            fs::create_dir(&ours).unwrap();
        }
        put_back(&ours, &theirs.join("auth.redb"), by_cp);
        let service = Service::start(&ours);
        let mut http = Http::new(service.port);
        assert_eq!(refresh(&mut http, &tokens["refresh_token"]), (401, 1015), "{case}");
        assert_eq!(sign_in(&mut http, &wallet)["user"]["user_id"], tokens["user"]["user_id"], "{case}");
        service.stop();
        assert!(restored(&ours)[0].contains("sessions ended: 1"), "{case}: {:?}", restored(&ours));
        assert_eq!(print_json(&ours, &["user", "list"]).as_array().unwrap().len(), 1, "{case}");
    }
}

#[test]
fn a_copy_that_does_not_hold_is_refused_by_name_and_the_database_stays_as_it_was() {
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, &str); 5] = [
        (
            "truncated",
            |copy| {
                let bytes = fs::read(copy).unwrap();
                fs::write(copy, &bytes[..bytes.len() / 2]).unwrap();
            },
            "is damaged",
        ),
        (
            "torn",
            |copy| {
                let mut bytes = fs::read(copy).unwrap();
                let middle = bytes.len() / 3;
                bytes[8192..middle.max(40_000)].rotate_left(4096);
                fs::write(copy, bytes).unwrap();
            },
            "is damaged",
        ),
        ("empty", |copy| fs::write(copy, "").unwrap(), "is not a database of lucid-auth"),
        (
            "newer",
            |copy| {
                let database = Database::create(copy).unwrap();
                let tx = database.begin_write().unwrap();
                let next = (SCHEMA_VERSION + 1).to_be_bytes();
                tx.open_table(META).unwrap().insert(b"schema".as_slice(), next.as_slice()).unwrap();
                tx.commit().unwrap();
            },
            "which a newer version of lucid-auth wrote",
        ),
        ("missing", |copy| fs::remove_file(copy).unwrap(), "there is no database"),
    ];
    for (case, spoil, why) in cases {
        let (folder, data) = started();
        let copy = folder.path().join("copy.redb");
        for number in 0..30 {
            done(&data, &["user", "add", &Wallet::new(number).address.to_string()]);
        }
        done(&data, &["backup", copy.to_str().unwrap()]);
        spoil(&copy);
        let (before, names) = (fs::read(data.join("auth.redb")).unwrap(), files(&data));
        for command in [&["restore"][..], &["backup", "verify"]] {
            let said = refused(&data, &[command, &[copy.to_str().unwrap()]].concat(), 1);
            assert!(said.contains(copy.to_str().unwrap()) && said.contains(why), "{case}: {said}");
        }
        assert!(fs::read(data.join("auth.redb")).unwrap() == before, "{case}");
        assert_eq!(files(&data), names, "{case}");

        // The plain way: the service refuses it, and goes on with the one that was there.
        if copy.exists() {
            fs::copy(&copy, data.join("auth.redb")).unwrap();
            let ended = run(&data, &[]);
            assert_eq!(ended.code, Some(1), "{case}");
            assert!(
                ended.err.contains(why) && ended.err.contains("left as it is")
                    || ended.err.contains("left as it was"),
                "{case}: {}",
                ended.err
            );
            fs::write(data.join("auth.redb"), &before).unwrap();
            assert_eq!(print_json(&data, &["user", "list"]).as_array().unwrap().len(), 30, "{case}");
        }
    }
}

#[test]
fn a_file_copied_with_cp_from_a_running_service_is_whole_or_refused() {
    let (_folder, data) = place();
    let service = Service::with(&data, &[("RATE_LIMIT_ENABLED", "false")]);
    let over = std::sync::atomic::AtomicBool::new(false);
    let (mut whole, mut refusals) = (0, 0);
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (over, port) = (&over, service.port);
            scope.spawn(move || {
                let mut http = Http::new(port);
                for number in 0.. {
                    if over.load(std::sync::atomic::Ordering::SeqCst) {
                        break;
                    }
                    sign_in(&mut http, &Wallet::new(thread * 1000 + number % 50));
                }
            });
        }
        for _ in 0..10 {
            let (_folder, elsewhere) = place();
            fs::create_dir(&elsewhere).unwrap();
            let copied = elsewhere.join("auth.redb");
            fs::copy(data.join("auth.redb"), &copied).unwrap();
            let before = fs::read(&copied).unwrap();
            let ended = run(&elsewhere, &["user", "list"]);
            if ended.code == Some(0) {
                whole += 1;
                let report = print_json(&elsewhere, &["check"]);
                assert_eq!(report["sessions"], 0, "a session lives on in a copy");
            } else {
                refusals += 1;
                assert!(ended.err.contains("copied with cp while the service ran"), "{}", ended.err);
                assert!(fs::read(&copied).unwrap() == before);
            }
        }
        over.store(true, std::sync::atomic::Ordering::SeqCst);
    });
    assert_eq!(whole + refusals, 10);
    service.stop();
}

#[test]
fn a_database_of_a_version_without_a_guard_keeps_its_sessions() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let tokens = sign_in(&mut Http::new(service.port), &Wallet::new(1));
    service.stop();
    fs::remove_file(data.join("auth.guard")).unwrap();
    {
        let database = Database::create(data.join("auth.redb")).unwrap();
        let tx = database.begin_write().unwrap();
        {
            let mut meta = tx.open_table(META).unwrap();
            assert!(meta.remove(b"instance".as_slice()).unwrap().is_some());
            assert!(meta.remove(b"commits".as_slice()).unwrap().is_some());
        }
        tx.commit().unwrap();
    }
    let service = Service::start(&data);
    assert_eq!(refresh(&mut Http::new(service.port), &tokens["refresh_token"]).0, 200);
    service.stop();
    assert!(restored(&data).is_empty());
    assert_eq!(files(&data), ["auth.guard", "auth.redb"]);
}

#[test]
fn after_a_kill_nobody_has_to_sign_in_again() {
    let (_folder, data) = place();
    let mut service = Service::start(&data);
    let wallet = Wallet::new(1);
    let mut tokens = sign_in(&mut Http::new(service.port), &wallet);
    for number in 2..5 {
        // What is in the guard at once, and what is not, just before the kill.
        let other = Wallet::new(number).address.to_string();
        done(&data, &["user", "add", &other]);
        done(&data, &["user", "lock", &other]);
        sign_in(&mut Http::new(service.port), &Wallet::new(number + 10));
        service.process.signal("KILL");
        service.process.end();
        service = Service::start(&data);
        let refresh = json!({ "refresh_token": tokens["refresh_token"] });
        tokens = Http::new(service.port).post("/auth/refresh", &refresh).unwrap().expect(200);
    }
    service.stop();
    assert!(restored(&data).is_empty());
}

#[test]
fn on_a_full_disk_nothing_is_half_done() {
    let (folder, _) = place();
    let disk = folder.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let shell =
        |script: &str| std::process::Command::new("sh").args(["-c", script]).status().unwrap().success();
    if !shell(&format!("mount -t tmpfs -o size=6m none {} 2>/dev/null", disk.display())) {
        // Without the right to mount, a limit on the length of files stands in: the system refuses the write all the same.
        return full_by_limit(folder.path());
    }
    let _mounted = Mounted(disk.clone());
    let data = disk.join("data");
    first_start(&data);
    done(&data, &["user", "add", &Wallet::new(1).address.to_string()]);
    let copy = folder.path().join("copy.redb");
    done(&data, &["backup", copy.to_str().unwrap()]);
    let mut filler = Vec::new();
    while fs::write(disk.join("filler"), &filler).is_ok() {
        filler.resize(filler.len() + 65_536, 1);
    }
    let names = files(&data);
    for arguments in [&["backup"][..], &["restore", copy.to_str().unwrap()]] {
        let said = refused(&data, arguments, 1);
        assert!(said.contains("No space left") || said.contains("space"), "{arguments:?}: {said}");
    }
    assert_eq!(files(&data), names);
    assert!(files(&data.join("backups")).is_empty(), "{:?}", files(&data.join("backups")));
    assert_eq!(print_json(&data, &["check"])["users"], 1);
    fs::remove_file(disk.join("filler")).unwrap();
    done(&data, &["restore", copy.to_str().unwrap()]);
    assert_eq!(print_json(&data, &["check"])["users"], 1);
}

/// A disk that goes when the test does, however it ends.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(std::process::Command::new("umount").arg(&self.0).status());
    }
}

fn full_by_limit(folder: &Path) {
    let data = folder.join("data");
    first_start(&data);
    done(&data, &["user", "add", &Wallet::new(1).address.to_string()]);
    let copy = folder.join("copy.redb");
    done(&data, &["backup", copy.to_str().unwrap()]);
    let names = files(&data);
    let binary = env!("CARGO_BIN_EXE_lucid-auth");
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; DATA_DIR={} exec {binary} restore {}",
        data.display(),
        copy.display()
    );
    assert!(!std::process::Command::new("sh").args(["-c", &script]).status().unwrap().success());
    assert_eq!(files(&data), names);
    assert_eq!(print_json(&data, &["check"])["users"], 1);
}

/// Whether this process may act as others.
fn is_root(folder: &Path) -> bool {
    fs::metadata(folder).unwrap().uid() == 0
}

#[test]
fn what_root_makes_and_puts_back_belongs_to_the_service() {
    const SERVICE: u32 = 65_534;
    let (folder, data) = place();
    if !is_root(folder.path()) {
        return not_ours_to_read(&data);
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
    chown(&data, Some(SERVICE), Some(SERVICE)).unwrap();
    let start = || {
        let mut process = command(&data, &[], &[]);
        process.uid(SERVICE).gid(SERVICE).stdout(std::process::Stdio::piped());
        Process::of(process.spawn().unwrap())
    };
    let owner = |path: &Path| fs::metadata(path).unwrap().uid();
    let service = Service::of(start());
    let wallet = Wallet::new(1);
    sign_in(&mut Http::new(service.port), &wallet);
    let copy = folder.path().join("copy.redb");
    done(&data, &["backup", copy.to_str().unwrap()]);
    assert_eq!(owner(&copy), 0, "what root takes elsewhere is root's");
    service.stop();

    // All as root.
    done(&data, &["user", "lock", &wallet.address.to_string()]);
    let kept = print_json(&data, &["backup"]);
    done(&data, &["restore", copy.to_str().unwrap()]);
    for path in [&data.join("auth.redb"), &data.join("auth.guard"), Path::new(kept["file"].as_str().unwrap())]
    {
        assert_eq!(owner(path), SERVICE, "{}", path.display());
    }
    let service = Service::of(start());
    let mut http = Http::new(service.port);
    let body = http.signed(&wallet).unwrap();
    assert_eq!(http.post("/auth/login", &body).unwrap().problem(), (423, 1005));
    service.stop();

    chown(data.join("auth.redb"), Some(0), Some(0)).unwrap();
    let ended = start().end();
    assert_eq!(ended.code, Some(1));
    for words in ["auth.redb: Permission denied", "belongs to this service's user"] {
        assert!(ended.err.contains(words), "{}", ended.err);
    }
}

/// The part of the drill that needs no root.
fn not_ours_to_read(data: &Path) {
    done(data, &["user", "list"]);
    fs::set_permissions(data.join("auth.redb"), fs::Permissions::from_mode(0o000)).unwrap();
    let said = refused(data, &["user", "list"], 1);
    assert!(
        said.contains("auth.redb: Permission denied") && said.contains("belongs to this service's user"),
        "{said}"
    );
}
