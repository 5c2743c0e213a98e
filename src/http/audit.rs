//! `/audit`: what happened.

use std::{fmt, net::IpAddr, str::FromStr, sync::Arc};

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{app::App, problem::Problem, query, request::Request};
use crate::{
    domain::{
        audit::{Action, Actor, Entry, Filter, Order, Outcome, Query},
        id::{SessionId, UserId},
        timestamp::Timestamp,
        wallet::Address,
    },
    service::Principal,
};

/// An entry of the audit log, here and in what `lucid-auth audit export` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place, from 1.
    pub number: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What was done, or tried.
    pub action: Action,
    /// How it ended.
    pub outcome: Outcome,
    /// Who did it: `anonymous`, `operator` (on the machine), `service` (by itself), or a user's identifier.
    pub actor: Actor,
    /// To whom.
    pub user_id: Option<UserId>,
    /// That user's address.
    pub tron_address: Option<Address>,
    /// In which session, or to which.
    pub session_id: Option<SessionId>,
    /// From where, if it came over the network.
    pub ip: Option<IpAddr>,
    /// The request that asked for it.
    pub request_id: Option<String>,
    /// What else there is to say.
    pub detail: Option<String>,
    /// What ties it to the entry before: SHA-256 in hex. With the number it makes a mark to check the log against.
    pub hash: String,
}

impl From<Entry> for AuditEntry {
    fn from(Entry { mark, event }: Entry) -> Self {
        Self {
            number: mark.number,
            at: event.at,
            action: event.action,
            outcome: event.outcome,
            actor: event.actor,
            user_id: event.subject,
            tron_address: event.address,
            session_id: event.session,
            ip: event.ip,
            request_id: event.request_id,
            detail: event.detail,
            hash: HEXLOWER.encode(&mark.link),
        }
    }
}

/// Which entries are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    user_id: Option<UserId>,
    action: Option<Action>,
    outcome: Option<Outcome>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    #[serde(default)]
    limit: Limit,
    cursor: Option<Cursor>,
}

impl From<AuditQuery> for Query {
    fn from(asked: AuditQuery) -> Self {
        let AuditQuery { user_id: user, action, outcome, from, to, limit, cursor } = asked;
        Self {
            filter: Filter { user, action, outcome, from, to },
            order: Order::NewestFirst,
            beyond: cursor.map(|cursor| cursor.0),
            limit: limit.0.into(),
        }
    }
}

/// How many entries are asked for: 1 to 200.
struct Limit(u8);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let limit =
            text.parse().ok().filter(|limit: &u8| (1..=200).contains(limit) && limit.to_string() == text);
        limit.map(Self).ok_or_else(|| D::Error::custom("expected a number from 1 to 200"))
    }
}

/// Where to go on: what a page's `next_cursor` said. Outside it is an opaque text.
///
/// It holds the number of the last entry that was looked at, so that entries that come meanwhile move nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor(u64);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0.to_be_bytes()))
    }
}

/// The text is no [`Cursor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a next_cursor that this service gave")]
struct CursorError;

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| CursorError)?;
        bytes.try_into().map(|bytes| Self(u64::from_be_bytes(bytes))).map_err(|_| CursorError)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A page of the log, newest entry first. There may be no entries although `next_cursor` says that there is more: a
/// request looks at so many entries and no more.
#[derive(Serialize)]
pub(super) struct AuditPage {
    entries: Vec<AuditEntry>,
    next_cursor: Option<Cursor>,
}

/// Read the log.
pub(super) async fn list(app: Arc<App>, request: Request<Principal, ()>) -> Result<AuditPage, Problem> {
    let asked: AuditQuery = query::parse(request.head.uri.query().unwrap_or_default())?;
    let page = app.service.audit_page(asked.into()).await?;
    Ok(AuditPage {
        entries: page.entries.into_iter().map(AuditEntry::from).collect(),
        next_cursor: page.next.map(Cursor),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_reads_back_and_nothing_else_reads(number: u64, other in "[A-Za-z0-9_=+/-]{0,12}|.{0,12}") {
            let text = Cursor(number).to_string();
            prop_assert_eq!(text.parse(), Ok(Cursor(number)));
            if let Ok(cursor) = other.parse::<Cursor>() {
                prop_assert_eq!(cursor.to_string(), other);
            }
        }
    }
}
