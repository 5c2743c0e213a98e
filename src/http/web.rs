//! The pages: the files of `web/`, inside the binary, in the encodings that `build.rs` made of them.

use std::{
    borrow::Cow,
    collections::HashMap,
    io::Read,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use data_encoding::HEXLOWER;
use flate2::read::GzDecoder;
use hyper::{
    HeaderMap, StatusCode,
    body::Bytes,
    header::{
        ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, ETAG, HeaderValue,
        IF_NONE_MATCH, LINK, VARY,
    },
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    app::App,
    code::Code,
    encoding::Encoding,
    problem::Problem,
    reply::{self, Outcome, Reply, Response, respond},
    request::{Head, Request},
    schemas::Schemas,
    security,
    target::Path,
};

#[derive(rust_embed::RustEmbed)]
#[folder = "$OUT_DIR/web"]
struct Files;

/// A file of `web/`, as one client takes it.
#[derive(Debug)]
pub struct File {
    media_type: &'static str,
    encoding: Encoding,
    etag: HeaderValue,
    /// Nothing if the client has it already.
    data: Option<Bytes>,
}

/// The texts that were asked for in no compressed form, as they are, with their hashes. One copy serves all who ask: the
/// binary holds texts compressed alone, to be small, and a copy for each client that does not read it would fill the memory.
static TEXTS: LazyLock<Mutex<HashMap<String, Text>>> = LazyLock::new(Mutex::default);

/// A text and its hash.
type Text = (Bytes, [u8; 32]);

impl File {
    /// These bytes, as they are, for the client that sent `head`.
    pub(super) fn new(
        media_type: &'static str,
        data: impl Into<Bytes>,
        head: &Head,
    ) -> Result<Self, Problem> {
        let data = data.into();
        let hash = Sha256::digest(&data);
        Self::encoded(media_type, (Encoding::Identity, data), &hash, head)
    }

    fn encoded(
        media_type: &'static str,
        (encoding, data): (Encoding, Bytes),
        hash: &[u8],
        head: &Head,
    ) -> Result<Self, Problem> {
        // The hash is of the encoded bytes, so each encoding has its own tag, as a strong one must (RFC 9110 §8.8.3).
        let etag = format!("\"{}\"", HEXLOWER.encode(&hash[..16]));
        let data = (!is_known(&head.headers, &etag)).then_some(data);
        Ok(Self { media_type, encoding, etag: HeaderValue::try_from(etag).map_err(Problem::internal)?, data })
    }
}

/// A file that is a page.
#[derive(Debug)]
pub struct Page {
    file: File,
    /// Names the table of words that the page will ask for once its scripts run, if it speaks several languages.
    words: Option<HeaderValue>,
}

/// The page at `path` under `web/`.
///
/// # Errors
///
/// As of [`file()`].
pub fn page(path: &str, head: &Head) -> Result<Page, Problem> {
    let words = format!("</web/lib/i18n/{}.js>; rel=modulepreload", language(&head.headers));
    let words = HeaderValue::try_from(words).map_err(Problem::internal)?;
    Ok(Page { file: file(path, head)?, words: Some(words) })
}

/// The page at `path` under `web/`, which speaks English alone.
///
/// # Errors
///
/// As of [`file()`].
pub fn english_page(path: &str, head: &Head) -> Result<Page, Problem> {
    Ok(Page { file: file(path, head)?, words: None })
}

/// The language in which a page will speak to this client, unless its reader has chosen another there: the first that has
/// a table of words, as `web/lib/i18n/words.js` finds it. Browsers name the best first.
fn language(headers: &HeaderMap) -> &str {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let tags = accepted.split(',').take(16).filter_map(|tag| tag.trim().split(['-', ';']).next());
    let has_table = |tag: &&str| {
        let primary = matches!(tag.len(), 2 | 3) && tag.bytes().all(|byte| byte.is_ascii_lowercase());
        primary && Files::get(&format!("lib/i18n/{tag}.js{}", Encoding::Gzip.suffix())).is_some()
    };
    tags.into_iter().find(has_table).unwrap_or("en")
}

/// Read the file that the path names.
pub(super) async fn get(_: Arc<App>, request: Request<(), (), Path<String>>) -> Result<File, Problem> {
    file(&request.target.0, &request.head)
}

/// The page on which people look after their own account. It is public: what it shows, it asks for as whoever is signed in.
pub(super) async fn account(_: Arc<App>, request: Request<(), ()>) -> Result<Page, Problem> {
    page("account/index.html", &request.head)
}

/// The page on which admins look after the service. It is public, as [`account`] is.
pub(super) async fn admin(_: Arc<App>, request: Request<(), ()>) -> Result<Page, Problem> {
    page("admin/index.html", &request.head)
}

/// The file at `path` under `web/`, for the client that sent `head`.
///
/// # Errors
///
/// [`Code::PathUnknown`] if there is none.
pub fn file(path: &str, head: &Head) -> Result<File, Problem> {
    // rust-embed reads a backslash as a slash, and a file has one address.
    if path.contains('\\') {
        return Err(Problem::new(Code::PathUnknown));
    }
    // An encoded copy is no file of its own. Only files of a known type are served, and none has these endings.
    let media_type = media_type(path).ok_or_else(|| Problem::new(Code::PathUnknown))?;
    let found = Encoding::preferred(&head.headers).into_iter().find_map(|encoding| {
        let found = Files::get(&format!("{path}{}", encoding.suffix()))?;
        Some((encoding, found))
    });
    if let Some((encoding, found)) = found {
        let data = match found.data {
            Cow::Borrowed(data) => Bytes::from_static(data),
            Cow::Owned(data) => data.into(),
        };
        return File::encoded(media_type, (encoding, data), &found.metadata.sha256_hash(), head);
    }
    let (text, hash) = text(path)?;
    File::encoded(media_type, (Encoding::Identity, text), &hash, head)
}

/// The text at `path`, of which there are compressed forms alone, and its hash.
fn text(path: &str) -> Result<Text, Problem> {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = texts.get(path) {
        return Ok(text.clone());
    }
    let zipped = Files::get(&format!("{path}{}", Encoding::Gzip.suffix()));
    let zipped = zipped.ok_or_else(|| Problem::new(Code::PathUnknown))?;
    let mut bytes = Vec::new();
    GzDecoder::new(&*zipped.data).read_to_end(&mut bytes).map_err(Problem::internal)?;
    let hash = Sha256::digest(&bytes).into();
    let text = (Bytes::from(bytes), hash);
    texts.insert(path.to_owned(), text.clone());
    Ok(text)
}

impl Reply for File {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = match self.data {
            None => security::empty(StatusCode::NOT_MODIFIED),
            Some(data) => respond(StatusCode::OK, self.media_type, data),
        };
        let sent = !response.body().is_empty();
        let headers = response.headers_mut();
        if sent && self.encoding != Encoding::Identity {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(self.encoding.name()));
        }
        headers.insert(ETAG, self.etag);
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
        // Kept, but asked for each time: a new version of the service is a new page at once.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(CONTENT_SECURITY_POLICY, security::PAGE_POLICY);
        Ok(response)
    }

    fn outcomes(_: &mut Schemas) -> Vec<Outcome> {
        outcomes("*/*", json!({}))
    }
}

impl Reply for Page {
    fn into_response(self) -> Result<Response, Problem> {
        let mut response = self.file.into_response()?;
        if let Some(words) = self.words {
            response.headers_mut().insert(LINK, words);
            response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Language"));
        }
        Ok(response)
    }

    fn outcomes(_: &mut Schemas) -> Vec<Outcome> {
        let page = outcomes("text/html; charset=utf-8", reply::text());
        page.into_iter().map(|outcome| outcome.with(LINK, reply::text())).collect()
    }
}

/// What a [`File`] of this type can be.
pub(super) fn outcomes(media_type: &'static str, schema: Value) -> Vec<Outcome> {
    let tag = |outcome: Outcome| outcome.with(ETAG, reply::text()).cached("no-cache");
    vec![tag(Outcome::ok(media_type, schema)), tag(Outcome::empty(StatusCode::NOT_MODIFIED))]
}

/// Whether the client says that it has `etag` already (RFC 9110 §13.1.2).
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|text| text.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// The media type of a file, by its name.
fn media_type(path: &str) -> Option<&'static str> {
    let (_, extension) = path.rsplit_once('.')?;
    Some(match extension {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_media_type_and_a_name_that_needs_no_escapes() {
        for path in Files::iter() {
            let plain = path.strip_suffix(".br").or_else(|| path.strip_suffix(".gz")).unwrap_or(&path);
            assert!(media_type(plain).is_some(), "{path}");
            assert!(
                plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte)),
                "{path}"
            );
            let forms = ["", ".gz", ".br"].map(|suffix| Files::get(&format!("{plain}{suffix}")).is_some());
            assert!(matches!(forms, [true, false, false] | [false, true, true]), "{path}: {forms:?}");
        }
    }
}
