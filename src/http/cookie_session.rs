//! A session that a browser holds in cookies: tokens go out in them, and they are cleared when it ends.

use hyper::header::{HeaderValue, SET_COOKIE};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    app::App,
    bodies::TokensBody,
    cookies::Cookie,
    problem::Problem,
    reply::{Outcome, Reply, Response, text},
    request::Head,
    schemas::Schemas,
};
use crate::{domain::origin::Origin, service::TokenPair};

/// Where the refresh token is put: in the `body`, unless said otherwise; a `cookie` is for this service's own pages,
/// whose scripts then never see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum TokenDelivery {
    #[default]
    Body,
    Cookie,
}

/// Another reply, with the cookies that it sets or clears, if any.
#[derive(Debug)]
pub(super) struct WithCookies<R> {
    pub(super) reply: R,
    pub(super) cookies: Vec<HeaderValue>,
}

impl<R: Reply> Reply for WithCookies<R> {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = self.reply.into_response()?;
        for cookie in self.cookies {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        Ok(response)
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        R::outcomes(schemas).into_iter().map(|outcome| outcome.with(SET_COOKIE, text())).collect()
    }
}

/// Hand out `pair` to a browser or program at `origin`.
pub(super) fn deliver(
    app: &App,
    pair: TokenPair,
    delivery: TokenDelivery,
    origin: &Origin,
) -> Result<WithCookies<TokensBody>, Problem> {
    let (https, lasts) = (origin.is_https(), pair.refresh_lifetime);
    let cookies = match delivery {
        TokenDelivery::Body => return Ok(WithCookies { reply: pair.into(), cookies: Vec::new() }),
        TokenDelivery::Cookie => {
            let session = app.service.session_cookie(pair.session.id, origin);
            vec![
                Cookie::Session.set(https, &session.to_text(), lasts)?,
                Cookie::Refresh.set(https, &pair.refresh_token.to_text(), lasts)?,
            ]
        }
    };
    Ok(WithCookies { reply: TokensBody::without_refresh_token(pair), cookies })
}

/// What clears both cookies.
pub(super) fn clear(origin: &Origin) -> Result<Vec<HeaderValue>, Problem> {
    [Cookie::Session, Cookie::Refresh].into_iter().map(|cookie| cookie.clear(origin.is_https())).collect()
}

/// What clears both cookies, if the request brought one.
pub(super) fn clear_sent(app: &App, head: &Head) -> Result<Vec<HeaderValue>, Problem> {
    // At a host that is not ours, none was ever set.
    let Ok(origin) = head.origin(&app.settings) else { return Ok(Vec::new()) };
    let sent = |cookie: Cookie| cookie.is_sent(&head.headers, origin.is_https());
    if sent(Cookie::Session) || sent(Cookie::Refresh) { clear(&origin) } else { Ok(Vec::new()) }
}
