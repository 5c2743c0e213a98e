//! Where the private keys of HTTPS must not be found: anywhere but in their own files.

use std::{fs, path::Path};

use data_encoding::BASE64;

use crate::{
    certificate::Pair,
    figures,
    process::{Process, Service},
    secrets::{Run, Secret, characters, files, raw},
};

/// The private key in a PEM file: whole, its number, and the lines that somebody might quote.
fn key_in(file: &Path) -> Vec<Secret> {
    let pem = fs::read_to_string(file).unwrap();
    let block = pem.split("PRIVATE KEY-----").nth(1).unwrap();
    let lines: Vec<_> = block.lines().filter(|line| !line.is_empty() && !line.starts_with('-')).collect();
    let der = BASE64.decode(lines.concat().as_bytes()).unwrap();
    // Of a key on P-256, the number is the only string of 32 bytes. What follows in the file is public.
    let at = der.windows(2).position(|bytes| bytes == [0x04, 0x20]).unwrap() + 2;
    let whole = [Secret::bytes("a key", &der), Secret::bytes("a key's number", &der[at..at + 32])];
    let quoted = lines.iter().take(2).map(|line| Secret::bytes("a line of a key", line.as_bytes()));
    whole.into_iter().chain(quoted).collect()
}

#[test]
fn no_key_of_https_is_written_said_or_kept_elsewhere() {
    let mut cases = 0;
    for own_authority in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (data, backups) = (folder.path().join("data"), folder.path().join("backups"));
        let pair = Pair::new();
        let mut settings = vec![
            ("LOG_LEVEL", "TRACE"),
            ("METRICS_ENABLED", "true"),
            ("METRICS_PORT", "0"),
            ("BACKUP_DIR", backups.to_str().unwrap()),
        ];
        if own_authority {
            settings.push(("TLS_SELF_SIGNED", "true"));
        } else {
            settings.push(("TLS_CERT_FILE", pair.certificate.to_str().unwrap()));
            settings.push(("TLS_KEY_FILE", pair.key.to_str().unwrap()));
        }
        let service = Service::with(&data, &settings);
        let port = service.port.to_string();
        settings.push(("AUTH_SERVICE_PORT", port.as_str()));
        let key_files = if own_authority {
            vec![data.join("tls/ca.key"), data.join("tls/server.pem")]
        } else {
            vec![pair.key.clone()]
        };
        let mut run = Run::default();
        for file in &key_files {
            let secrets = key_in(file);
            // What is looked for would be found.
            assert!(secrets.iter().any(|secret| secret.is_in(&characters(&fs::read(file).unwrap()))));
            run.secrets.extend(secrets);
        }

        let healthy = Process::start(&data, &["healthcheck"], &settings).end();
        assert_eq!(healthy.code, Some(0), "{healthy:?}");
        run.note("healthcheck", healthy);
        run.said.push(("plain HTTP".into(), raw(service.port, "GET / HTTP/1.1\r\n\r\n")));
        run.ask_metrics(&service);
        for command in
            [&["backup"][..], &["tls", "show"], &["tls", "ca"], &["config"], &["doctor"], &["audit", "list"]]
        {
            run.note(&command.join(" "), Process::start(&data, command, &settings).end());
        }
        if !own_authority {
            // Somebody takes one file for the other.
            fs::copy(&pair.key, &pair.certificate).unwrap();
            let refused = Process::start(&folder.path().join("other"), &[], &settings).end();
            assert_eq!(refused.code, Some(78), "{refused:?}");
            run.note("a start with the key for a certificate", refused);
            service.process.signal("HUP");
            service.process.logged(&["SIGHUP", "the old certificate stays in use"]);
        }
        run.note("the log", service.stop());
        let copies = files(&backups);
        assert!(!copies.is_empty(), "no backup was made");
        let stored = [files(&data), copies].concat();
        let elsewhere = |name: &str| !key_files.iter().any(|file| file.as_path() == Path::new(name));
        run.said.extend(stored.into_iter().filter(|(name, _)| elsewhere(name)));
        cases += run.search();
    }
    figures::record("secrets: keys of HTTPS in logs, answers, metrics, files, backups", cases, 0);
}
