//! How often one may call, and what every counted response says of it.

use lucid_auth::{
    domain::role::Role,
    http::{
        Quotas, Rates, Settings,
        client::TrustedProxies,
        route::{Grant, Quota},
        routes::routes,
    },
    service::Asker,
    store::Store,
};
use serde_json::{Value, json};

use crate::{
    support::{Reply, START, TestClock, TestServer, bearer, request, rules},
    wallet::Wallet,
};

const RATES: Rates = Rates { public: 100, authenticated: 200, admin: 400 };

/// A server that counts calls, and takes our word for where they come from.
async fn counting(rates: Rates) -> TestServer {
    let settings = Settings { trusted_proxies: proxies(), ..Settings::default() };
    let store = Store::in_memory([7; 32]).unwrap();
    TestServer::assemble(store, settings, rules(), TestClock::new(), Quotas::new(Some(rates))).await
}

pub fn proxies() -> TrustedProxies {
    TrustedProxies::new(vec!["127.0.0.1/32".parse().unwrap()])
}

/// The header line of a call that comes from `client`.
pub fn from(client: &str) -> String {
    format!("Content-Type: application/json\r\nX-Forwarded-For: {client}\r\n")
}

/// What the response says: calls a minute, calls left, seconds until all are back.
fn told(reply: &Reply) -> Option<(u64, u64, u64)> {
    let number = |name| reply.header(name).map(|text| text.parse::<u64>().unwrap());
    let told = (number("x-ratelimit-limit"), number("x-ratelimit-remaining"), number("x-ratelimit-reset"));
    match told {
        (Some(limit), Some(remaining), Some(reset)) => Some((limit, remaining, reset - START)),
        (None, None, None) => None,
        some => panic!("only some of the headers: {some:?}"),
    }
}

/// The seconds to wait, of a refusal.
pub fn wait(reply: &Reply) -> u64 {
    reply.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
#[rustfmt::skip]
async fn each_kind_of_caller_has_calls_of_its_own_and_is_told_how_many() {
    let server = counting(RATES).await;
    let user = server.sign_in(&Wallet::new(1)).await;
    let other = server.sign_in(&Wallet::new(2)).await;
    let (user_line, admin_line) = (bearer(&user), server.bearer(Role::Admin).await);
    let refresh = |tokens: &Value| json!({"refresh_token": tokens["refresh_token"]}).to_string();
    let verify = json!({"token": user["access_token"]}).to_string();
    let challenge = json!({"tron_address": Wallet::new(3).address}).to_string();
    let forged = json!({"refresh_token": "x"}).to_string();
    let (nobody, wrong) = (String::new(), "Authorization: Bearer x\r\n".to_owned());
    let cases = [
        // case                            method  path                from             header line  body            status  limit  left
        ("a challenge",                    "POST", "/auth/challenge",  "192.0.2.1",     &nobody,     &challenge,     200,    30,    29),
        ("a sign-in, of the same calls",   "POST", "/auth/login",      "192.0.2.1",     &nobody,     &challenge,     422,    30,    28),
        ("an unread body",                 "POST", "/auth/register",   "192.0.2.1",     &nobody,     &String::new(), 422,    30,    27),
        ("the base makes no difference",   "POST", "/api/v1/auth/challenge", "192.0.2.1", &nobody,   &challenge,     200,    30,    26),
        ("another address",                "POST", "/auth/challenge",  "192.0.2.2",     &nobody,     &challenge,     200,    30,    29),
        ("a token does not help there",    "POST", "/auth/challenge",  "192.0.2.2",     &user_line,  &challenge,     200,    30,    28),
        ("an IPv6 network",                "POST", "/auth/challenge",  "2001:db8::1",   &nobody,     &challenge,     200,    30,    29),
        ("the same network",               "POST", "/auth/challenge",  "2001:db8::9:1", &nobody,     &challenge,     200,    30,    28),
        ("another network",                "POST", "/auth/challenge",  "2001:db8:0:1::1", &nobody,   &challenge,     200,    30,    29),
        ("no token",                       "GET",  "/auth/status",     "192.0.2.1",     &nobody,     &String::new(), 401,    100,   99),
        ("a token that is none",           "GET",  "/auth/status",     "192.0.2.1",     &wrong,      &String::new(), 401,    100,   98),
        ("a refresh token that is none",   "POST", "/auth/refresh",    "192.0.2.1",     &nobody,     &forged,        401,    100,   97),
        ("neither a body nor a cookie",    "POST", "/auth/refresh",    "192.0.2.1",     &nobody,     &String::new(), 401,    100,   96),
        ("a user",                         "GET",  "/auth/status",     "192.0.2.1",     &user_line,  &String::new(), 200,    200,   199),
        ("the same, elsewhere",            "GET",  "/users/me",        "192.0.2.2",     &user_line,  &String::new(), 200,    200,   198),
        ("their token, shown by a service","POST", "/auth/verify",     "192.0.2.3",     &nobody,     &verify,        200,    200,   197),
        ("their token, as a bearer's",     "GET",  "/auth/verify",     "192.0.2.3",     &user_line,  &String::new(), 200,    200,   196),
        ("a change",                       "PUT",  "/users/me",        "192.0.2.1",     &user_line,  &"{}".into(),   200,    20,    19),
        ("an admin",                       "GET",  "/auth/status",     "192.0.2.1",     &admin_line, &String::new(), 200,    400,   399),
        ("an admin's change",              "PUT",  "/users/me",        "192.0.2.1",     &admin_line, &"{}".into(),   200,    40,    39),
        ("a refresh",                      "POST", "/auth/refresh",    "192.0.2.1",     &nobody,     &refresh(&user), 200,   30,    29),
        ("of another session",             "POST", "/auth/refresh",    "192.0.2.1",     &nobody,     &refresh(&other), 200,  30,    29),
    ];
    for (case, method, path, client, line, body, status, limit, left) in cases {
        let reply = server.ask(request(method, path, &(from(client) + line), body)).await;
        assert_eq!(reply.status, status, "{case}: {}", reply.text());
        let full = ((limit - left) * 60_u64).div_ceil(limit);
        assert_eq!(told(&reply), Some((limit, left, full)), "{case}");
    }
}

#[tokio::test]
async fn whoever_used_up_their_calls_is_refused_until_the_second_that_was_said() {
    let rates = Rates { public: 7, authenticated: 20, admin: 20 };
    let server = counting(rates).await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    let challenge = json!({"tron_address": Wallet::new(3).address}).to_string();
    let here = from("192.0.2.1");
    let line = here.clone() + &bearer(&tokens);
    let cases = [
        ("nobody", request("GET", "/auth/status", &here, ""), 401, 7, 9),
        ("at the door", request("POST", "/auth/challenge", &here, &challenge), 200, 7, 9),
        ("a user", request("GET", "/auth/status", &line, ""), 200, 20, 3),
        ("a user's changes", request("PUT", "/users/me", &line, "{}"), 200, 2, 30),
    ];
    for (case, bytes, status, limit, seconds) in cases {
        server.clock.pass(60);
        for _ in 0..limit {
            assert_eq!(server.ask(&bytes).await.status, status, "{case}");
        }
        for _ in 0..3 {
            let refused = server.ask(&bytes).await;
            assert_eq!((refused.problem(), wait(&refused)), ((429, 1006), seconds), "{case}");
            assert_eq!(told(&refused).map(|(limit, left, _)| (limit, left)), Some((limit, 0)), "{case}");
        }
        server.clock.pass(seconds - 1);
        let early = server.ask(&bytes).await;
        assert_eq!((early.status, wait(&early)), (429, 1), "{case}");
        server.clock.pass(1);
        assert_eq!(server.ask(&bytes).await.status, status, "{case}");
        assert_eq!(server.ask(&bytes).await.status, 429, "{case}: only one came back");
    }
}

#[tokio::test]
async fn every_row_with_a_limit_counts_and_no_other() {
    let server = counting(RATES).await;
    for row in routes() {
        let path =
            row.path.replace("{code}", "LUCID_AUTH_1001").replace("{*path}", "none").replace("{id}", "none");
        let reply = server.ask(request(row.method.as_str(), &path, &from("192.0.2.1"), "")).await;
        let limit = match row.quota {
            Quota::Unlimited => None,
            Quota::SignIn => Some(30),
            Quota::Proxy => Some(200),
            Quota::Token | Quota::Read | Quota::Write => Some(100),
        };
        assert_eq!(told(&reply).map(|told| told.0), limit, "{}", row.operation);
        assert!(row.quota != Quota::Write || row.access != Grant::Public, "{}: whose change?", row.operation);
    }
    for path in ["/health", "/.well-known/jwks.json", "/"] {
        for _ in 0..150 {
            assert_eq!(server.ask(request("GET", path, &from("192.0.2.1"), "")).await.status, 200, "{path}");
        }
    }
    for (method, path) in [("GET", "/none"), ("DELETE", "/auth/login"), ("OPTIONS", "/auth/login")] {
        let reply = server.ask(request(method, path, &from("192.0.2.1"), "")).await;
        assert_eq!(told(&reply), None, "{method} {path}");
    }
}

#[tokio::test]
async fn whoever_is_signed_in_is_not_starved_by_a_neighbour_at_their_address() {
    let server = counting(Rates { public: 10, authenticated: 40, admin: 40 }).await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    let (here, there) = (from("192.0.2.1"), from("192.0.2.2"));
    let mine = |place: &str| request("GET", "/auth/status", &(place.to_owned() + &bearer(&tokens)), "");
    let nobody = request("GET", "/auth/status", &here, "");
    let wrong = request("GET", "/auth/status", &(here.clone() + "Authorization: Bearer x\r\n"), "");

    for _ in 0..100 {
        server.ask(&nobody).await;
    }
    assert_eq!(server.ask(&nobody).await.problem(), (429, 1006));
    assert_eq!(server.ask(&mine(&here)).await.status, 200, "who brings no token can do no more than that");
    for _ in 0..100 {
        assert_eq!(server.ask(&wrong).await.problem(), (429, 1006));
    }
    let refused = server.ask(&wrong).await;
    assert_eq!(told(&refused).map(|told| told.0), Some(40), "so many bad tokens: no more are checked");
    assert_eq!(server.ask(&mine(&here)).await.status, 200, "who was given a token here is known by it");
    let asked = json!({"refresh_token": tokens["refresh_token"]}).to_string();
    let renewed = server.ask(request("POST", "/auth/refresh", &here, &asked)).await.expect(200);
    let line = here.clone() + &bearer(&renewed);
    assert_eq!(server.ask(request("GET", "/auth/status", &line, "")).await.status, 200, "and by the next");

    // With a change of the keys, those that were known are forgotten.
    server.service.rotate_key(Asker::Operator, false).await.unwrap();
    let unknown = server.ask(&mine(&here)).await;
    assert_eq!(unknown.problem(), (429, 1006));
    assert_eq!(told(&unknown).map(|told| told.0), Some(40));
    assert_eq!(server.ask(&mine(&there)).await.status, 200, "elsewhere it is checked");
    assert_eq!(server.ask(&mine(&here)).await.status, 200, "and known from then on");
}

#[tokio::test]
async fn a_proxy_asks_for_a_user_as_often_as_it_likes_and_for_strangers_so_often() {
    let server = counting(Rates { public: 2, authenticated: 5, admin: 5 }).await;
    let tokens = server.sign_in(&Wallet::new(1)).await;
    let here = from("192.0.2.1");
    let mine = request("GET", "/auth/forward", &(here.clone() + &bearer(&tokens)), "");
    for _ in 0..50 {
        let reply = server.ask(&mine).await;
        assert_eq!((reply.status, told(&reply)), (200, None));
    }
    for left in (0..5).rev() {
        let reply = server.get("/auth/forward", &here).await;
        assert_eq!((reply.status, told(&reply).map(|told| told.1)), (401, Some(left)));
    }
    assert_eq!(server.get("/auth/forward", &here).await.problem(), (429, 1006));
}

#[tokio::test]
async fn the_tier_is_that_of_the_role_now() {
    let server = counting(RATES).await;
    let wallet = Wallet::new(1);
    let tokens = server.sign_in(&wallet).await;
    let mine = request("GET", "/auth/status", &bearer(&tokens), "");
    for (role, limit) in
        [(Role::User, 200), (Role::NodeOperator, 200), (Role::Admin, 400), (Role::SuperAdmin, 400)]
    {
        server
            .service
            .set_role(
                lucid_auth::service::Asker::Operator,
                lucid_auth::service::UserRef::Address(wallet.address),
                role,
            )
            .await
            .unwrap();
        assert_eq!(told(&server.ask(&mine).await).unwrap().0, limit, "{role}");
    }
}

#[tokio::test]
async fn without_limits_nothing_is_counted() {
    let server = TestServer::start().await;
    for _ in 0..200 {
        let reply = server.get("/auth/status", "").await;
        assert_eq!((reply.problem(), told(&reply)), ((401, 1013), None));
    }
}
