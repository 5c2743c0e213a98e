//! What one client does must not keep others from being answered.

use lucid_auth::http::{Limits, Settings, client::TrustedProxies};
use tokio::io::AsyncWriteExt;

use crate::{
    rows::{BIG, begun},
    support::{Client, SOON, TestServer, request},
};

async fn others_are_answered(server: &TestServer) {
    assert_eq!(server.get("/health/live", "").await.status, 200);
}

#[tokio::test]
async fn a_head_of_a_megabyte_is_refused_with_a_reason() {
    let server = TestServer::start().await;
    let mut client = server.connect().await;
    client.send(format!("GET / HTTP/1.1\r\nX: {}", "y".repeat(1 << 20))).await;
    others_are_answered(&server).await;
    assert_eq!(client.reply().await.problem(), (431, 1032));
    client.send("what is sent after the refusal meets no reset").await;
    client.send("and so cannot cost the client the refusal").await;
    client.stream.shutdown().await.unwrap();
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn a_body_of_a_megabyte_is_refused_with_a_reason() {
    let server = TestServer::start().await;
    let mut client = server.connect().await;
    client.send(request("POST", "/test/echo", "", &"y".repeat(1 << 20))).await;
    let reply = client.reply().await;
    assert_eq!((reply.problem(), reply.header("connection").as_deref()), ((413, 1022), Some("close")));
    client.send("more").await;
    client.stream.shutdown().await.unwrap();
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_the_connection() {
    let server = TestServer::with_limits(Limits { header_time: SOON, ..Limits::default() }).await;
    let (mut silent, mut slow) = (server.connect().await, server.connect().await);
    slow.send("GET /health/live HTTP/1.1\r\nHost: loc").await;
    others_are_answered(&server).await;
    assert!(slow.closed().await.is_empty());
    assert!(silent.closed().await.is_empty());
}

#[tokio::test]
async fn an_idle_connection_is_kept_for_a_while_and_then_closed() {
    let server = TestServer::with_limits(Limits { header_time: SOON, ..Limits::default() }).await;
    let mut client = server.connect().await;
    for _ in 0..2 {
        client.send(request("GET", "/health/live", "", "")).await;
        assert_eq!(client.reply().await.status, 200);
    }
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn a_body_that_does_not_end_is_refused() {
    let server = TestServer::with_limits(Limits { body_time: SOON, ..Limits::default() }).await;
    let mut client = server.connect().await;
    client.send("POST /test/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\n{").await;
    others_are_answered(&server).await;
    let reply = client.reply().await;
    assert_eq!((reply.problem(), reply.header("connection").as_deref()), ((408, 1026), Some("close")));
    assert!(client.closed().await.is_empty());
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut_off() {
    let limits = Limits { connections: 2, write_time: SOON, ..Limits::default() };
    let server = TestServer::with_limits(limits).await;
    let mut deaf = server.connect().await;
    deaf.send(request("GET", "/test/big", "", "")).await;
    others_are_answered(&server).await;
    let mut other = server.connect().await;
    other.send(request("GET", "/test/big", "", "")).await;
    // There is room for two, so this one is answered once one of the others was cut off.
    others_are_answered(&server).await;
    assert!(deaf.cut_off().await < BIG);
}

#[tokio::test]
async fn a_client_that_asks_and_asks_but_never_reads_is_cut_off() {
    let limits = Limits { connections: 1, write_time: SOON, ..Limits::default() };
    let server = TestServer::with_limits(limits).await;
    let mut deaf = server.connect().await;
    let many = request("GET", "/test/big", "", "").repeat(20);
    deaf.send(many).await;
    others_are_answered(&server).await;
    assert!(deaf.cut_off().await < 20 * BIG);
}

#[tokio::test]
async fn a_client_has_so_many_connections_and_others_still_get_theirs() {
    let server = TestServer::with_limits(Limits { connections_per_client: 2, ..Limits::default() }).await;
    let mut held = vec![server.connect().await, server.connect().await];
    let mut third = server.connect().await;
    assert!(third.closed().await.is_empty());
    let mut neighbour = server.connect_from("127.0.0.2").await;
    neighbour.send(request("GET", "/health/live", "", "")).await;
    assert_eq!(neighbour.reply().await.status, 200);
    for client in &mut held {
        client.send(request("GET", "/health/live", "", "")).await;
        assert_eq!(client.reply().await.status, 200);
    }
}

#[tokio::test]
async fn a_proxy_is_not_one_client() {
    let settings = Settings {
        limits: Limits { connections_per_client: 1, ..Limits::default() },
        trusted_proxies: TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()]),
        ..Settings::default()
    };
    let server = TestServer::with(settings).await;
    let _held = [server.connect().await, server.connect().await];
    others_are_answered(&server).await;
}

/// A connection from `address` that was answered once and is kept open.
async fn idle(server: &TestServer, address: &str) -> Client {
    let mut client = server.connect_from(address).await;
    client.send(request("GET", "/health/live", "", "")).await;
    assert_eq!(client.reply().await.status, 200);
    client
}

#[tokio::test]
async fn when_all_places_are_taken_whoever_holds_most_gives_one_to_the_next() {
    let server = TestServer::with_limits(Limits { connections: 4, ..Limits::default() }).await;
    let mut alone = idle(&server, "127.0.0.2").await;
    let mut oldest = idle(&server, "127.0.0.3").await;
    let mut half = server.connect_from("127.0.0.3").await;
    half.send("GET /health/live HTTP/1.1\r\nHost: loc").await;
    let mut newest = idle(&server, "127.0.0.3").await;
    let mut next = idle(&server, "127.0.0.4").await;
    assert!(oldest.closed().await.is_empty());
    let _another = idle(&server, "127.0.0.5").await;
    assert_eq!(half.cut_off().await, 0, "half a head keeps no place");
    for kept in [&mut alone, &mut newest, &mut next] {
        kept.send(request("GET", "/health/live", "", "")).await;
        assert_eq!(kept.reply().await.status, 200);
    }
}

#[tokio::test]
async fn who_is_being_answered_keeps_the_place_and_the_next_waits() {
    let server = TestServer::with_limits(Limits { connections: 1, ..Limits::default() }).await;
    let mut busy = server.connect_from("127.0.0.2").await;
    busy.send(request("GET", "/test/wait", "", "")).await;
    begun().await;
    let mut next = server.connect_from("127.0.0.3").await;
    next.send(request("GET", "/health/live", "", "")).await;
    let early = tokio::time::timeout(SOON, next.stream.readable()).await;
    assert!(early.is_err(), "answered although the only place was taken");
    assert_eq!(TestServer::start().await.get("/test/open", "").await.status, 200);
    assert_eq!(busy.reply().await.status, 200);
    assert_eq!(next.reply().await.status, 200);
    assert!(busy.closed().await.is_empty());
}

#[tokio::test]
async fn a_body_that_trickles_keeps_no_place() {
    let server = TestServer::with_limits(Limits { connections: 1, ..Limits::default() }).await;
    let mut slow = server.connect_from("127.0.0.2").await;
    let lines = "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 12\r\n";
    slow.send(request("POST", "/test/echo", lines, "")).await;
    assert_eq!(slow.reply().await.status, 100);
    slow.send("{").await;
    drop(idle(&server, "127.0.0.3").await);
    assert_eq!(slow.cut_off().await, 0);
}

#[tokio::test]
async fn a_proxys_connections_are_its_own_to_close() {
    let settings = Settings {
        limits: Limits { connections: 2, ..Limits::default() },
        trusted_proxies: TrustedProxies::new(vec!["127.0.0.2/32".parse().unwrap()]),
        ..Settings::default()
    };
    let server = TestServer::with(settings).await;
    let mut proxy = idle(&server, "127.0.0.2").await;
    let mut direct = idle(&server, "127.0.0.3").await;
    let _next = idle(&server, "127.0.0.4").await;
    assert!(direct.closed().await.is_empty());
    proxy.send(request("GET", "/health/live", "", "")).await;
    assert_eq!(proxy.reply().await.status, 200);
}
