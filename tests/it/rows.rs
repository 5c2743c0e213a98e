//! Rows that tests ask, beside the real table.

use std::sync::Arc;

use lucid_auth::{
    domain::{id::UserId, permission::Permission, role::Role},
    http::{
        App, Problem, Request,
        reply::{Created, Text},
        route::{Detail, Holds, Public, Quota::Unlimited, Route, SignedIn, get, post},
        target::{Path, Query},
    },
    service::Principal,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};

/// What is more than any socket buffers, in bytes.
pub const BIG: usize = 32 << 20;

/// What a test sends and gets back.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    pub text: String,
    pub count: Option<u8>,
}

/// What a test asks by a query.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    limit: Option<u8>,
    role: Option<Role>,
}

/// What it is told.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Filtered {
    id: UserId,
    filter: Filter,
}

/// The rows.
pub fn rows<D: Detail>() -> Vec<Route<D>> {
    let admins = Holds(Permission::ViewAllUsers);
    vec![
        post("testEcho", "/test/echo", Public, Unlimited, echo, ""),
        post("testOptional", "/test/optional", Public, Unlimited, optional, ""),
        get("testCaller", "/test/caller", SignedIn, Unlimited, caller, ""),
        get("testAdmin", "/test/admin", admins, Unlimited, caller, ""),
        post("testNote", "/test/private-note", SignedIn, Unlimited, private_note, ""),
        get("testUser", "/test/users/{id}", Public, Unlimited, user, ""),
        get("testFilter", "/test/users/{id}/filter", Public, Unlimited, filter, ""),
        get("testOrigin", "/test/origin", Public, Unlimited, origin, ""),
        get("testClient", "/test/client", Public, Unlimited, client, ""),
        get("testPanic", "/test/panic", Public, Unlimited, panic, ""),
        get("testFailure", "/test/failure", Public, Unlimited, failure, ""),
        get("testWait", "/test/wait", Public, Unlimited, wait, ""),
        get("testOpen", "/test/open", Public, Unlimited, open, ""),
        get("testBig", "/test/big", Public, Unlimited, big, ""),
    ]
}

async fn echo(_: Arc<App>, request: Request<(), Note>) -> Result<Created<Note>, Problem> {
    Ok(Created(request.body))
}

async fn optional(_: Arc<App>, request: Request<(), Option<Note>>) -> Result<Option<Note>, Problem> {
    Ok(request.body)
}

async fn caller(_: Arc<App>, request: Request<Principal, ()>) -> Result<UserId, Problem> {
    Ok(request.caller.user.id)
}

async fn private_note(_: Arc<App>, request: Request<Principal, Note>) -> Result<Note, Problem> {
    Ok(request.body)
}

async fn user(_: Arc<App>, request: Request<(), (), Path<UserId>>) -> Result<UserId, Problem> {
    Ok(request.target.0)
}

type ByIdAndFilter = (Path<UserId>, Query<Filter>);

async fn filter(_: Arc<App>, request: Request<(), (), ByIdAndFilter>) -> Result<Filtered, Problem> {
    let (Path(id), Query(filter)) = request.target;
    Ok(Filtered { id, filter })
}

async fn origin(app: Arc<App>, request: Request<(), ()>) -> Result<Text, Problem> {
    Ok(Text(request.head.origin(&app.settings)?.to_string()))
}

async fn client(_: Arc<App>, request: Request<(), ()>) -> Result<Text, Problem> {
    Ok(Text(request.head.client.address.to_string()))
}

async fn panic(_: Arc<App>, _: Request<(), ()>) -> Result<(), Problem> {
    panic!("a secret of the process")
}

async fn failure(_: Arc<App>, _: Request<(), ()>) -> Result<(), Problem> {
    Err(Problem::internal("a secret of the disk"))
}

/// Holds [`wait`] until [`open`], of whichever server: each test is a process of its own.
static GATE: Semaphore = Semaphore::const_new(0);
/// Says that [`wait`] was begun.
static BEGUN: Semaphore = Semaphore::const_new(0);

/// Until a call of `/test/wait` is being answered.
pub async fn begun() {
    BEGUN.acquire().await.unwrap().forget();
}

async fn wait(_: Arc<App>, _: Request<(), ()>) -> Result<(), Problem> {
    BEGUN.add_permits(1);
    GATE.acquire().await.map(SemaphorePermit::forget).map_err(Problem::internal)
}

async fn open(_: Arc<App>, _: Request<(), ()>) -> Result<(), Problem> {
    GATE.add_permits(1);
    Ok(())
}

async fn big(_: Arc<App>, _: Request<(), ()>) -> Result<Text, Problem> {
    Ok(Text("x".repeat(BIG)))
}
