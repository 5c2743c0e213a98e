//! Reads a request's body: within its limits, as JSON, into a handler's type.

use http_body_util::BodyExt;
use hyper::{
    HeaderMap,
    body::{Body as _, Incoming},
    header::CONTENT_TYPE,
};
use schemars::JsonSchema;
use serde::de::{DeserializeOwned, IgnoredAny, value::UnitDeserializer};
use serde_json::error::Category;
use serde_path_to_error::Track;
use zeroize::Zeroizing;

use super::{code::Code, limits::Limits, problem::Problem, strict::Strict};

/// What can stand for a request's body: `()` for none, a type that is parsed and described, or an `Option` of one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a request's body",
    note = "derive `serde::Deserialize` and `schemars::JsonSchema` on it"
)]
pub trait Body: DeserializeOwned + JsonSchema + Send + 'static {}

impl<T: DeserializeOwned + JsonSchema + Send + 'static> Body for T {}

/// Whether a `T` may be left out.
pub(super) fn is_optional<T: Body>() -> bool {
    parse::<T>(NOTHING).is_ok()
}

/// What an empty body counts as, so that an `Option` may be left out.
const NOTHING: &[u8] = b"null";

/// Read what was received as a `T`.
pub(super) fn read<T: Body>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.is_empty() {
        // Most requests have none, and mostly that is what is wanted.
        let unit = UnitDeserializer::<serde::de::value::Error>::new();
        return T::deserialize(unit).or_else(|_| parse(NOTHING));
    }
    parse(bytes)
}

/// Receive `body`, which is JSON if it is anything. It is the same code for each row.
pub(super) async fn receive(
    headers: &HeaderMap,
    body: Incoming,
    limits: &Limits,
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let gathered = tokio::time::timeout(limits.body_time, gather(body, limits.body_bytes));
    let bytes = gathered.await.map_err(|_| Problem::new(Code::RequestTimeout).close())??;
    if bytes.is_empty() || is_json(headers) { Ok(bytes) } else { Err(Problem::new(Code::BodyNotJson)) }
}

/// The whole body, wiped when it was read: there may be tokens in it.
async fn gather(mut body: Incoming, limit: usize) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let too_large =
        || Problem::new(Code::BodyTooLarge).detail("limit_bytes", u64::try_from(limit).ok()).close();
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    // At its full length from the start, as growing would leave copies behind; and no longer than it says, as all of it is
    // wiped.
    let said = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let length = if body.is_end_stream() { 0 } else { said.unwrap_or(limit).min(limit) };
    let mut bytes = Zeroizing::new(Vec::with_capacity(length));
    while let Some(frame) = body.frame().await {
        // The chunks were malformed, or the client went away before the end.
        let frame = frame.map_err(|_| Problem::new(Code::RequestMalformed).close())?;
        if let Some(data) = frame.data_ref() {
            if bytes.len() + data.len() > limit {
                return Err(too_large());
            }
            bytes.extend_from_slice(data);
        }
    }
    Ok(bytes)
}

/// Whether the body is declared as JSON: `application/json` or a type built on it (RFC 6839 §3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json")
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let invalid = |error: &dyn std::fmt::Display| {
        Problem::new(Code::JsonInvalid).message(format!("The body is not JSON in UTF-8: {error}."))
    };
    let text = std::str::from_utf8(bytes).map_err(|error| invalid(&error))?;
    // Is it JSON to its end? The typed parser stops at the first field that it does not like. This one does not
    // recurse, however deep the body nests; the typed one stops at 128 levels.
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| invalid(&error))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    let read = T::deserialize(Strict(serde_path_to_error::Deserializer::new(&mut deserializer, &mut track)));
    read.map_err(|error| {
        let path = track.path().to_string();
        match error.classify() {
            Category::Data => {
                let position = format!(" at line {} column {}", error.line(), error.column());
                let text = error.to_string();
                refused(&path, text.strip_suffix(&position).unwrap_or(&text))
            }
            Category::Syntax | Category::Eof | Category::Io => invalid(&error),
        }
    })
}

/// Name the field that serde does not like, from its path and serde's message: the crate gives no other form.
pub(super) fn refused(path: &str, text: &str) -> Problem {
    let path = if path == "." { "" } else { path };

    let quoted =
        |kind: &str| text.strip_prefix(kind)?.strip_prefix(" `")?.split_once('`').map(|(name, _)| name);
    if let Some(name) = quoted("missing field") {
        return field(&join(path, name), "a value");
    }
    if let Some(name) = quoted("duplicate field") {
        return field(&join(path, name), "it only once");
    }
    // What comes before the last "expected" may quote the client.
    let listed = text.rsplit_once(", expected ").map(|(_, listed)| listed);
    if text.starts_with("unknown field") {
        return field(path, listed.unwrap_or("no fields here"));
    }
    let expected = listed.or_else(|| text.strip_prefix("expected ")).unwrap_or(text);
    let expected = match expected {
        "unit" => "nothing",
        record if record.starts_with("struct ") => "an object",
        other => other,
    };
    field(path, expected)
}

/// A field inside `path`, unless the path names it already.
fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else if path == name || path.ends_with(&format!(".{name}")) {
        path.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The field at `path` is not what was `expected`.
pub(super) fn field(path: &str, expected: &str) -> Problem {
    // The body itself has no name. An unknown field's name is the client's own, and may be as long as the body.
    let path: String = if path.is_empty() { "body".to_owned() } else { path.chars().take(100).collect() };
    Problem::field(&path, expected)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::domain::wallet::Address;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Outer {
        name: String,
        count: Option<u8>,
        address: Option<Address>,
        inner: Option<Inner>,
        list: Option<Vec<u8>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        name: String,
    }

    fn sent(problem: &Problem) -> String {
        format!("{problem:?}")
    }

    #[test]
    #[rustfmt::skip]
    fn a_refusal_names_the_field_and_what_was_expected() {
        let cases = [
            // body                                            names                  expected
            (r"{}",                                            "'name'",              "a value"),
            (r#"{"name":1}"#,                                  "'name'",              "a string"),
            (r#"{"name":null}"#,                               "'name'",              "a string"),
            (r#"{"name":"x","name":"y"}"#,                     "'name'",              "it only once"),
            (r#"{"name":"x","count":256}"#,                    "'count'",             "u8"),
            (r#"{"name":"x","count":-1}"#,                     "'count'",             "u8"),
            (r#"{"name":"x","other":1}"#,                      "'other'",             "one of `name`"),
            (r#"{"name":"x","a`, expected b":1}"#,             "'a`, expected b'",    "one of `name`"),
            (r#"{"name":"x","address":"T"}"#,                  "'address'",           "a TRON address"),
            (r#"{"name":"x","inner":{}}"#,                     "'inner.name'",        "a value"),
            (r#"{"name":"x","inner":{"name":"y","z":1}}"#,     "'inner.z'",           "`name`"),
            (r#"{"name":"x","inner":{"name":"y","name":""}}"#, "'inner.name'",        "it only once"),
            (r#"{"name":"x","inner":"y"}"#,                    "'inner'",             "an object"),
            (r#"{"name":"x","list":[1,"a"]}"#,                 "'list[1]'",           "u8"),
            (r#"["x"]"#,                                       "'body'",              "an object"),
            (r#"{"name":"x","inner":["y"]}"#,                  "'inner'",             "an object"),
            (r"null",                                          "'body'",              "an object"),
            (r#""x, expected y""#,                             "'body'",              "an object"),
        ];
        for (body, names, expected) in cases {
            let problem = parse::<Outer>(body.as_bytes()).unwrap_err();
            assert_eq!(problem.code(), Code::FieldInvalid, "{body}");
            let text = sent(&problem);
            assert!(text.contains(&format!("{names} is refused: expected {expected}")), "{body}: {text}");
        }
        assert!(sent(&parse::<()>(b"{}").unwrap_err()).contains("expected nothing"));
        let long = format!(r#"{{"name":"x","{}":1}}"#, "y".repeat(9_000));
        assert!(sent(&parse::<Outer>(long.as_bytes()).unwrap_err()).len() < 300);
    }

    #[test]
    fn what_is_not_json_is_told_from_what_is_not_expected() {
        let deep = "[".repeat(8_000) + &"]".repeat(8_000);
        let typed = format!(r#"{{"name":{deep}}}"#);
        for bad in ["", "{", "x", r#"{"name":1,}"#, r#"{"name":1} x"#, "[1e999]x", "\u{feff}{}", &deep[1..]] {
            assert_eq!(parse::<Outer>(bad.as_bytes()).unwrap_err().code(), Code::JsonInvalid, "{bad}");
        }
        assert_eq!(parse::<Outer>(b"{\"name\":\"\xff\"}").unwrap_err().code(), Code::JsonInvalid);
        assert_eq!(parse::<Outer>(br#"{"name":"\ud800"}"#).unwrap_err().code(), Code::JsonInvalid);
        assert_eq!(parse::<Outer>(typed.as_bytes()).unwrap_err().code(), Code::FieldInvalid);
        assert_eq!(parse::<serde_json::Value>(deep.as_bytes()).unwrap_err().code(), Code::JsonInvalid);
        assert!(parse::<Option<Outer>>(b"null").unwrap().is_none());
    }

    #[test]
    #[rustfmt::skip]
    fn only_json_is_taken_for_json() {
        let cases = [
            ("application/json", true), ("Application/JSON; charset=utf-8", true), ("application/merge-patch+json", true),
            ("text/json", false), ("text/plain", false), ("application/jsonp", false), ("application/x-www-form-urlencoded", false), ("", false),
        ];
        for (declared, expected) in cases {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(declared))]);
            assert_eq!(is_json(&headers), expected, "{declared}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in "[\\[\\]{}\",:0-9a-z\\\\ ]{0,80}") {
            let _ = parse::<Outer>(body.as_bytes());
        }
    }
}
