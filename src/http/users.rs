//! `/users`: users, as admins look after them.

use std::{borrow::Cow, str::FromStr, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::{
    app::App,
    auth::Proof,
    bodies::UserBody,
    page::{Cursor, Limit},
    permissions::RoleBody,
    problem::Problem,
    profile::{Change, ProfileRequest},
    reply::NoContent,
    request::{Head, Request},
    target::{Path, Query},
};
use crate::{
    domain::{
        id::UserId,
        permission::Permission,
        profile::{AvatarUrl, DisplayName, Email, Metadata},
        role::Role,
        wallet::AddressRange,
    },
    service::{Asker, Principal, UserRef},
    store::users_index::{Filter, Place},
};

/// Which users, and how many.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UsersQuery {
    /// Only those with this role.
    role: Option<Role>,
    /// Only those who are locked, or who are not.
    locked: Option<bool>,
    /// Only those whose address begins so, or who have this in their name.
    q: Option<Search>,
    /// At most so many.
    #[serde(default)]
    limit: Limit,
    /// Only those after the page before.
    cursor: Option<Cursor<Place>>,
}

/// The beginning of an address, or a part of a name.
enum Search {
    Address(AddressRange),
    Name(String),
}

impl<'de> Deserialize<'de> for Search {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.chars().count() > 64 {
            return Err(D::Error::custom("expected 1 to 64 characters"));
        }
        // A name may begin with T as well; a longer beginning of base58 is rather an address.
        let address = if text.len() >= 3 { AddressRange::from_str(&text).ok() } else { None };
        Ok(address.map_or_else(|| Self::Name(text.to_lowercase()), Self::Address))
    }
}

impl JsonSchema for Search {
    fn schema_name() -> Cow<'static, str> {
        "Search".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "minLength": 1, "maxLength": 64})
    }
}

/// Users, and where to go on. A page passes over 5,000 users at most, so it may be short, or even empty, and still not be
/// the last: `next_cursor` tells.
#[derive(Serialize, JsonSchema)]
pub(super) struct UsersReply {
    users: Vec<UserBody>,
    next_cursor: Option<Cursor<Place>>,
}

/// List users, oldest account first.
pub(super) async fn list(
    app: Arc<App>,
    request: Request<Principal, (), Query<UsersQuery>>,
) -> Result<UsersReply, Problem> {
    let UsersQuery { role, locked, q, limit, cursor } = request.target.0;
    let (address, name) = match q {
        None => (None, None),
        Some(Search::Address(range)) => (Some(range), None),
        Some(Search::Name(part)) => (None, Some(part)),
    };
    let filter = Filter { role, locked, address, name };
    if cursor.is_some_and(|cursor| !filter.orders(cursor.0)) {
        return Err(Problem::field("cursor", "next_cursor as the page before of the same list gave it"));
    }
    let page = app.service.users(filter, cursor.map(|cursor| cursor.0), limit.get()).await?;
    let users = page.users.into_iter().map(UserBody::from).collect();
    Ok(UsersReply { users, next_cursor: page.next.map(Cursor) })
}

/// Read one user.
pub(super) async fn get(
    app: Arc<App>,
    request: Request<Principal, (), Path<UserId>>,
) -> Result<UserBody, Problem> {
    Ok(app.service.user(UserRef::Id(request.target.0)).await?.into())
}

/// Read what one user may do.
pub(super) async fn permissions(
    app: Arc<App>,
    request: Request<Principal, (), Path<UserId>>,
) -> Result<RoleBody, Problem> {
    Ok(RoleBody::of(app.service.user(UserRef::Id(request.target.0)).await?.role))
}

/// Who asks, once their proof was checked, if there is one.
async fn asker(
    app: &App,
    head: &Head,
    caller: Principal,
    needs: Permission,
    proof: Option<Proof>,
) -> Result<Asker, Problem> {
    let answer = proof.map(|proof| proof.answer(app, head)).transpose()?;
    Ok(app.service.with_proof(Asker::user(caller, head.client_info(), needs), answer).await?)
}

/// What to change of a user. A part that is left out stays as it is; one that is null goes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserRequest {
    #[serde(default)]
    display_name: Change<DisplayName>,
    #[serde(default)]
    email: Change<Email>,
    #[serde(default)]
    avatar_url: Change<AvatarUrl>,
    #[serde(default)]
    metadata: Change<Metadata>,
    /// Whether the user is let in: false locks, true unlocks.
    is_active: Option<bool>,
    /// Needed to lock or unlock a `SUPER_ADMIN`.
    proof: Option<Proof>,
}

/// Change one user.
pub(super) async fn put(
    app: Arc<App>,
    request: Request<Principal, UserRequest, Path<UserId>>,
) -> Result<UserBody, Problem> {
    let Request { caller, body, target: Path(id), head } = request;
    let UserRequest { display_name, email, avatar_url, metadata, is_active, proof } = body;
    let asker = asker(&app, &head, caller, Permission::ManageUsers, proof).await?;
    // First, because it takes more: who may do this may change the profile as well.
    match is_active {
        None => {}
        Some(true) => drop(app.service.unlock_user(asker.clone(), UserRef::Id(id)).await?),
        Some(false) => drop(app.service.lock_user(asker.clone(), UserRef::Id(id)).await?),
    }
    let change = ProfileRequest { display_name, email, avatar_url, metadata };
    let apply = move |profile| change.apply(profile);
    Ok(app.service.change_user_profile(asker, UserRef::Id(id), apply).await?.into())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleRequest {
    role: Role,
    /// Needed to give or take `SUPER_ADMIN`.
    proof: Option<Proof>,
}

/// Give one user another role.
pub(super) async fn put_role(
    app: Arc<App>,
    request: Request<Principal, RoleRequest, Path<UserId>>,
) -> Result<UserBody, Problem> {
    let Request { caller, body, target: Path(id), head } = request;
    let asker = asker(&app, &head, caller, Permission::AssignRoles, body.proof).await?;
    Ok(app.service.set_role(asker, UserRef::Id(id), body.role).await?.into())
}

/// What a change may take besides a token.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofRequest {
    /// Needed if the user is `SUPER_ADMIN`.
    proof: Option<Proof>,
}

/// Keep one user out, and end all their sessions.
pub(super) async fn lock(
    app: Arc<App>,
    request: Request<Principal, Option<ProofRequest>, Path<UserId>>,
) -> Result<UserBody, Problem> {
    let Request { caller, body, target: Path(id), head } = request;
    let asker = asker(&app, &head, caller, Permission::ManageUsers, body.unwrap_or_default().proof).await?;
    Ok(app.service.lock_user(asker, UserRef::Id(id)).await?.into())
}

/// Let one user in again.
pub(super) async fn unlock(
    app: Arc<App>,
    request: Request<Principal, Option<ProofRequest>, Path<UserId>>,
) -> Result<UserBody, Problem> {
    let Request { caller, body, target: Path(id), head } = request;
    let asker = asker(&app, &head, caller, Permission::ManageUsers, body.unwrap_or_default().proof).await?;
    Ok(app.service.unlock_user(asker, UserRef::Id(id)).await?.into())
}

/// Erase one user.
pub(super) async fn delete(
    app: Arc<App>,
    request: Request<Principal, Option<ProofRequest>, Path<UserId>>,
) -> Result<NoContent, Problem> {
    let Request { caller, body, target: Path(id), head } = request;
    let asker = asker(&app, &head, caller, Permission::AssignRoles, body.unwrap_or_default().proof).await?;
    app.service.erase_user(asker, UserRef::Id(id)).await?;
    Ok(NoContent)
}
