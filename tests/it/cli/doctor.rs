//! `lucid-auth doctor`, on services that run and that do not.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

use lucid_auth::store::SCHEMA_VERSION;
use rcgen::date_time_ymd;
use redb::{Database, TableDefinition};
use serde_json::Value;

use super::{done, first_start, place, run, started};
use crate::{
    certificate::Pair,
    process::{Process, Service},
};

const NAMES: [&str; 11] = [
    "settings",
    "clock",
    "page-size",
    "disk-space",
    "disk-wear",
    "permissions",
    "port",
    "tls",
    "proxy",
    "backup",
    "database",
];

/// Each finding by its name: level, what was seen, and what to do; and the exit status.
fn examine(data: &Path, environment: &[(&str, &str)]) -> (i32, BTreeMap<String, (String, String, String)>) {
    let ended = Process::start(data, &["doctor", "--json"], environment).end();
    assert_eq!(ended.err, "");
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    let mut found = BTreeMap::new();
    for one in told["findings"].as_array().unwrap() {
        let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("level") == "ok", one.get("do").is_none(), "{one}");
        let before = found.insert(text("name"), (text("level"), text("seen"), text("do")));
        assert_eq!(before, None, "{one} comes twice");
    }
    (ended.code.unwrap(), found)
}

#[test]
fn a_stopped_service_is_examined_and_nothing_is_changed() {
    let (_folder, data) = place();
    let (_, found) = examine(&data, &[]);
    assert!(!data.exists(), "asking makes nothing");
    assert_eq!(found["database"].0, "warning");
    first_start(&data);
    done(&data, &["user", "list"]);
    let before = fs::read(data.join("auth.redb")).unwrap();
    let (code, found) = examine(&data, &[]);
    let mut names = NAMES;
    names.sort_unstable();
    assert!(found.keys().eq(names.iter()), "{found:?}");
    assert_eq!((found["database"].0.as_str(), found["permissions"].0.as_str()), ("ok", "ok"), "{found:?}");
    assert_eq!(found["backup"].0, "warning", "there is none yet");
    assert_eq!((found["tls"].0.as_str(), found["tls"].2.contains("TLS_SELF_SIGNED")), ("warning", true));
    assert_eq!(code, i32::from(found.values().any(|one| one.0 == "problem")), "{found:?}");
    assert_eq!(fs::read(data.join("auth.redb")).unwrap(), before);
    let text = run(&data, &["doctor"]).out;
    assert!(text.lines().any(|line| line.starts_with("warning  tls ")), "{text}");
    assert!(text.lines().any(|line| line.starts_with("         do: Set TLS_SELF_SIGNED")), "{text}");
}

#[test]
fn a_running_service_is_asked() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let port = service.port.to_string();
    let (_, found) = examine(&data, &[("AUTH_SERVICE_PORT", &port)]);
    assert!(found["port"].1.contains("is held by this service"), "{found:?}");
    assert!(found["database"].1.contains("The running service reads and writes"), "{found:?}");
    assert_eq!(found["proxy"].0, "ok");
    let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
    let ask = "GET /health HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, found) = examine(&data, &[("AUTH_SERVICE_PORT", &port)]);
    let proxy = &found["proxy"];
    assert!(proxy.0 == "warning" && proxy.1.starts_with("127.0.0.1 says by X-Forwarded-For"), "{proxy:?}");
    let other = [("AUTH_SERVICE_PORT", port.as_str()), ("SERVICE_NAME", "another")];
    assert_eq!(examine(&data, &other).1["port"].0, "problem");
    assert_eq!(examine(&data, &[]).1["database"].0, "problem", "it is in use, and the port is not known");
    service.stop();
}

#[test]
fn what_is_wrong_is_a_problem_with_advice() {
    let (_folder, data) = started();
    done(&data, &["user", "list"]);
    let file = data.join("auth.redb");
    let problem = |name: &str, environment: &[(&str, &str)], seen: &str, advice: &str| {
        let (code, found) = examine(&data, environment);
        let one = &found[name];
        assert_eq!((code, one.0.as_str()), (1, "problem"), "{found:?}");
        assert!(one.1.contains(seen) && one.2.contains(advice), "{one:?}");
    };
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    problem("permissions", &[], "has mode 0644", "chmod 600");
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();

    let settings = data.with_extension("env");
    fs::write(&settings, format!("MASTER_KEY={}\n", "A".repeat(43) + "=")).unwrap();
    let environment = [("SETTINGS_FILE", settings.to_str().unwrap())];
    fs::set_permissions(&settings, Permissions::from_mode(0o644)).unwrap();
    problem("permissions", &environment, "MASTER_KEY is in", "chmod o=");
    fs::set_permissions(&settings, Permissions::from_mode(0o640)).unwrap();
    assert_eq!(examine(&data, &environment).1["permissions"].0, "ok");

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    problem("port", &[("AUTH_SERVICE_PORT", &port)], "does not answer", "ss -ltnp");

    let old = Pair::with(|params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let (cert, key) = (old.certificate.to_str().unwrap(), old.key.to_str().unwrap());
    problem("tls", &[("TLS_CERT_FILE", cert), ("TLS_KEY_FILE", key)], "expired at 2021-01-01", "Renew");
    let good = Pair::new();
    let other = good.key.to_str().unwrap();
    problem("tls", &[("TLS_CERT_FILE", cert), ("TLS_KEY_FILE", other)], "another's", "its own key");
    let tls = [
        ("TLS_CERT_FILE", good.certificate.to_str().unwrap()),
        ("TLS_KEY_FILE", other),
        ("PUBLIC_URL", "https://auth.a.org"),
    ];
    problem("tls", &tls, "is not for auth.a.org", "PUBLIC_URL");
    problem("settings", &[("LOG_LEVEL", "LOUD")], "LOG_LEVEL", "Correct");

    let database = Database::open(&file).unwrap();
    let tx = database.begin_write().unwrap();
    let meta: TableDefinition<&[u8], &[u8]> = TableDefinition::new("meta");
    let next = (SCHEMA_VERSION + 1).to_be_bytes();
    tx.open_table(meta).unwrap().insert(b"schema".as_slice(), next.as_slice()).unwrap();
    tx.commit().unwrap();
    drop(database);
    problem("database", &[], "a newer version of lucid-auth wrote", "Install the newer version");
    fs::write(&file, "").unwrap();
    problem("database", &[], "is not a database of lucid-auth", "Move the file away");
}

#[test]
fn backups_that_are_off_missing_or_old_are_warnings() {
    let (_folder, data) = place();
    let backup = |environment: &[(&str, &str)]| examine(&data, environment).1.remove("backup").unwrap();
    assert!(backup(&[("BACKUP_ENABLED", "false")]).1.contains("off"));
    assert!(backup(&[]).1.contains("no backup"));
    let folder = data.join("backups");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("auth-2026-01-01T00-00-00Z.redb"), "").unwrap();
    let old = backup(&[]);
    assert!(old.0 == "warning" && old.1.contains("2026-01-01T00:00:00Z"), "{old:?}");
    first_start(&data);
    done(&data, &["backup"]);
    assert_eq!(backup(&[]).0, "ok");
}

#[test]
fn the_version_tells_what_it_was_built_of() {
    let (_folder, data) = place();
    let short = done(&data, &["version"]);
    assert_eq!(short, done(&data, &["--version"]));
    let verbose = done(&data, &["version", "--verbose"]);
    assert!(verbose.starts_with(&short), "{verbose}");
    for word in ["target ", "rustls with ring", "page size ", &format!("schema     {SCHEMA_VERSION}\n")] {
        assert!(verbose.contains(word), "{verbose}");
    }
    assert!(!data.exists());
}
