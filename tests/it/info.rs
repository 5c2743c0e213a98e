//! What the service says of itself.

use crate::support::TestServer;

#[tokio::test]
async fn health_is_told_in_the_words_that_monitors_read() {
    let server = TestServer::start().await;
    server.clock.pass(61);
    for path in ["/health", "/api/v1/health"] {
        let health = server.get(path, "").await.expect(200);
        assert_eq!(health["status"], "healthy");
        assert_eq!(health["service"], "lucid-auth-test");
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(health["timestamp"], "2026-10-26T07:34:21Z");
        assert_eq!(health["uptime_seconds"], 61);
        for dependency in ["database", "sessions", "hardware_wallet"] {
            assert_eq!(health["dependencies"][dependency], "healthy", "{dependency}");
        }
    }
    assert_eq!(server.get("/health/live", "").await.expect(200)["status"], "alive");
    assert_eq!(server.get("/health/ready", "").await.expect(200)["status"], "ready");
    let meta = server.get("/meta/info", "").await.expect(200);
    assert_eq!(meta["tron_network"], "nile");
    assert_eq!(meta["supported_wallets"][0], "tron");
}

#[tokio::test]
async fn a_browser_gets_the_page_and_a_program_the_card() {
    let server = TestServer::start().await;
    let page = server.get("/", "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n").await;
    assert_eq!(
        (page.status, page.header("content-type").unwrap().as_str()),
        (200, "text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let card = server.get("/", "Accept: */*\r\n").await.expect(200);
    assert_eq!(card["service"], "lucid-auth-test");
}
