//! Who is at the other end of a request.

use std::{fmt, net::IpAddr};

/// Who is at the other end of a request, as far as they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// Where the request came from.
    pub ip: IpAddr,
    /// What the client calls itself.
    pub user_agent: UserAgent,
    /// The name of the request, in the log and in the answer.
    pub request_id: String,
}

/// What a client calls itself: at most 256 characters, nothing invisible. It proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserAgent(String);

impl UserAgent {
    /// Keep what may be shown of `text`.
    #[must_use]
    pub fn from_header(text: &str) -> Self {
        Self(text.chars().filter(|c| !c.is_control()).take(256).collect())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
