//! The table: everything that can be asked of this service.

use super::{
    audit, auth, branding, ca, challenge,
    code::Code::{
        AccountLocked, AddressBound, AddressTaken, ChallengeExpired, ChallengeUnknown, ChallengeUsed,
        FreshSignatureRequired, HardwareWalletUnavailable, HostUnknown, LastSuperAdmin, NotSameOrigin,
        OwnAccount, PathUnknown, PermissionMissing, RefreshTokenReused, RefreshTokenUnknown,
        RegistrationClosed, ReturnNotAllowed, RoleTooLow, SessionEnded, SessionUnknown, SignatureInvalid,
        TokenExpired, TokenInvalid, TokenMissing, TooManyWallets, UserUnknown, WalletUnknown,
    },
    export, forward, handover, hw, info, keys, openapi, permissions, problems, profile,
    route::{
        Description, Detail, Holds, Public,
        Quota::{Proxy, Read, SignIn, Token, Unlimited, Write},
        Route, SignedIn, WithCookie, WithRefreshCookie, WithToken, delete, get, post, put,
    },
    sessions, system, users, web,
};
use crate::domain::{permission::Permission, redirect::CALLBACK};

/// Every row, to be served.
#[must_use]
pub fn routes() -> Vec<Route> {
    table()
}

/// Every row, to be described.
#[must_use]
pub fn described() -> Vec<Route<Description>> {
    table()
}

#[rustfmt::skip]
fn table<D: Detail>() -> Vec<Route<D>> {
    vec![
        //   operation          path                      who may call  quota      handler              summary
        post("issueChallenge",  "/auth/challenge",        Public,       SignIn,    challenge::post,     "Ask for a text to sign")
            .fails(&[HostUnknown]),
        post("register",        "/auth/register",         Public,       SignIn,    auth::register,      "Make an account with a signed challenge")
            .fails(&[HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, AccountLocked, RegistrationClosed, AddressTaken]),
        post("signIn",          "/auth/login",            Public,       SignIn,    auth::login,         "Exchange a signed challenge for tokens")
            .fails(&[HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, RegistrationClosed, AccountLocked, NotSameOrigin]),
        post("refresh",         "/auth/refresh",          WithRefreshCookie,      Token,     auth::refresh,       "Exchange a refresh token for the next pair")
            .fails(&[HostUnknown, RefreshTokenUnknown, RefreshTokenReused, SessionEnded, AccountLocked, NotSameOrigin]),
        post("signOut",         "/auth/logout",           SignedIn,     Write,     auth::logout,        "End the caller's session, or all of theirs"),
        post("verifyToken",     "/auth/verify",           WithToken,    Token,     auth::verify,        "Tell whom a token speaks for, now")
            .often().fails(&[TokenMissing, TokenInvalid, TokenExpired, SessionEnded, AccountLocked]),
        get ("verifyBearer",    "/auth/verify",           WithToken,    Read,      auth::verify_bearer, "Tell whom the bearer token speaks for, now")
            .often().fails(&[TokenMissing, TokenInvalid, TokenExpired, SessionEnded, AccountLocked]),
        get ("forward",         "/auth/forward",          WithCookie,   Proxy,     forward::get,        "Tell a reverse proxy whether to let a request through, and for whom")
            .often().fails(&[TokenMissing, TokenInvalid, TokenExpired, SessionEnded, AccountLocked, PermissionMissing]),
        post("handOver",        "/auth/handover",         SignedIn,     Write,     handover::post,      "Tell where the login page sends the browser back to")
            .fails(&[HostUnknown, NotSameOrigin, ReturnNotAllowed]),
        get ("receiveHandover", CALLBACK,                 Public,       Read,      handover::get,       "Receive a session on an app's host, and go back")
            .fails(&[ReturnNotAllowed]),
        get ("getStatus",       "/auth/status",           SignedIn,     Read,      auth::status,        "Tell the caller who they are and until when"),
        get ("getProfile",      "/auth/profile",          SignedIn,     Read,      profile::get,        "Read the caller's own profile"),
        put ("changeProfile",   "/auth/profile",          SignedIn,     Write,     profile::put,        "Change the caller's own profile")
            .fails(&[UserUnknown]),
        get ("getMe",           "/users/me",              SignedIn,     Read,      profile::get,        "Read the caller's own profile"),
        put ("changeMe",        "/users/me",              SignedIn,     Write,     profile::put,        "Change the caller's own profile")
            .fails(&[UserUnknown]),
        get ("exportMe",        "/users/me/export",       SignedIn,     Read,      export::get,         "Read everything that is stored about the caller")
            .fails(&[UserUnknown]),
        get ("listAuditEntries", "/audit", Holds(Permission::ViewAuditLogs), Read, audit::list,      "Read what happened, newest first"),
        get ("getOwnPermissions", "/auth/permissions",    SignedIn,     Read,      permissions::own,    "Read what the caller may do"),
        get ("getPolicy",       "/permissions",           SignedIn,     Read,      permissions::policy, "Read every role and every permission"),
        post("checkPermission", "/auth/permissions/check", SignedIn,    Read,      permissions::check,  "Tell whether somebody may do something")
            .fails(&[PermissionMissing, UserUnknown]),
        get ("listUsers",       "/users",                 Holds(Permission::ViewAllUsers), Read,  users::list,        "List users, oldest account first"),
        get ("getUser",         "/users/{id}",            Holds(Permission::ViewAllUsers), Read,  users::get,         "Read one user")
            .fails(&[UserUnknown]),
        get ("getUserPermissions", "/users/{id}/permissions", Holds(Permission::ViewAllUsers), Read, users::permissions, "Read what one user may do")
            .fails(&[UserUnknown]),
        put ("changeUser",      "/users/{id}",            Holds(Permission::ManageUsers),  Write, users::put,         "Change one user's profile, or lock or unlock them")
            .fails(&[UserUnknown, OwnAccount, RoleTooLow, LastSuperAdmin, HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, FreshSignatureRequired]),
        put ("assignRole",      "/users/{id}/role",       Holds(Permission::AssignRoles),  Write, users::put_role,    "Give one user another role")
            .fails(&[UserUnknown, OwnAccount, RoleTooLow, LastSuperAdmin, HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, FreshSignatureRequired]),
        post("lockUser",        "/users/{id}/lock",       Holds(Permission::ManageUsers),  Write, users::lock,        "Keep one user out, and end all their sessions")
            .fails(&[UserUnknown, OwnAccount, RoleTooLow, LastSuperAdmin, HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, FreshSignatureRequired]),
        post("unlockUser",      "/users/{id}/unlock",     Holds(Permission::ManageUsers),  Write, users::unlock,      "Let one user in again")
            .fails(&[UserUnknown, OwnAccount, RoleTooLow, HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, FreshSignatureRequired]),
        delete("eraseUser",     "/users/{id}",            Holds(Permission::AssignRoles),  Write, users::delete,      "Erase one user; the audit log stays, under their identifier")
            .fails(&[UserUnknown, OwnAccount, RoleTooLow, LastSuperAdmin, HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, FreshSignatureRequired]),
        post("forceLogout",     "/users/{id}/logout",     Holds(Permission::ForceUserLogout), Write, sessions::force_logout, "End all sessions of one user")
            .fails(&[UserUnknown, RoleTooLow]),
        get ("listSessions",    "/sessions",              SignedIn,     Read,      sessions::list,      "List the caller's sessions, or another user's")
            .fails(&[PermissionMissing]),
        get ("listActiveSessions", "/auth/active-sessions", SignedIn,   Read,      sessions::list,      "List the caller's sessions, or another user's")
            .fails(&[PermissionMissing]),
        get ("getSession",      "/sessions/{id}",         SignedIn,     Read,      sessions::get,       "Read one session")
            .fails(&[SessionUnknown]),
        delete("endSession",    "/sessions/{id}",         SignedIn,     Write,     sessions::delete,    "End one session")
            .fails(&[SessionUnknown, RoleTooLow]),
        delete("endAllSessions", "/sessions",             SignedIn,     Write,     sessions::delete_all, "End all of the caller's sessions, this one too"),
        delete("eraseMe",       "/users/me",              SignedIn,     SignIn,    auth::erase_own,     "Erase the caller's own account, with a freshly signed challenge")
            .fails(&[HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, LastSuperAdmin]),
        get ("listWallets",     "/hw",                    SignedIn,     Read,      hw::list,            "List the caller's hardware wallets"),
        post("connectWallet",   "/hw/connect",            SignedIn,     SignIn,    hw::connect,         "Bind a hardware wallet to the caller's account, with a signed challenge")
            .fails(&[HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, FreshSignatureRequired, HardwareWalletUnavailable, AddressBound, TooManyWallets]),
        post("challengeWallet", "/hw/sign",               SignedIn,     SignIn,    hw::sign,            "Ask for a text for one of the caller's hardware wallets to sign")
            .fails(&[HostUnknown, HardwareWalletUnavailable, WalletUnknown]),
        post("verifyWallet",    "/hw/verify",             SignedIn,     SignIn,    hw::verify,          "Check that one of the caller's hardware wallets signed just now")
            .fails(&[HostUnknown, ChallengeUnknown, ChallengeExpired, ChallengeUsed, SignatureInvalid, WalletUnknown]),
        get ("getWallet",       "/hw/status/{id}",        SignedIn,     Read,      hw::status,          "Read one of the caller's hardware wallets")
            .fails(&[WalletUnknown]),
        post("disconnectWallet", "/hw/disconnect/{id}",   SignedIn,     Write,     hw::disconnect,      "Take a hardware wallet off the caller's account, and end its sessions")
            .fails(&[WalletUnknown]),
        get ("getSystem",       "/system",                Holds(Permission::ViewSystemMetrics), Read, system::get,    "Read what the service holds and does, in numbers"),
        get ("listSigningKeys", "/keys",                  Holds(Permission::ViewSystemMetrics), Read, keys::list,     "List the signing keys, and what each is doing"),
        post("rotateSigningKey", "/keys/rotate",          Holds(Permission::ManageSystemConfig), Write, keys::rotate, "Make the next signing key, unless one waits for its turn already"),
        get ("getKeys",         "/.well-known/jwks.json", Public,       Unlimited, keys::jwks,          "Read the public keys that verify tokens").often(),
        get ("getHealth",       "/health",                Public,       Unlimited, info::health,        "Tell how the service stands").often(),
        get ("getLiveness",     "/health/live",           Public,       Unlimited, info::live,          "Tell that the process answers").often(),
        get ("getReadiness",    "/health/ready",          Public,       Unlimited, info::ready,         "Tell that people can sign in").often(),
        get ("getInfo",         "/meta/info",             Public,       Unlimited, info::meta,          "Tell what the service is"),
        get ("getBrand",        "/branding.json",         Public,       Unlimited, branding::get,       "Read the name and colour of whoever runs the service"),
        get ("getBrandStyle",   "/branding.css",          Public,       Unlimited, branding::style,     "Read their colours as a style sheet"),
        get ("getBrandLogo",    "/branding/logo",         Public,       Unlimited, branding::logo,      "Read their logo")
            .fails(&[PathUnknown]),
        get ("getAuthority",    "/tls/ca",                Public,       Unlimited, ca::get,             "Read the name and fingerprint of this machine's own certificate authority")
            .fails(&[PathUnknown]),
        get ("getAuthorityFile", "/tls/ca.crt",           Public,       Unlimited, ca::file,            "Read its certificate, to be trusted")
            .fails(&[PathUnknown]),
        get ("getTrustPage",    "/tls",                   Public,       Unlimited, ca::page,            "The page that says how to trust it")
            .fails(&[PathUnknown]),
        get ("explainProblem",  "/problems/{code}",       Public,       Unlimited, problems::get,       "Explain a refusal"),
        get ("getFile",         "/web/{*path}",           Public,       Unlimited, web::get,            "Read a file of the pages"),
        get ("getDocument",     "/openapi.json",          Public,       Unlimited, openapi::get,        "Read this document"),
        get ("getDocs",         "/docs",                  Public,       Unlimited, openapi::page,       "This document for people"),
        get ("getAccountPage",  "/account",               Public,       Unlimited, web::account,        "The page on which people look after their own account"),
        get ("getAdminPage",    "/admin",                 Public,       Unlimited, web::admin,          "The page on which admins look after the service"),
        get ("getRoot",         "/",                      Public,       Unlimited, info::root,          "The login page for a browser, the service's card for a program"),
    ]
}
