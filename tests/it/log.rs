//! What a request leaves in the log.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use serde_json::Value;

use lucid_auth::domain::{role::Role, wallet::WalletType};

use crate::{
    support::{TestServer, json, request},
    wallet::Wallet,
};

/// Keeps what is written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// What was written since the last time.
    fn take(&self) -> Vec<Value> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let lines = String::from_utf8(bytes).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn each_request_leaves_one_line_without_what_the_client_wrote() {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = lucid_auth::telemetry::json_lines("test", move || writer.clone());
    // While there is one subscriber alone, tracing asks it on the thread that meets an event first, which may be
    // another test's; and remembers that nobody there wanted it. It asks all of two.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let _guard = tracing::subscriber::set_default(log);
    let server = TestServer::start().await;
    let id = "X-Request-Id: named-here\r\n";
    let token = server.bearer(Role::User).await;
    lines.take();
    let bearer = format!("{id}{token}");
    let token = token.trim_start_matches("Authorization: Bearer ").trim_end().to_lowercase();
    let note = json("/test/echo", r#"{"text":"written"}"#);
    let cases = [
        // request, method, route, status; and the level: what machines ask often and are told is no news
        (request("GET", "/health/live?written", id, ""), "GET", "/health/live", 200, "DEBUG"),
        (request("POST", "/health/live", id, ""), "POST", "/health/live", 405, "INFO"),
        (request("GET", "/auth/verify", &bearer, ""), "GET", "/auth/verify", 200, "DEBUG"),
        (request("GET", "/auth/verify", id, ""), "GET", "/auth/verify", 401, "INFO"),
        (request("GET", "/api/v1/test/users/written", id, ""), "GET", "/test/users/{id}", 404, "INFO"),
        (request("GET", "/written", id, ""), "GET", "-", 404, "INFO"),
        (request("WRITTEN", "/test/echo", id, ""), "other", "/test/echo", 405, "INFO"),
        (request("GET", "/test/caller", &bearer, ""), "GET", "/test/caller", 200, "INFO"),
        (note.replace("Host", &format!("{id}Host")), "POST", "/test/echo", 201, "INFO"),
    ];
    for (bytes, method, route, status, level) in cases {
        let reply = server.ask(bytes).await;
        let logged = lines.take();
        assert_eq!(logged.len(), 1, "{logged:?}");
        let fields = &logged[0];
        assert_eq!((&fields["method"], &fields["route"]), (&method.into(), &route.into()));
        assert_eq!(fields["level"], level, "{fields}");
        assert_eq!((&fields["status"], &fields["bytes"]), (&status.into(), &reply.body.len().into()));
        assert_eq!((&fields["client"], &fields["request_id"]), (&"127.0.0.1".into(), &"named-here".into()));
        assert!(fields["duration_us"].is_u64());
        let text = logged[0].to_string().to_lowercase();
        assert!(!text.contains("written") && !text.contains(&token), "{text}");
    }
    let mut body = server.signed(&Wallet::new(1), WalletType::Tron).await;
    body["token_delivery"] = "cookie".into();
    lines.take();
    let page = "Content-Type: application/json\r\nOrigin: http://localhost\r\n";
    let reply = server.ask(request("POST", "/auth/login", page, &body.to_string())).await;
    let (set, logged) = (reply.header("set-cookie").unwrap(), lines.take());
    let values = set
        .split("; ")
        .filter_map(|part| part.split_once("lucid_")?.1.split_once('='))
        .map(|(_, value)| value);
    let text = serde_json::to_string(&logged).unwrap();
    assert_eq!(values.inspect(|value| assert!(!text.contains(value), "{text}")).count(), 2);
    server.get("/test/failure", id).await;
    let logged = lines.take();
    assert_eq!((&logged[0]["level"], &logged[0]["cause"]), (&"ERROR".into(), &"a secret of the disk".into()));
    assert_eq!(logged[0]["request_id"], "named-here");
    assert_eq!(logged.len(), 2);
}
