//! `/auth/forward`: what a reverse proxy asks before it passes a request on to an app.

use std::{sync::Arc, time::Duration};

use hyper::{
    StatusCode,
    header::{CACHE_CONTROL, HeaderName, HeaderValue, LOCATION, SET_COOKIE},
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    app::App,
    bearer::Bearer,
    code::Code,
    cookies::Cookie,
    original::Original,
    problem::Problem,
    reply::{Outcome, Redirect, Reply, Response, address, text},
    request::{Head, Request},
    schemas::Schemas,
    security,
    target::Query,
};
use crate::domain::{
    handover::State,
    id::{SessionId, UserId},
    origin::Origin,
    permission::Permission,
    redirect::{Location, ReturnTo},
    role::Role,
    user::User,
    wallet::Address,
};

const REMOTE_USER: HeaderName = HeaderName::from_static("remote-user");
const REMOTE_ROLE: HeaderName = HeaderName::from_static("remote-role");
const X_LUCID_USER_ID: HeaderName = HeaderName::from_static("x-lucid-user-id");
const X_LUCID_ADDRESS: HeaderName = HeaderName::from_static("x-lucid-address");
const X_LUCID_ROLE: HeaderName = HeaderName::from_static("x-lucid-role");

/// How long a browser keeps what it may be brought a session with: as long as somebody may take to sign in.
const STATE_LIFETIME: Duration = Duration::from_secs(3600);

/// Whom an app is for, if not for everybody who is signed in.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Who has this role or a higher one.
    role: Option<Role>,
    /// Who holds this permission.
    permission: Option<Permission>,
}

impl Wanted {
    fn check(&self, user: &User) -> Result<(), Problem> {
        let missing = |message| Problem::new(Code::PermissionMissing).message(message);
        if let Some(role) = self.role.filter(|role| user.role < *role) {
            return Err(missing(format!("This needs the role {role}.")).detail("role", role.name()));
        }
        if let Some(permission) = self.permission.filter(|permission| !user.role.holds(*permission)) {
            let message = format!("This needs the permission {permission}.");
            return Err(missing(message).detail("permission", permission.name()));
        }
        Ok(())
    }
}

/// What a proxy is told.
#[derive(Debug)]
pub(super) enum Forwarded {
    /// Let the request through; it is made by this user.
    Let(Identity),
    /// Pass this answer on to the browser.
    SignIn(Redirect),
}

/// Who makes a request: a header each, for the app.
#[derive(Debug)]
pub(super) struct Identity {
    id: UserId,
    address: Address,
    role: Role,
}

/// Tell a proxy whether to let a request through, and for whom. A browser that opens a page is sent to sign in.
pub(super) async fn get(
    app: Arc<App>,
    request: Request<Option<Bearer>, (), Query<Wanted>>,
) -> Result<Forwarded, Problem> {
    let Request { caller: bearer, target: Query(wanted), head, .. } = request;
    let original = Original::of(&head);
    let back = back(&app, &original);
    let refusal = match user(&app, &head, bearer, back.as_ref()).await {
        Ok(user) => {
            wanted.check(&user)?;
            return Ok(Forwarded::Let(Identity { id: user.id, address: user.address, role: user.role }));
        }
        Err(problem) => problem,
    };
    match (back, app.settings.sites()) {
        (Some(back), Some(sites))
            if original.opens_page && refusal.code().status() == StatusCode::UNAUTHORIZED =>
        {
            let (state, cookie) = state(&app, &head, &back)?;
            let to = Location::sign_in(sites.own, &back, &state.hash());
            if !original.takes_no_redirect {
                return Ok(Forwarded::SignIn(Redirect { to, cookie: Some(cookie) }));
            }
            let location = HeaderValue::try_from(to.as_str()).map_err(Problem::internal)?;
            Err(refusal.header(LOCATION, location).header(SET_COOKIE, cookie))
        }
        _ => Err(refusal),
    }
}

/// Where the browser would go back to, if that is clear and allowed. If not, its operator should learn why people are not
/// sent to sign in.
fn back(app: &App, original: &Original) -> Option<ReturnTo> {
    let (origin, path) = original.address.clone()?;
    let Some(sites) = app.settings.sites() else {
        if original.opens_page && app.quotas.may_warn() {
            tracing::warn!(%origin, "cannot send a browser to sign in: set PUBLIC_URL");
        }
        return None;
    };
    let back = sites.hosted(&origin, path);
    if back.is_err() && original.opens_page && app.quotas.may_warn() {
        tracing::warn!(%origin, "cannot send a browser to sign in and back: add the origin to ALLOWED_REDIRECT_ORIGINS");
    }
    back.ok()
}

/// Who asks: the bearer of a token, or else the browser that has the cookie of the host that it asked.
async fn user(
    app: &App,
    head: &Head,
    bearer: Option<Bearer>,
    back: Option<&ReturnTo>,
) -> Result<Arc<User>, Problem> {
    if let Some(bearer) = bearer {
        return Ok(app.authenticate(head, bearer.token()).await?.user);
    }
    match back {
        Some(back) => holder(app, head, back.origin()).await?,
        None => None,
    }
    .ok_or_else(|| Problem::new(Code::TokenMissing))
}

/// The user whose session the browser has a cookie for, of the host `at`.
pub(super) async fn holder(app: &App, head: &Head, at: &Origin) -> Result<Option<Arc<User>>, Problem> {
    let Some(session) = session(app, head, at) else { return Ok(None) };
    if let Some(known) = app.service.recognize_session(session) {
        return Ok(Some(known?));
    }
    // A cookie stays ours when its session has ended: whoever keeps such ones has the disk asked so often and no more.
    app.quotas.check_unproven(head, app.clock.now())?;
    Ok(Some(app.service.look_up_session(session).await?))
}

/// The session that the browser has a cookie for, of the host `at`.
pub(super) fn session(app: &App, head: &Head, at: &Origin) -> Option<SessionId> {
    let cookie = Cookie::Session.find(&head.headers, at.is_https())?.parse().ok()?;
    app.service.session_of_cookie(&cookie, at)
}

/// What the browser is to keep, and how it is told: what it has already, so that two pages that it opens at once do not
/// take it from each other.
fn state(app: &App, head: &Head, back: &ReturnTo) -> Result<(State, HeaderValue), Problem> {
    let https = back.origin().is_https();
    let kept = Cookie::State.find(&head.headers, https).and_then(|text| text.parse().ok());
    let state = match kept {
        Some(state) => state,
        None => State::from_bytes(app.random.bytes().map_err(Problem::internal)?),
    };
    let cookie = Cookie::State.set(https, &state.to_text(), STATE_LIFETIME)?;
    Ok((state, cookie))
}

impl Reply for Forwarded {
    fn into_response(self) -> Result<Response, Problem> {
        let Identity { id, address, role } = match self {
            Self::Let(identity) => identity,
            Self::SignIn(redirect) => return redirect.into_response(),
        };
        let mut response = security::empty(StatusCode::OK);
        let address = HeaderValue::try_from(address.to_string()).map_err(Problem::internal)?;
        let id = HeaderValue::try_from(id.to_string()).map_err(Problem::internal)?;
        let role = HeaderValue::from_static(role.name());
        // All of them, always: a proxy that copies them then replaces whatever the client sent under these names.
        let headers = response.headers_mut();
        headers.insert(REMOTE_USER, address.clone());
        headers.insert(REMOTE_ROLE, role.clone());
        headers.insert(X_LUCID_USER_ID, id);
        headers.insert(X_LUCID_ADDRESS, address);
        headers.insert(X_LUCID_ROLE, role);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        let (address_schema, role) = (schemas.reply::<Address>(), schemas.reply::<Role>());
        let mut all = vec![
            Outcome::empty(StatusCode::OK)
                .with(REMOTE_USER, address_schema.clone())
                .with(REMOTE_ROLE, role.clone())
                .with(X_LUCID_USER_ID, schemas.reply::<UserId>())
                .with(X_LUCID_ADDRESS, address_schema)
                .with(X_LUCID_ROLE, role)
                .cached("no-store"),
            // For nginx, which makes the redirect itself.
            Outcome::empty(StatusCode::UNAUTHORIZED).with(LOCATION, address()).with(SET_COOKIE, text()),
        ];
        all.extend(Redirect::outcomes(schemas));
        all
    }
}
