//! The table: everything that can be asked of this service.

use super::{
    audit, auth,
    code::Code::{
        AccountLocked, AddressTaken, ChallengeExpired, ChallengeUnknown, ChallengeUsed, HostUnknown,
        PathUnknown, RefreshTokenReused, RefreshTokenUnknown, RegistrationClosed, SessionEnded,
        SignatureInvalid, TokenExpired, TokenInvalid, TokenMissing, UserUnknown,
    },
    info, keys, problems, profile,
    route::{
        Holds, Public,
        Quota::{Read, SignIn, Unlimited, Write},
        Route, SignedIn, get, post, put,
    },
    web,
};
use crate::domain::permission::Permission;

/// Every row.
#[must_use]
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    vec![
        //   operation          path                      who may call  quota      handler              summary
        post("issueChallenge",  "/auth/challenge",        Public,       SignIn,    auth::challenge,     "Ask for a text to sign")
            .fails(&[HostUnknown]),
        post("register",        "/auth/register",         Public,       SignIn,    auth::register,      "Make an account with a signed challenge")
            .fails(&[HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, RegistrationClosed, AddressTaken]),
        post("signIn",          "/auth/login",            Public,       SignIn,    auth::login,         "Exchange a signed challenge for tokens")
            .fails(&[HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, RegistrationClosed, AccountLocked]),
        post("refresh",         "/auth/refresh",          Public,       SignIn,    auth::refresh,       "Exchange a refresh token for the next pair")
            .fails(&[HostUnknown, RefreshTokenUnknown, RefreshTokenReused, SessionEnded, AccountLocked]),
        post("signOut",         "/auth/logout",           SignedIn,     Write,     auth::logout,        "End the caller's session, or all of theirs"),
        post("verifyToken",     "/auth/verify",           Public,       Read,      auth::verify,        "Tell whom a token speaks for, now")
            .fails(&[TokenMissing, TokenInvalid, TokenExpired, SessionEnded, AccountLocked]),
        get ("verifyBearer",    "/auth/verify",           Public,       Read,      auth::verify_bearer, "Tell whom the bearer token speaks for, now")
            .fails(&[TokenMissing, TokenInvalid, TokenExpired, SessionEnded, AccountLocked]),
        get ("getStatus",       "/auth/status",           SignedIn,     Read,      auth::status,        "Tell the caller who they are and until when"),
        get ("getProfile",      "/auth/profile",          SignedIn,     Read,      profile::get,        "Read the caller's own profile"),
        put ("changeProfile",   "/auth/profile",          SignedIn,     Write,     profile::put,        "Change the caller's own profile")
            .fails(&[UserUnknown]),
        get ("getMe",           "/users/me",              SignedIn,     Read,      profile::get,        "Read the caller's own profile"),
        put ("changeMe",        "/users/me",              SignedIn,     Write,     profile::put,        "Change the caller's own profile")
            .fails(&[UserUnknown]),
        get ("listAuditEntries", "/audit", Holds(Permission::ViewAuditLogs), Read, audit::list,      "Read what happened, newest first"),
        get ("getKeys",         "/.well-known/jwks.json", Public,       Unlimited, keys::jwks,          "Read the public keys that verify tokens"),
        get ("getHealth",       "/health",                Public,       Unlimited, info::health,        "Tell how the service stands"),
        get ("getLiveness",     "/health/live",           Public,       Unlimited, info::live,          "Tell that the process answers"),
        get ("getReadiness",    "/health/ready",          Public,       Unlimited, info::ready,         "Tell that people can sign in"),
        get ("getInfo",         "/meta/info",             Public,       Unlimited, info::meta,          "Tell what the service is"),
        get ("explainProblem",  "/problems/{code}",       Public,       Unlimited, problems::get,       "Explain a refusal")
            .fails(&[PathUnknown]),
        get ("getFile",         "/web/{*path}",           Public,       Unlimited, web::get,            "Read a file of the pages")
            .fails(&[PathUnknown]),
        get ("getRoot",         "/",                      Public,       Unlimited, info::root,          "The login page for a browser, the service's card for a program"),
    ]
}
