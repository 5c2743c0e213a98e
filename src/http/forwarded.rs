//! Reads the header `Forwarded` ([RFC 7239]).
//!
//! [RFC 7239]: https://www.rfc-editor.org/rfc/rfc7239#section-4

/// What one proxy said.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Whom it heard from: an address, with or without a port, or anything else.
    pub(super) client: Option<String>,
    /// Whether it heard over TLS.
    pub(super) https: Option<bool>,
}

/// The elements in a line of it. One that is malformed, or says something twice, names no client.
pub(super) fn elements(line: &str) -> impl Iterator<Item = Element> {
    split(line, ',').map(|entry| element(entry).unwrap_or_default())
}

fn element(entry: &str) -> Option<Element> {
    let mut element = Element::default();
    for pair in split(entry, ';') {
        let (name, value) = pair.split_once('=')?;
        if !is_token(name) {
            return None;
        }
        let value = unquote(value)?;
        if name.eq_ignore_ascii_case("for") {
            if element.client.replace(value).is_some() {
                return None;
            }
        } else if name.eq_ignore_ascii_case("proto")
            && element.https.replace(value.eq_ignore_ascii_case("https")).is_some()
        {
            return None;
        }
    }
    Some(element)
}

/// Whether this is a token (RFC 9110 §5.6.2). A name that is none may hold a quote that a client left open, and with it what
/// the proxy appended: all of it must then count for nothing, or what the client claimed before would count.
fn is_token(text: &str) -> bool {
    let is_in_tokens = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_in_tokens)
}

/// What stands between `separator`s outside of quotes, without the spaces around it.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return character == separator && !quoted,
        }
        false
    })
    .map(str::trim)
}

/// A token as it is, a quoted string without its quotes and backslashes (RFC 9110 §5.6.4).
fn unquote(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix('"') else {
        return (!text.is_empty() && !text.contains('"')).then(|| text.to_owned());
    };
    let mut value = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return characters.as_str().is_empty().then_some(value),
            '\\' => value.push(characters.next()?),
            _ => value.push(character),
        }
    }
    None
}
