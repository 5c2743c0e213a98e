//! Whether a request says in one way alone where its body ends.
//!
//! Where a proxy reads the end of a body at another place than we do, what is left passes for the next request, which
//! may be somebody else's ([RFC 9112 §11.2]). hyper refuses most of what can be read in two ways; this is the rest.
//!
//! [RFC 9112 §11.2]: https://www.rfc-editor.org/rfc/rfc9112#section-11.2

use hyper::{
    HeaderMap, Uri,
    header::{HeaderValue, TRANSFER_ENCODING},
};

/// Whether the body is sent in chunks. Then no further request is read from the connection: hyper passes over a
/// `Content-Length` beside the coding without a word, by which a proxy may have found another end.
pub(super) fn is_coded(headers: &HeaderMap) -> bool {
    headers.contains_key(TRANSFER_ENCODING)
}

/// Whether `chunked` is the only coding, named once; and whether the target is one of HTTP.
pub(super) fn is_plain(headers: &HeaderMap, uri: &Uri) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter().map(HeaderValue::as_bytes);
    let coding = match (codings.next(), codings.next()) {
        (None, _) => true,
        (Some(one), None) => one.eq_ignore_ascii_case(b"chunked"),
        (Some(_), Some(_)) => false,
    };
    coding && uri.scheme_str().is_none_or(|scheme| ["http", "https"].contains(&scheme))
}
