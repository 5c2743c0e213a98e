//! The headers that tell browsers what a response must not be used for.

use std::sync::LazyLock;

use hyper::{
    HeaderMap, StatusCode,
    body::Bytes,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

use super::{reply::Response, request_id::X_REQUEST_ID};

/// For a page: its own scripts, styles and calls, and icons that wallets give as data.
pub(super) const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'",
);

/// For all else: nothing.
const API_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// USB wallets are reached by `WebHID` and `WebUSB`, and only from our own pages.
const PERMISSIONS: HeaderValue = HeaderValue::from_static(
    "hid=(self), usb=(self), accelerometer=(), camera=(), display-capture=(), geolocation=(), \
     gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=()",
);

/// Some wallets answer through a window that they open, which must still find its opener.
const OPENER: HeaderValue = HeaderValue::from_static("same-origin-allow-popups");

const COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

/// What every response carries. Its index has room for what a response says itself. The request's name takes the place that
/// is kept for it, as a place that must be made costs as much as all of this.
static PROTECTION: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = HeaderMap::with_capacity(24);
    headers.insert(CONTENT_SECURITY_POLICY, API_POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    headers.insert(REFERRER_POLICY, NO_REFERRER);
    headers.insert(X_FRAME_OPTIONS, DENY);
    headers.insert(COOP, OPENER);
    headers.insert(CORP, SAME_ORIGIN);
    headers.insert(PERMISSIONS_POLICY, PERMISSIONS);
    headers.insert(X_REQUEST_ID, HeaderValue::from_static(""));
    headers
});

/// The same for what is JSON and never stored by anyone, as most replies are.
static JSON: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = PROTECTION.clone();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
});

/// 200 with this JSON, never stored by anyone.
pub(super) fn json(bytes: Bytes) -> Response {
    let mut response = Response::new(bytes);
    response.headers_mut().clone_from(&JSON);
    response
}

/// A response of `status` without a body. Every response begins as this one or as one of [`json`]: there is no other place
/// that makes any. A copy of the headers costs less than to add them one by one. A page puts its own policy in the place of
/// the one for all else.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response.headers_mut().clone_from(&PROTECTION);
    response
}
