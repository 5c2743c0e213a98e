//! The way back: from the login page to the app's host, which receives the session there.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::App,
    code::Code,
    cookies::Cookie,
    forward::{holder, session},
    problem::Problem,
    reply::Redirect,
    request::{Head, Request},
    same_origin,
    target::Query,
};
use crate::{
    domain::{
        handover::{self, StateHash},
        id::SessionId,
        origin::Origin,
        redirect::{Address, Location, NotAllowed, Path, ReturnTo, Sites},
    },
    service::Principal,
};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HandoverRequest {
    return_to: Address,
    /// As the login page was opened with it. Without one, an app's host asks for one first.
    state: Option<StateHash>,
}

/// Where to go.
#[derive(Serialize, JsonSchema)]
pub(super) struct HandoverReply {
    /// Once, and soon: on the way to another host it carries a code that is good for a minute.
    #[schemars(url)]
    location: String,
}

/// Tell the login page where to send the browser of the caller.
pub(super) async fn post(
    app: Arc<App>,
    request: Request<Principal, HandoverRequest>,
) -> Result<HandoverReply, Problem> {
    let Request { caller, body: HandoverRequest { return_to, state }, head, .. } = request;
    let own = head.origin(&app.settings)?;
    let sites = Sites { own: &own, others: &app.settings.redirect_origins };
    let to = sites.admit(return_to).map_err(|origin| refused(&app, origin))?;
    let location = match state {
        Some(state) if *to.origin() != own => {
            let session = of_browser(&app, &caller, &head, &own).await?;
            Location::callback(&to, &app.service.hand_over(session, &to, state)?)
        }
        _ => Location::back(&to),
    };
    Ok(HandoverReply { location: location.as_str().to_owned() })
}

/// The session of the caller that the browser has a cookie for. What is brought to an app lasts longer than a token, so who
/// has a token alone brings nothing.
async fn of_browser(app: &App, caller: &Principal, head: &Head, own: &Origin) -> Result<SessionId, Problem> {
    same_origin::require(&head.headers, own)?;
    match (session(app, head, own), holder(app, head, own).await?) {
        (Some(session), Some(user)) if user.id == caller.user.id => Ok(session),
        _ => Err(Problem::new(Code::NotSameOrigin)
            .message("A session is brought to an app only for the browser that has its cookie here.")),
    }
}

/// What a browser brings to an app's host.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Brought {
    code: handover::Code,
    to: Path,
}

/// Receive a session on the host of an app, and go back there. What cannot be received is told by the login page, which
/// then waits for the person: a browser that keeps no cookies must not go round for ever.
pub(super) async fn get(
    app: Arc<App>,
    request: Request<(), (), Query<Brought>>,
) -> Result<Redirect, Problem> {
    let Request { target: Query(Brought { code, to }), head, .. } = request;
    let sites = app.settings.sites().ok_or_else(|| {
        if app.quotas.may_warn() {
            tracing::warn!("a session is brought to an app's host, but PUBLIC_URL is not set");
        }
        Problem::new(Code::ReturnNotAllowed)
    })?;
    let to = here(&app, &head, sites, to)?;
    let https = to.origin().is_https();
    let state = Cookie::State.find(&head.headers, https).and_then(|text| text.parse().ok());
    if let Some((cookie, lasts)) = app.service.receive(&code, to.origin(), state.as_ref()) {
        let cookie = Cookie::Session.set(https, &cookie.to_text(), lasts)?;
        return Ok(Redirect { to: Location::back(&to), cookie: Some(cookie) });
    }
    // Somebody who went back in the browser's history has a session here already.
    let signed_in = matches!(holder(&app, &head, to.origin()).await, Ok(Some(_)));
    let to = if signed_in { Location::back(&to) } else { Location::failed(sites.own, &to) };
    Ok(Redirect { to, cookie: None })
}

/// The path `to` at the host that the request is for.
fn here(app: &App, head: &Head, sites: Sites<'_>, to: Path) -> Result<ReturnTo, Problem> {
    let authority = head.authority().map_err(Problem::new)?.unwrap_or_default();
    let named = Origin::from_authority(head.client.https, authority);
    let named = named.map_err(|_| Problem::new(Code::ReturnNotAllowed))?;
    sites.hosted(&named, to).map_err(|origin| refused(app, origin))
}

fn refused(app: &App, NotAllowed(origin): NotAllowed) -> Problem {
    if app.quotas.may_warn() {
        tracing::warn!(%origin, "a browser asks to be sent back to an origin that is not among ALLOWED_REDIRECT_ORIGINS");
    }
    Problem::new(Code::ReturnNotAllowed).detail("origin", origin.to_string())
}
