//! The way back: from the login page to the app's host, which receives the session there.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::App,
    code::Code,
    cookies::Cookie,
    forward::holder,
    problem::Problem,
    reply::Redirect,
    request::{Head, Request},
    target::Query,
};
use crate::{
    domain::{
        handover::{self, StateHash},
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
    let HandoverRequest { return_to, state } = request.body;
    let own = request.head.origin(&app.settings)?;
    let sites = Sites { own: &own, others: &app.settings.redirect_origins };
    let to = sites.admit(return_to).map_err(refused)?;
    let location = match state {
        Some(state) if *to.origin() != own => {
            Location::callback(&to, &app.service.hand_over(&request.caller, &to, state)?)
        }
        _ => Location::back(&to),
    };
    Ok(HandoverReply { location: location.as_str().to_owned() })
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
        tracing::warn!("a session is brought to an app's host, but PUBLIC_URL is not set");
        Problem::new(Code::ReturnNotAllowed)
    })?;
    let to = here(&head, sites, to)?;
    let https = to.origin().is_https();
    let state = Cookie::State.find(&head.headers, https).and_then(|text| text.parse().ok());
    if let Some((cookie, lasts)) = app.service.receive(&code, to.origin(), state.as_ref()) {
        let cookie = Cookie::Session.set(https, &cookie.to_text(), lasts)?;
        return Ok(Redirect { to: Location::back(&to), cookie: Some(cookie) });
    }
    // Somebody who went back in the browser's history has a session here already.
    let signed_in = matches!(holder(&app, &head, &to).await, Ok(Some(_)));
    let to = if signed_in { Location::back(&to) } else { Location::failed(sites.own, &to) };
    Ok(Redirect { to, cookie: None })
}

/// The path `to` at the host that the request is for.
fn here(head: &Head, sites: Sites<'_>, to: Path) -> Result<ReturnTo, Problem> {
    let authority = head.authority().map_err(Problem::new)?.unwrap_or_default();
    let named = Origin::from_authority(head.client.https, authority);
    let named = named.map_err(|_| Problem::new(Code::ReturnNotAllowed))?;
    sites.hosted(&named, to).map_err(refused)
}

fn refused(NotAllowed(origin): NotAllowed) -> Problem {
    tracing::warn!(%origin, "a browser asks to be sent back to an origin that is not among ALLOWED_REDIRECT_ORIGINS");
    Problem::new(Code::ReturnNotAllowed).detail("origin", origin.to_string())
}
