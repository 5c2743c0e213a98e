//! The socket through which commands reach the running service.

use std::{
    fs,
    io::{Read, Write},
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::Path,
    time::{Duration, Instant},
};

use super::{done, files, json, place};
use crate::{process::Service, wallet::Wallet};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn only_the_services_own_user_reaches_its_data_and_its_socket() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let modes = [mode(&data), mode(&data.join("auth.redb")), mode(&data.join("admin.sock"))];
    assert_eq!(modes, [0o700, 0o600, 0o600]);
    service.stop();
}

#[test]
fn a_socket_that_a_killed_service_left_is_in_nobodys_way() {
    let (_folder, data) = place();
    let address = Wallet::new(1).address.to_string();
    let service = Service::start(&data);
    done(&data, &["user", "add", &address]);
    service.process.signal("KILL");
    assert_eq!(service.process.end().code, None);
    assert_eq!(files(&data), ["admin.sock", "auth.guard", "auth.redb"]);

    let locked = json(&data, &["user", "lock", &address]);
    let service = Service::start(&data);
    assert_eq!(json(&data, &["user", "list"]), locked);
    done(&data, &["user", "unlock", &address]);
    service.stop();
    assert_eq!(files(&data), ["auth.guard", "auth.redb"]);
}

#[test]
fn garbage_on_the_socket_is_refused_and_harms_nobody() {
    let (_folder, data) = place();
    let service = Service::start(&data);
    let connect = || {
        let stream = UnixStream::connect(data.join("admin.sock")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    };
    let endless = vec![b'a'; 5 << 20];
    for garbage in [&b"\n"[..], b"\0\xff\n", b"{}\n", b"{\"lock_user\":7}\n", b"\"list_keys\"", &endless] {
        let mut stream = connect();
        // It may have hung up before all of it was written.
        drop(stream.write_all(garbage));
        drop(stream.shutdown(std::net::Shutdown::Write));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        let answer = String::from_utf8(answer).unwrap();
        assert!(!answer.contains("users") && answer.len() < 400, "{answer}");
    }
    let _silent = connect();
    let _gone = connect().write_all(b"\"list_keys\"\n");
    assert_eq!(json(&data, &["key", "list"]).as_array().unwrap().len(), 1);
    let asked = Instant::now();
    service.stop();
    assert!(asked.elapsed() < Duration::from_secs(8), "who says nothing must not keep it from stopping");
}
