//! Looking at the certificates of HTTPS.

use std::fs;

use serde_json::Value;

use super::{done, json, place, refused};
use crate::{
    certificate::Pair,
    process::{Process, Service},
};

const OWN: [(&str, &str); 1] = [("TLS_SELF_SIGNED", "true")];

#[test]
fn the_authority_is_printed_once_the_service_has_made_it() {
    let (_folder, data) = place();
    let why = refused(&data, &["tls", "ca"], 1);
    assert!(why.contains("The service makes it at its first start with TLS_SELF_SIGNED=true."), "{why}");
    assert!(!data.exists(), "asking makes nothing");
    let service = Service::of(Process::start(&data, &[], &[OWN[0], ("LOG_FORMAT", "text")]));
    let url = format!("https://localhost:{}", service.port);
    let out = service.stop().out;
    let lines: Vec<_> = out.lines().take(2).collect();
    let ready = format!("lucid-auth {} is ready: {url}", env!("CARGO_PKG_VERSION"));
    assert_eq!(lines, [ready, format!("Browsers trust it once they were told to: {url}/tls")]);

    let pem = done(&data, &["tls", "ca"]);
    assert_eq!(pem, fs::read_to_string(data.join("tls/ca.crt")).unwrap());
    let told = json(&data, &["tls", "ca"]);
    assert_eq!(told["pem"], pem);
    let fingerprint = told["sha256"].as_str().unwrap();
    assert_eq!(done(&data, &["tls", "ca", "--fingerprint"]), format!("{fingerprint}\n"));
    assert_eq!(told["subject"], told["issuer"]);

    let text = done(&data, &["tls", "show", "--tls-self-signed", "true"]);
    let shown = json(&data, &["tls", "show", "--tls-self-signed", "true"]);
    assert_eq!(shown["issuer"], told["subject"]);
    let names: Vec<_> = shown["names"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(["localhost", "127.0.0.1", "::1"].iter().all(|name| names.contains(name)), "{names:?}");
    assert!(text.contains(&format!("names        {}\n", names.join(" "))), "{text}");
    for (label, key) in [("sha256 ", "sha256"), ("valid until", "valid_until"), ("file", "file")] {
        let line = text.lines().find(|line| line.starts_with(label)).unwrap();
        assert!(line.ends_with(shown[key].as_str().unwrap()), "{line}");
    }
}

#[test]
fn a_certificate_from_files_is_shown_and_without_any_that_is_said() {
    let (_folder, data) = place();
    let pair = Pair::new();
    let (certificate, key) = (pair.certificate.to_str().unwrap(), pair.key.to_str().unwrap());
    let shown = json(&data, &["tls", "show", "--tls-cert-file", certificate, "--tls-key-file", key]);
    assert_eq!((&shown["file"], &shown["names"]), (&certificate.into(), &serde_json::json!(["localhost"])));
    assert!(refused(&data, &["tls", "show"], 1).contains("HTTPS is off: set TLS_SELF_SIGNED"));
    let why = refused(&data, &["tls", "show", "--tls-self-signed", "true"], 1);
    assert!(why.contains("tls/server.pem: expected a file that this service can read"), "{why}");
}
