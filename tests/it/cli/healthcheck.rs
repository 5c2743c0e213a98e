//! `lucid-auth healthcheck`, on a service without HTTPS.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::Duration,
};

use serde_json::Value;

use super::place;
use crate::process::{Ended, Process, Service};

fn healthcheck(port: u16, arguments: &[&str]) -> Ended {
    let (_folder, data) = place();
    let port = port.to_string();
    let ended =
        Process::start(&data, &[&["healthcheck"], arguments].concat(), &[("AUTH_SERVICE_PORT", &port)]).end();
    assert!(!data.exists(), "it needs no data");
    ended
}

#[test]
fn a_healthy_service_is_healthy() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let ended = healthcheck(service.port, &[]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(
        ended.out.starts_with("healthy: http://127.0.0.1:") && ended.out.contains(" 200 "),
        "{}",
        ended.out
    );
    let ended = healthcheck(service.port, &["--json"]);
    let body: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.code, &body["status"]), (Some(0), &Value::from("healthy")));
    service.stop();
}

#[test]
fn where_nothing_listens_it_is_not() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ended = healthcheck(free, &[]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    assert!(ended.err.contains("Is the service running?"), "{}", ended.err);
}

#[test]
fn one_that_never_answers_is_given_up_within_a_second() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let ended = healthcheck(silent.local_addr().unwrap().port(), &[]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    assert!(ended.took < Duration::from_secs(3), "a second, and what a busy machine needs: {:?}", ended.took);
    assert!(ended.err.contains("no answer from http://127.0.0.1:"), "{}", ended.err);
}

#[test]
fn one_that_answers_anything_but_200_is_unhealthy() {
    for answer in [
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}",
        "SSH-2.0-OpenSSH_9.2p1\r\n",
        "",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = thread::spawn(move || {
            let mut stream = listener.accept().unwrap().0;
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            String::from_utf8_lossy(&request[..length]).into_owned()
        });
        let ended = healthcheck(port, &[]);
        assert_eq!(ended.code, Some(1), "{answer}: {ended:?}");
        assert!(ended.out.starts_with("unhealthy: "), "{answer}: {ended:?}");
        assert!(asked.join().unwrap().starts_with("GET /health HTTP/1.1\r\n"));
    }
}
