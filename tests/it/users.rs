//! Users and sessions, as admins look after them.

use lucid_auth::{
    domain::{permission::Permission, role::Role, wallet::WalletType},
    http::{
        Code,
        route::{Grant, Route},
        routes::routes,
    },
    service::{Asker, UserRef},
};
use serde_json::{Value, json};

use crate::{
    sign_in::join_all,
    support::{TestServer, bearer, request},
    wallet::Wallet,
};

/// A user of this role, signed in.
async fn user(server: &TestServer, number: u64, role: Role) -> Value {
    server.sign_in_as(&Wallet::new(number), role).await
}

/// `body` with a challenge that `wallet` has just signed.
async fn proven(server: &TestServer, wallet: &Wallet, mut body: Value) -> Value {
    body["proof"] = server.signed(wallet, WalletType::Tron).await;
    body
}

fn id(tokens: &Value) -> &str {
    tokens["user"]["user_id"].as_str().unwrap()
}

#[tokio::test]
async fn admins_find_users_by_role_lock_address_and_name() {
    let server = TestServer::start().await;
    let admin = user(&server, 1, Role::Admin).await;
    for number in 10..30 {
        let tokens =
            user(&server, number, if number % 4 == 0 { Role::NodeOperator } else { Role::User }).await;
        let name = json!({"display_name": format!("Ada {number}")});
        server.call("PUT", "/users/me", &tokens, &name).await.expect(200);
        if number % 5 == 0 {
            server
                .call("POST", &format!("/users/{}/lock", id(&tokens)), &admin, &Value::Null)
                .await
                .expect(200);
        }
    }
    let list = async |query: &str| {
        let (mut users, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.get(&format!("/users?{query}{cursor}"), &bearer(&admin)).await.expect(200);
            users.extend(page["users"].as_array().unwrap().clone());
            let Some(next) = page["next_cursor"].as_str() else { return users };
            cursor = format!("&cursor={next}");
        }
    };
    assert_eq!(list("limit=7").await.len(), 21);
    assert_eq!(list("role=NODE_OPERATOR&limit=2").await.len(), 5);
    assert_eq!(list("locked=true").await.len(), 4);
    assert_eq!(list("locked=true&role=NODE_OPERATOR").await.len(), 1);
    assert_eq!(list("q=ada+1").await.len(), 10);
    let one = Wallet::new(17).address.to_string();
    assert_eq!(list(&format!("q={}", &one[..8])).await[0]["tron_address"], one);
    for bad in [
        "limit=0",
        "limit=201",
        "limit=x",
        "role=KING",
        "locked=maybe",
        "q=",
        "cursor=x",
        "page=2",
        "limit=1&limit=2",
    ] {
        let reply = server.get(&format!("/users?{bad}"), &bearer(&admin)).await;
        assert_eq!(reply.problem(), (422, 1025), "{bad}");
        let field = bad.split('=').next().unwrap();
        assert_eq!(reply.json()["error"]["details"]["field"], field, "{bad}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_lists_of_its_own_order_only() {
    let server = TestServer::start().await;
    let admin = user(&server, 1, Role::Admin).await;
    let ada = user(&server, 2, Role::User).await;
    let by_address = format!("q={}", &ada["user"]["tron_address"].as_str().unwrap()[..8]);
    let page = async |query: &str| server.get(&format!("/users?limit=1&{query}"), &bearer(&admin)).await;
    let mut cursors = Vec::new();
    for query in ["locked=false", &by_address] {
        let first = page(query).await.expect(200);
        cursors.push(format!("cursor={}", first["next_cursor"].as_str().unwrap()));
    }
    for (query, own, other) in [("locked=false", 0, 1), (&by_address, 1, 0)] {
        assert_eq!(page(&format!("{query}&{}", cursors[own])).await.status, 200, "{query}");
        let refusal = page(&format!("{query}&{}", cursors[other])).await;
        assert_eq!(refusal.problem(), (422, 1025), "{query}");
        assert_eq!(refusal.json()["error"]["details"]["field"], "cursor", "{query}");
    }
}

#[tokio::test]
async fn a_change_of_role_is_seen_at_once_by_verification_and_by_the_next_token() {
    let server = TestServer::start().await;
    let (root, ada) = (user(&server, 1, Role::SuperAdmin).await, user(&server, 2, Role::User).await);
    let path = format!("/users/{}/role", id(&ada));
    let changed = server.call("PUT", &path, &root, &json!({"role": "ADMIN"})).await.expect(200);
    assert_eq!(changed["role"], "ADMIN");
    let seen = server.call("GET", "/auth/verify", &ada, &Value::Null).await.expect(200);
    assert_eq!((&seen["role"], seen["permissions"].as_array().unwrap().len()), (&json!("ADMIN"), 29));
    assert_eq!(server.get("/users", &bearer(&ada)).await.status, 200);
    let next =
        server.post("/auth/refresh", &json!({"refresh_token": ada["refresh_token"]})).await.expect(200);
    assert_eq!(next["user"]["role"], "ADMIN");
    server.call("PUT", &path, &root, &json!({"role": "USER"})).await.expect(200);
    assert_eq!(server.get("/users", &bearer(&next)).await.problem(), (403, 1003));
}

#[tokio::test]
#[rustfmt::skip]
async fn nobody_reaches_above_themselves_or_at_themselves() {
    let server = TestServer::start().await;
    let root = user(&server, 1, Role::SuperAdmin).await;
    let other = user(&server, 2, Role::SuperAdmin).await;
    let admin = user(&server, 3, Role::Admin).await;
    let role = json!({"role": "USER"});
    let path = |who: &Value, what: &str| format!("/users/{}{what}", id(who));
    let cases = [
        // who     method    path                       body                         status, code
        (&admin,   "POST",   path(&root, "/lock"),      Value::Null,                 (403, 1041)),
        (&admin,   "POST",   path(&root, "/unlock"),    Value::Null,                 (403, 1041)),
        (&admin,   "PUT",    path(&root, ""),           json!({"display_name": "x"}), (403, 1041)),
        (&admin,   "POST",   path(&admin, "/lock"),     Value::Null,                 (403, 1040)),
        (&admin,   "PUT",    path(&admin, ""),          json!({"is_active": false}), (403, 1040)),
        (&admin,   "PUT",    path(&admin, "/role"),     role.clone(),                (403, 1003)),
        (&admin,   "DELETE", path(&root, ""),           Value::Null,                 (403, 1003)),
        (&root,    "PUT",    path(&root, "/role"),      role.clone(),                (403, 1040)),
        (&root,    "DELETE", path(&root, ""),           Value::Null,                 (403, 1040)),
        (&root,    "PUT",    "/users/00000000-0000-0000-0000-000000000000/role".into(), role.clone(), (404, 1030)),
        (&root,    "PUT",    path(&other, "/role"),     json!({"role": "KING"}),     (422, 1025)),
        (&root,    "PUT",    path(&other, "/role"),     role.clone(),                (403, 1042)),
        (&root,    "PUT",    path(&admin, "/role"),     json!({"role": "SUPER_ADMIN"}), (403, 1042)),
        (&root,    "PUT",    path(&other, ""),          json!({"is_active": false, "display_name": "x"}), (403, 1042)),
        (&root,    "POST",   path(&other, "/lock"),     Value::Null,                 (403, 1042)),
        (&root,    "POST",   path(&other, "/unlock"),   json!({"proof": null}),      (403, 1042)),
        (&root,    "DELETE", path(&other, ""),          json!({}),                   (403, 1042)),
        (&root,    "POST",   path(&other, "/lock"),     json!({"proof": 1}),         (422, 1025)),
        (&root,    "PUT",    path(&other, ""),          json!({"email": "o@example.org"}), (200, 0)),
        (&root,    "PUT",    path(&other, "/role"),     proven(&server, &Wallet::new(1), role.clone()).await, (200, 0)),
    ];
    for (who, method, path, body, expected) in cases {
        let reply = server.call(method, &path, who, &body).await;
        let met = if reply.status == 200 { (200, 0) } else { reply.problem() };
        assert_eq!(met, expected, "{method} {path} {}", reply.text());
    }
    let seen = server.get(&path(&other, ""), &bearer(&root)).await.expect(200);
    assert_eq!(seen["display_name"], Value::Null, "what came with a refused lock was not done either");
    let last = UserRef::Id(id(&root).parse().unwrap());
    assert!(server.service.set_role(Asker::Operator, last, Role::User).await.is_err());
    assert!(server.service.lock_user(Asker::Operator, last).await.is_err());
    assert!(server.service.erase_user(Asker::Operator, last).await.is_err());
}

#[tokio::test]
async fn who_is_super_admin_takes_a_challenge_freshly_signed_by_the_caller_and_by_nobody_else() {
    let server = TestServer::start().await;
    let (own, stranger) = (Wallet::new(1), Wallet::new(2));
    let root = user(&server, 1, Role::SuperAdmin).await;
    user(&server, 2, Role::SuperAdmin).await;
    let ada = user(&server, 3, Role::User).await;
    let path = |what: &str| format!("/users/{}{what}", id(&ada));
    let give = json!({"role": "SUPER_ADMIN"});
    let put = async |body: &Value| server.call("PUT", &path("/role"), &root, body).await;

    assert_eq!(put(&give).await.problem(), (403, 1042));
    let of_another = proven(&server, &stranger, give.clone()).await;
    assert_eq!(put(&of_another).await.problem(), (401, 1001));
    let mut forged = proven(&server, &own, give.clone()).await;
    forged["proof"]["signature"] = of_another["proof"]["signature"].clone();
    assert_eq!(put(&forged).await.problem(), (401, 1001));
    let old = proven(&server, &own, give.clone()).await;
    server.clock.pass(300);
    assert_eq!(put(&old).await.problem(), (401, 1011));
    let good = proven(&server, &own, give.clone()).await;
    assert_eq!(put(&good).await.expect(200)["role"], "SUPER_ADMIN");
    assert_eq!(put(&good).await.problem(), (401, 1012), "it is good once");

    // What is said with no need is looked at all the same.
    let demotion = proven(&server, &own, json!({"role": "USER"})).await;
    put(&demotion).await.expect(200);
    let needless = proven(&server, &stranger, json!({"role": "ADMIN"})).await;
    assert_eq!(put(&needless).await.problem(), (401, 1001));

    put(&proven(&server, &own, give).await).await.expect(200);
    let no_more = async |method: &str, what: &str, body: Value| {
        let body = proven(&server, &own, body).await;
        server.call(method, &path(what), &root, &body).await
    };
    assert_eq!(no_more("POST", "/lock", json!({})).await.expect(200)["locked"], true);
    assert_eq!(no_more("POST", "/unlock", json!({})).await.expect(200)["locked"], false);
    let kept_out = json!({"is_active": false, "display_name": "Ada"});
    let kept_out = no_more("PUT", "", kept_out).await.expect(200);
    assert_eq!((&kept_out["locked"], &kept_out["display_name"]), (&json!(true), &json!("Ada")));
    assert_eq!(no_more("DELETE", "", json!({})).await.status, 204);
}

#[tokio::test]
async fn racing_admins_never_leave_nobody_who_gives_out_roles() {
    let server = TestServer::start().await;
    let mut admins = Vec::new();
    for number in 0..20 {
        admins.push(user(&server, 100 + number, Role::SuperAdmin).await);
    }
    // Each takes the role of the next, all at once, in three ways.
    let mut bodies = Vec::new();
    for number in 0..20 {
        let body = if number % 3 == 0 { json!({"role": "USER"}) } else { json!({}) };
        bodies.push(proven(&server, &Wallet::new(100 + number), body).await);
    }
    let turns = admins.iter().zip(admins.iter().cycle().skip(1)).zip(bodies).enumerate();
    let replies = join_all(turns.map(|(turn, ((who, whom), body))| {
        let path = format!("/users/{}", id(whom));
        let (method, path) = match turn % 3 {
            0 => ("PUT", format!("{path}/role")),
            1 => ("POST", format!("{path}/lock")),
            _ => ("DELETE", path),
        };
        server.call_owned_path(method, path, who.clone(), body)
    }))
    .await;
    assert!(replies.iter().any(|reply| reply.status < 300), "nobody succeeded");
    let mut left = 0;
    for tokens in &admins {
        let reply = server.call("GET", "/auth/verify", tokens, &Value::Null).await;
        left += usize::from(reply.status == 200 && reply.json()["role"] == "SUPER_ADMIN");
    }
    assert!(left >= 1);
}

#[tokio::test]
async fn an_erased_user_is_gone_but_for_the_audit_log_and_may_come_again_as_another() {
    let server = TestServer::start().await;
    let (root, ada) = (user(&server, 1, Role::SuperAdmin).await, user(&server, 2, Role::NodeOperator).await);
    let path = format!("/users/{}", id(&ada));
    assert_eq!(server.call("DELETE", &path, &root, &Value::Null).await.status, 204);
    assert_eq!(server.call("GET", &path, &root, &Value::Null).await.problem(), (404, 1030));
    assert_eq!(server.call("GET", "/auth/verify", &ada, &Value::Null).await.problem(), (401, 1015));
    let log = server
        .get(&format!("/audit?user_id={}&action=user.erased", id(&ada)), &bearer(&root))
        .await
        .expect(200);
    assert_eq!(log["entries"].as_array().unwrap().len(), 1);
    let again = server.sign_in(&Wallet::new(2)).await;
    assert_ne!(id(&again), id(&ada));
    assert_eq!(again["user"]["role"], "USER");
}

#[tokio::test]
async fn somebody_erases_their_own_account_with_a_fresh_signature_only() {
    let server = TestServer::start().await;
    let (wallet, other) = (Wallet::new(3), Wallet::new(4));
    let tokens = server.sign_in(&wallet).await;
    server.sign_in(&other).await;
    let stranger = server.signed(&other, WalletType::Tron).await;
    assert_eq!(server.call("DELETE", "/users/me", &tokens, &Value::Null).await.problem(), (422, 1025));
    assert_eq!(server.call("DELETE", "/users/me", &tokens, &stranger).await.problem(), (401, 1001));
    let own = server.signed(&wallet, WalletType::Tron).await;
    assert_eq!(server.call("DELETE", "/users/me", &tokens, &own).await.status, 204);
    assert_eq!(server.call("GET", "/users/me", &tokens, &Value::Null).await.problem(), (401, 1015));
    assert_ne!(server.sign_in(&wallet).await["user"]["user_id"], tokens["user"]["user_id"]);
}

#[tokio::test]
async fn sessions_are_listed_and_ended_one_by_one_and_all_at_once() {
    let server = TestServer::start().await;
    let ada = Wallet::new(5);
    let (one, two, three) =
        (server.sign_in(&ada).await, server.sign_in(&ada).await, server.sign_in(&ada).await);
    let stranger = server.sign_in(&Wallet::new(6)).await;
    let admin = user(&server, 7, Role::Admin).await;
    for path in ["/sessions", "/auth/active-sessions"] {
        let list = server.call("GET", path, &two, &Value::Null).await.expect(200);
        let sessions = list["sessions"].as_array().unwrap();
        let ids: Vec<_> = sessions.iter().map(|session| &session["id"]).collect();
        assert_eq!(ids, [&one["session_id"], &two["session_id"], &three["session_id"]]);
        let current: Vec<_> = sessions.iter().map(|session| session["current"].as_bool().unwrap()).collect();
        assert_eq!(current, [false, true, false]);
    }
    let path = |tokens: &Value| format!("/sessions/{}", tokens["session_id"].as_str().unwrap());
    assert_eq!(server.call("GET", &path(&one), &stranger, &Value::Null).await.problem(), (404, 1031));
    assert_eq!(server.call("DELETE", &path(&one), &stranger, &Value::Null).await.problem(), (404, 1031));
    assert_eq!(server.call("GET", &path(&one), &admin, &Value::Null).await.expect(200)["current"], false);
    let of_ada = format!("/sessions?user_id={}", id(&one));
    assert_eq!(server.call("GET", &of_ada, &stranger, &Value::Null).await.problem(), (403, 1003));
    assert_eq!(
        server.call("GET", &of_ada, &admin, &Value::Null).await.expect(200)["sessions"]
            .as_array()
            .unwrap()
            .len(),
        3
    );

    assert_eq!(server.call("DELETE", &path(&one), &two, &Value::Null).await.status, 204);
    assert_eq!(server.call("GET", "/auth/verify", &one, &Value::Null).await.problem(), (401, 1015));
    assert_eq!(server.call("DELETE", &path(&three), &admin, &Value::Null).await.status, 204);
    assert_eq!(server.call("GET", "/auth/verify", &three, &Value::Null).await.problem(), (401, 1015));
    let all = server.call("DELETE", "/sessions", &two, &Value::Null).await.expect(200);
    assert_eq!(all, json!({"sessions_revoked": 1}));
    let root = user(&server, 8, Role::SuperAdmin).await;
    let forced = server
        .call("POST", &format!("/users/{}/logout", id(&stranger)), &root, &Value::Null)
        .await
        .expect(200);
    assert_eq!(forced, json!({"sessions_revoked": 1}));
    assert_eq!(server.call("GET", "/auth/verify", &stranger, &Value::Null).await.problem(), (401, 1015));
}

#[tokio::test]
async fn permissions_are_told_and_checked_for_oneself_and_by_admins_for_others() {
    let server = TestServer::start().await;
    let (ada, admin) = (user(&server, 9, Role::User).await, user(&server, 10, Role::Admin).await);
    let check =
        async |who: &Value, body: Value| server.call("POST", "/auth/permissions/check", who, &body).await;
    assert_eq!(
        check(&ada, json!({"permission": "view_own_profile"})).await.expect(200),
        json!({"allowed": true})
    );
    assert_eq!(
        check(&ada, json!({"permission": "view_all_users"})).await.expect(200),
        json!({"allowed": false})
    );
    let of_ada = json!({"permission": "view_all_users", "user_id": id(&ada)});
    assert_eq!(check(&admin, of_ada.clone()).await.expect(200), json!({"allowed": false}));
    let of_admin = json!({"permission": "view_all_users", "user_id": id(&admin)});
    assert_eq!(check(&ada, of_admin).await.problem(), (403, 1003));
    assert_eq!(check(&ada, json!({"permission": "fly"})).await.problem(), (422, 1025));
    let policy = server.get("/permissions", &bearer(&ada)).await.expect(200);
    let counts: Vec<_> = policy["roles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| role["permissions"].as_array().unwrap().len())
        .collect();
    assert_eq!((counts, policy["permissions"].as_array().unwrap().len()), (vec![6, 13, 29, 49], 49));
    let own = server.get("/auth/permissions", &bearer(&ada)).await.expect(200);
    assert_eq!(own["permissions"].as_array().unwrap().len(), 6);
    let path = format!("/users/{}/permissions", id(&ada));
    assert_eq!(server.get(&path, &bearer(&admin)).await.expect(200), own);
}

/// Every row of the table against everybody: who is not meant to come in is refused, with the code for who they are.
#[tokio::test]
async fn every_row_lets_in_whom_it_names_and_nobody_else() {
    let server = TestServer::start().await;
    let mut callers = Vec::new();
    for (number, role) in Role::ALL.into_iter().enumerate() {
        callers.push((role.name(), Some(role), bearer(&user(&server, 20 + number as u64, role).await)));
    }
    let locked = user(&server, 30, Role::SuperAdmin).await;
    server.service.lock_user(Asker::Operator, UserRef::Id(id(&locked).parse().unwrap())).await.unwrap();
    let revoked = user(&server, 31, Role::SuperAdmin).await;
    server.call("POST", "/auth/logout", &revoked, &Value::Null).await.expect(200);
    let outsiders = [
        ("nobody", String::new(), 1013),
        ("a stranger", "Authorization: Bearer x\r\n".to_owned(), 1014),
        ("a locked user", bearer(&locked), 1015),
        ("a revoked session", bearer(&revoked), 1015),
    ];
    // Rows that change who the callers are, or end their sessions, come to a refusal of their own by a bad body or path.
    let path = |row: &Route| {
        row.path
            .replace("{id}", "00000000-0000-0000-0000-000000000000")
            .replace("{code}", "LUCID_AUTH_1001")
            .replace("{*path}", "login/login.js")
    };
    let ends = |row: &Route| matches!(row.operation, "signOut" | "endAllSessions");
    let table = routes();
    assert!(table.len() > 35, "{} rows", table.len());
    // A token in `Authorization` means nothing there.
    let public = |row: &Route| matches!(row.access, Grant::Public | Grant::WithRefreshCookie);
    for row in &table {
        let ask = async |lines: &str| {
            server
                .ask(request(
                    row.method.as_str(),
                    &path(row),
                    &format!("Content-Type: application/json\r\n{lines}"),
                    "",
                ))
                .await
        };
        let code = async |lines: &str| {
            let reply = ask(lines).await;
            if reply.status < 400 { 0 } else { reply.problem().1 }
        };
        let gates = [
            Code::TokenMissing,
            Code::TokenInvalid,
            Code::TokenExpired,
            Code::SessionEnded,
            Code::AccountLocked,
        ]
        .map(Code::number);
        for (who, lines, expected) in &outsiders {
            let met = code(lines).await;
            if public(row) {
                assert!(!gates.contains(&met), "{who} at {}: {met}", row.operation);
            } else {
                assert_eq!(met, *expected, "{who} at {}", row.operation);
            }
        }
        if ends(row) {
            continue;
        }
        for (who, role, lines) in &callers {
            let met = code(lines).await;
            let admitted = match row.access {
                Grant::Holds(permission) => role.is_some_and(|role| role.holds(permission)),
                _ => true,
            };
            let refused = met == Code::PermissionMissing.number();
            assert_eq!(refused, !admitted, "{who} at {}: {met}", row.operation);
            assert!(!gates.contains(&met) || public(row), "{who} at {}: {met}", row.operation);
        }
    }
    server.clock.pass(900);
    for row in table.iter().filter(|row| !public(row)) {
        let lines = format!("Content-Type: application/json\r\n{}", callers[3].2);
        let reply = server.ask(request(row.method.as_str(), &path(row), &lines, "")).await;
        assert_eq!(reply.problem(), (401, 1002), "an expired token at {}", row.operation);
    }
    assert!(table.iter().any(|row| row.access == Grant::Holds(Permission::ManageUsers)));
}
