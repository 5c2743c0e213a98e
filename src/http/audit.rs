//! `/audit`: what happened.

use std::{net::IpAddr, sync::Arc};

use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    app::App,
    page::{Cursor, Limit},
    problem::Problem,
    request::Request,
    target,
};
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    /// Only those by or about this user.
    user_id: Option<UserId>,
    /// Only those of this action.
    action: Option<Action>,
    /// Only those that ended so.
    outcome: Option<Outcome>,
    /// Only those at or after this time.
    from: Option<Timestamp>,
    /// Only those before this time.
    to: Option<Timestamp>,
    /// At most so many.
    #[serde(default)]
    limit: Limit,
    /// Only those after the page before.
    cursor: Option<Cursor<u64>>,
}

impl From<AuditQuery> for Query {
    fn from(asked: AuditQuery) -> Self {
        let AuditQuery { user_id: user, action, outcome, from, to, limit, cursor } = asked;
        Self {
            filter: Filter { user, action, outcome, from, to },
            order: Order::NewestFirst,
            beyond: cursor.map(|cursor| cursor.0),
            limit: limit.get(),
        }
    }
}

/// A page of the log, newest entry first. There may be no entries although `next_cursor` says that there is more: a
/// request looks at so many entries and no more.
#[derive(Serialize, JsonSchema)]
pub(super) struct AuditPage {
    entries: Vec<AuditEntry>,
    next_cursor: Option<Cursor<u64>>,
}

/// Read the log.
pub(super) async fn list(
    app: Arc<App>,
    request: Request<Principal, (), target::Query<AuditQuery>>,
) -> Result<AuditPage, Problem> {
    let page = app.service.audit_page(request.target.0.into()).await?;
    Ok(AuditPage {
        entries: page.entries.into_iter().map(AuditEntry::from).collect(),
        next_cursor: page.next.map(Cursor),
    })
}
