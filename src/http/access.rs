//! Who may call a row of the table.

use super::{app::App, bearer::Bearer, code::Code, problem::Problem, request::Head};
use crate::{domain::permission::Permission, service::Principal};

/// Who may call, as a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// Anyone.
    Public,
    /// Anyone, and a token that comes along is looked at.
    WithToken,
    /// Anyone, and a token or a session cookie that comes along is looked at.
    WithCookie,
    /// Anyone, and a refresh cookie may stand for the token that the body leaves out.
    WithRefreshCookie,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever holds this permission.
    Holds(Permission),
}

/// Who may call, as a type: it decides what a handler knows of its caller, so that one that wants to know cannot
/// stand in a public row.
///
/// ```
/// use std::sync::Arc;
/// use lucid_auth::{http::{App, Problem, Request, route::{Public, Quota, Route, SignedIn, get}}, service::Principal};
///
/// async fn whoami(_: Arc<App>, request: Request<Principal, ()>) -> Result<String, Problem> {
///     Ok(request.caller.user.address.to_string())
/// }
/// let row: Route = get("whoami", "/whoami", SignedIn, Quota::Read, whoami, "Tell who calls");
/// ```
///
/// ```compile_fail
/// use std::sync::Arc;
/// use lucid_auth::{http::{App, Problem, Request, route::{Public, Quota, Route, SignedIn, get}}, service::Principal};
///
/// async fn whoami(_: Arc<App>, request: Request<Principal, ()>) -> Result<String, Problem> {
///     Ok(request.caller.user.address.to_string())
/// }
/// let row: Route = get("whoami", "/whoami", Public, Quota::Read, whoami, "Tell who calls");
/// ```
pub trait Access: Copy + Send + Sync + 'static {
    /// What the handler is given.
    type Caller: Send;

    /// The same as a value.
    fn grant(self) -> Grant;

    /// What the handler is given of a caller whom [`Self::grant`] let in.
    ///
    /// # Errors
    ///
    /// A failure of ours if that was another one's.
    fn caller(admitted: Admitted) -> Result<Self::Caller, Problem>;
}

/// A caller who was let in, as the handlers of all rows know them.
pub enum Admitted {
    /// Nobody in particular.
    Anyone,
    /// Whoever has this token, if one came along.
    Token(Option<Bearer>),
    /// Whoever is signed in.
    Principal(Box<Principal>),
}

impl Grant {
    /// Let the caller of a request in, or not.
    pub(super) async fn admit(self, app: &App, head: &Head) -> Result<Admitted, Problem> {
        match self {
            Self::Public | Self::WithRefreshCookie => Ok(Admitted::Anyone),
            Self::WithToken | Self::WithCookie => Bearer::of(&head.headers).map(Admitted::Token),
            Self::SignedIn => signed_in(app, head).await.map(Box::new).map(Admitted::Principal),
            Self::Holds(permission) => {
                let caller = signed_in(app, head).await?;
                if caller.holds(permission) {
                    Ok(Admitted::Principal(Box::new(caller)))
                } else {
                    Err(Problem::new(Code::PermissionMissing).detail("permission", permission.name()))
                }
            }
        }
    }
}

async fn signed_in(app: &App, head: &Head) -> Result<Principal, Problem> {
    let bearer = Bearer::of(&head.headers)?.ok_or_else(|| Problem::new(Code::TokenMissing))?;
    app.authenticate(head, bearer.token()).await
}

fn token(admitted: Admitted) -> Result<Option<Bearer>, Problem> {
    match admitted {
        Admitted::Token(token) => Ok(token),
        _ => Err(Problem::internal("the row does not look at tokens")),
    }
}

fn principal(admitted: Admitted) -> Result<Principal, Problem> {
    match admitted {
        Admitted::Principal(principal) => Ok(*principal),
        _ => Err(Problem::internal("the row does not know who calls")),
    }
}

/// Anyone may call. A token that comes along is not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Public;

impl Access for Public {
    type Caller = ();

    fn grant(self) -> Grant {
        Grant::Public
    }

    fn caller(_: Admitted) -> Result<(), Problem> {
        Ok(())
    }
}

/// Anyone may call. The handler is given the token that comes along, and judges it itself.
#[derive(Debug, Clone, Copy)]
pub struct WithToken;

impl Access for WithToken {
    type Caller = Option<Bearer>;

    fn grant(self) -> Grant {
        Grant::WithToken
    }

    fn caller(admitted: Admitted) -> Result<Self::Caller, Problem> {
        token(admitted)
    }
}

/// Anyone may call. The handler is given the token that comes along, and judges it, or else the session cookie, itself:
/// it knows of which host that must be.
#[derive(Debug, Clone, Copy)]
pub struct WithCookie;

impl Access for WithCookie {
    type Caller = Option<Bearer>;

    fn grant(self) -> Grant {
        Grant::WithCookie
    }

    fn caller(admitted: Admitted) -> Result<Self::Caller, Problem> {
        token(admitted)
    }
}

/// Anyone may call, and a refresh cookie may stand for the token that the body leaves out. The handler judges both
/// itself: only a page of this service may use the cookie.
#[derive(Debug, Clone, Copy)]
pub struct WithRefreshCookie;

impl Access for WithRefreshCookie {
    type Caller = ();

    fn grant(self) -> Grant {
        Grant::WithRefreshCookie
    }

    fn caller(_: Admitted) -> Result<(), Problem> {
        Ok(())
    }
}

/// Whoever is signed in may call.
#[derive(Debug, Clone, Copy)]
pub struct SignedIn;

impl Access for SignedIn {
    type Caller = Principal;

    fn grant(self) -> Grant {
        Grant::SignedIn
    }

    fn caller(admitted: Admitted) -> Result<Principal, Problem> {
        principal(admitted)
    }
}

/// Whoever is signed in and holds this permission may call.
#[derive(Debug, Clone, Copy)]
pub struct Holds(pub Permission);

impl Access for Holds {
    type Caller = Principal;

    fn grant(self) -> Grant {
        Grant::Holds(self.0)
    }

    fn caller(admitted: Admitted) -> Result<Principal, Problem> {
        principal(admitted)
    }
}
