//! Starting and stopping the service.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use serde_json::Value;

use super::{files, place, run};
use crate::{
    http::Http,
    process::{Process, Service},
};

#[test]
fn without_arguments_it_serves_and_tells_a_person_where() {
    let (_folder, data) = place();
    for arguments in [&[][..], &["serve"]] {
        let process = Process::start(&data, arguments, &[("LOG_FORMAT", "text")]);
        let service = Service::of(process);
        let alive = Http::new(service.port).get("/health", &Value::Null).unwrap();
        assert_eq!(alive.expect(200)["status"], "healthy");
        let url = format!("http://localhost:{}", service.port);
        let expected = format!(
            "lucid-auth {} is ready: {url}\nIts data lives in {}. Stop it with Ctrl-C.\n",
            env!("CARGO_PKG_VERSION"),
            data.display()
        );
        assert_eq!(service.stop().out, expected);
    }
}

#[test]
fn where_logs_are_collected_it_tells_the_log_alone() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let port = service.port;
    let ended = service.stop();
    assert_eq!(ended.out, "");
    let lines: Vec<Value> = ended.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ready = &lines[0];
    assert_eq!((&ready["message"], &ready["level"]), (&"ready".into(), &"INFO".into()));
    assert_eq!(ready["url"], format!("http://localhost:{port}"));
    assert_eq!((&ready["port"], &ready["data"]), (&port.into(), &data.to_str().unwrap().into()));
    assert_eq!(lines.last().unwrap()["message"], "stopped");
}

#[test]
fn a_signal_lets_it_finish_what_is_in_flight_and_ends_it_with_success() {
    let (_folder, data) = place();
    for signal in ["TERM", "INT"] {
        let service = Service::start(&data);
        let body = format!(r#"{{"tron_address":"{}"}}"#, crate::wallet::Wallet::new(1).address);
        let mut stream = TcpStream::connect(("127.0.0.1", service.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let head = format!(
            "POST /auth/challenge HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Expect: 100-continue\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut begun = [0; 25];
        stream.read_exact(&mut begun).unwrap();
        assert_eq!(&begun, b"HTTP/1.1 100 Continue\r\n\r\n");

        service.process.signal(signal);
        service.process.logged(&["accepting no more connections"]);
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with('}'), "{answer}");
        let ended = service.process.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.err.contains(&format!("SIG{signal}")), "{}", ended.err);
        assert_eq!(files(&data), ["auth.guard", "auth.redb"]);
    }
}

#[test]
fn a_second_one_over_the_same_data_gives_up_soon_and_says_why() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let second = run(&data, &[]);
    assert_eq!(second.code, Some(1), "{second:?}");
    let file = data.join("auth.redb");
    assert!(second.err.contains(&format!("{} is in use", file.display())), "{}", second.err);
    assert!(second.err.contains("DATA_DIR"), "{}", second.err);
    assert!(second.took < Duration::from_secs(15), "{:?}", second.took);
    let alive = Http::new(service.port).get("/health/ready", &Value::Null).unwrap();
    assert_eq!(alive.status, 200, "the first one goes on");
    service.stop();
}

#[test]
fn one_that_is_started_while_another_stops_takes_over() {
    let (_folder, data) = place();
    let first = Service::start(&data);
    let next = Process::start(&data, &[], &[]);
    first.stop();
    Service::of(next).stop();
}

#[test]
fn a_port_in_use_is_named_with_advice_and_nothing_is_made() {
    let (_folder, data) = place();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    let ended = Process::start(&data, &["--port", &port], &[]).end();
    assert_eq!(ended.code, Some(2), "a flag of serve needs its name: {ended:?}");
    let ended = Process::start(&data, &["serve", "--port", &port], &[]).end();
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    for words in [&format!("cannot listen on {address}"), "AUTH_SERVICE_PORT", "another lucid-auth"] {
        assert!(ended.err.contains(words), "{words}: {}", ended.err);
    }
    assert!(!data.exists());
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_advice() {
    let (folder, _) = place();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let data = file.join("data");
    let ended = run(&data, &[]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.err.contains(data.to_str().unwrap()) && ended.err.contains("Check that"), "{}", ended.err);
}
