//! Settings, as the binary takes them, refuses them and prints them.

use serde_json::Value;

use super::{done, json, place, run};
use crate::{
    http::Http,
    process::{Process, Service},
};

#[test]
fn all_wrong_settings_are_named_at_once_with_what_is_allowed() {
    let (_folder, data) = place();
    let wrong = [
        ("AUTH_SERVICE_PORT", "http"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "61"),
        ("SUPER_ADMIN_ADDRESSES", "T123"),
        ("REGISTRATION", "maybe"),
        ("MASTER_KEY", "hunter2"),
    ];
    for arguments in
        [&[][..], &["serve"], &["config"], &["user", "list"], &["key", "list"], &["healthcheck"], &["check"]]
    {
        let ended = Process::start(&data, arguments, &wrong).end();
        assert_eq!((ended.code, ended.out.as_str()), (Some(78), ""), "{arguments:?}: {}", ended.err);
        for (name, value) in wrong {
            let says = |line: &&str| line.starts_with(name) && line.contains("expected ");
            let line = ended.err.lines().find(says).unwrap_or_default();
            assert_ne!(line, "", "{arguments:?} does not name {name}: {}", ended.err);
            assert_eq!(line.contains(value), name != "MASTER_KEY", "{line}");
        }
    }
    assert!(!data.exists(), "nothing was made");
}

/// As the service that this one replaces was run.
const OLD: [(&str, &str); 24] = [
    ("SERVICE_NAME", "lucid-auth-service"),
    ("LOG_LEVEL", "INFO"),
    ("DEBUG", "false"),
    ("ENVIRONMENT", "production"),
    ("MONGODB_URI", "mongodb://lucid:secret@lucid-mongodb:27017/lucid_auth?authSource=admin"),
    ("MONGODB_DATABASE", "lucid_auth"),
    ("REDIS_URI", "redis://lucid-redis:6379/1"),
    ("REDIS_HOST", "lucid-redis"),
    ("JWT_SECRET_KEY", "change-me-in-production"),
    ("JWT_ALGORITHM", "RS256"),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "15"),
    ("REFRESH_TOKEN_EXPIRE_DAYS", "7"),
    ("BCRYPT_ROUNDS", "12"),
    ("MAX_LOGIN_ATTEMPTS", "5"),
    ("LOGIN_COOLDOWN_MINUTES", "15"),
    ("RATE_LIMIT_ENABLED", "true"),
    ("RATE_LIMIT_PUBLIC", "100"),
    ("CORS_ORIGINS", "*"),
    ("ENABLE_HARDWARE_WALLET", "true"),
    ("LEDGER_SUPPORTED", "true"),
    ("TRON_NETWORK", "mainnet"),
    ("AUDIT_LOG_ENABLED", "true"),
    ("CONSUL_HOST", "consul"),
    ("UVICORN_WORKERS", "4"),
];

#[test]
fn an_environment_file_of_the_old_service_starts_it_and_what_is_ignored_is_named_once() {
    let (_folder, data) = place();
    let service = Service::with(&data, &OLD);
    Http::new(service.port).get("/health", &Value::Null).unwrap().expect(200);
    let log = service.stop().err;
    let ignored = [
        "DEBUG",
        "ENVIRONMENT",
        "MONGODB_URI",
        "MONGODB_DATABASE",
        "REDIS_URI",
        "REDIS_HOST",
        "JWT_SECRET_KEY",
        "JWT_ALGORITHM",
        "BCRYPT_ROUNDS",
        "CONSUL_HOST",
        "UVICORN_WORKERS",
    ];
    for (name, value) in OLD {
        let lines: Vec<_> =
            log.lines().filter(|line| line.contains(&format!("{name} is set, but is ignored: "))).collect();
        assert_eq!(lines.len(), usize::from(ignored.contains(&name)), "{name}: {log}");
        assert!(lines.iter().all(|line| line.contains(r#""level":"WARN""#)), "{lines:?}");
        assert!(
            !value.contains("secret") && !value.contains("change-me") || !log.contains(value),
            "{name}: {log}"
        );
    }
}

#[test]
fn config_prints_what_is_in_force_and_where_it_comes_from() {
    let (_folder, data) = place();
    let text = done(&data, &["config", "--access-token-expire-minutes", "5"]);
    let row = |name: &str| {
        let row = text.lines().find(|line| line.split_whitespace().next() == Some(name));
        row.unwrap_or_else(|| panic!("no {name} in {text}"))[name.len()..].trim().to_owned()
    };
    assert_eq!(row("ACCESS_TOKEN_EXPIRE_MINUTES"), "5  [--access-token-expire-minutes]");
    assert_eq!(row("DATA_DIR"), format!("{}  [environment]", data.display()));
    assert_eq!(row("REGISTRATION"), "open  [default]");

    let rows = json(&data, &["config"]);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), text.lines().count());
    let port = rows.iter().find(|row| row["name"] == "AUTH_SERVICE_PORT").unwrap();
    assert_eq!((&port["value"], &port["flag"]), (&"0".into(), &"--port".into()));
    assert!(!data.exists(), "it only looks");
}

#[test]
#[rustfmt::skip]
fn help_of_each_command_tells_what_it_does_and_which_settings_it_takes() {
    let (_folder, data) = place();
    let cases: [(&[_], &[_]); 15] = [
        (&[],                  &["serve", "healthcheck", "user", "key", "check", "config", "verify-signature", "Without a command it serves"]),
        (&["serve"],           &["--port", "--data-dir", "AUTH_SERVICE_PORT", "default: 8089"]),
        (&["healthcheck"],     &["--json", "--port", "0 or 1"]),
        (&["user"],            &["add", "set-role", "list", "show", "lock", "unlock", "whether the service runs or not"]),
        (&["user", "add"],     &["<ADDRESS>", "--role", "--name", "SUPER_ADMIN", "--json"]),
        (&["user", "set-role"], &["<USER>", "<ROLE>", "NODE_OPERATOR"]),
        (&["user", "list"],    &["--limit", "--after", "--json"]),
        (&["user", "show"],    &["<USER>", "identifier"]),
        (&["user", "lock"],    &["<USER>", "end all their sessions"]),
        (&["user", "unlock"],  &["<USER>", "again"]),
        (&["key"],             &["list", "rotate"]),
        (&["key", "list"],     &["--json"]),
        (&["key", "rotate"],   &["--now", "ten minutes"]),
        (&["check"],           &["[FILE]", "not in use", "without changing it"]),
        (&["config"],          &["--json", "--data-dir"]),
    ];
    for (command, words) in cases {
        let help = done(&data, &[command, &["--help"]].concat());
        for word in words {
            assert!(help.contains(word), "the help of {command:?} lacks {word:?}:\n{help}");
        }
    }
}

#[test]
fn version_is_that_of_the_package_and_an_unknown_command_is_refused() {
    let (_folder, data) = place();
    assert_eq!(done(&data, &["--version"]), format!("lucid-auth {}\n", env!("CARGO_PKG_VERSION")));
    for wrong in [&["sevre"][..], &["user"], &["user", "list", "--limit", "0"], &["serve", "--prot", "1"]] {
        let ended = run(&data, wrong);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{wrong:?}");
        assert!(ended.err.contains("--help") || ended.err.contains("Usage"), "{wrong:?}: {}", ended.err);
    }
}
