//! What stands in a row.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::NAME;
use crate::{
    domain::{
        audit::{Action, Actor, Entry, Event, Mark, Outcome},
        id::{SessionId, UserId},
        timestamp::Timestamp,
        wallet::Address,
    },
    store::{StoreError, row},
};

#[derive(Serialize, Deserialize)]
struct Row {
    at: Timestamp,
    /// The latest time of this entry and all before it, if that is not its own: then the clock was put back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latest: Option<Timestamp>,
    action: Action,
    outcome: Outcome,
    actor: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// An entry as it was read.
pub(super) struct Stored {
    pub(super) entry: Entry,
    /// The latest time of this entry and all before it.
    pub(super) latest: Timestamp,
}

/// The text of an entry, which its link covers.
pub(super) fn encode(event: &Event, latest: Timestamp) -> Result<Vec<u8>, StoreError> {
    let row = Row {
        at: event.at,
        latest: (latest != event.at).then_some(latest),
        action: event.action,
        outcome: event.outcome,
        actor: event.actor,
        subject: event.subject,
        address: event.address,
        session: event.session,
        ip: event.ip,
        request_id: event.request_id.clone(),
        detail: event.detail.clone(),
    };
    row::encode(NAME, &row)
}

/// The link and the text of a table's value.
pub(super) fn split(value: &[u8]) -> Option<(&[u8; 32], &[u8])> {
    value.split_first_chunk()
}

/// The entry `number`, of the table's value.
pub(super) fn decode(number: u64, value: &[u8]) -> Result<Stored, StoreError> {
    let unreadable = || StoreError::Row { table: NAME, why: format!("entry {number}") };
    let (link, text) = split(value).ok_or_else(unreadable)?;
    let row: Row = row::decode(NAME, text).map_err(|_| unreadable())?;
    let event = Event {
        at: row.at,
        action: row.action,
        outcome: row.outcome,
        actor: row.actor,
        subject: row.subject,
        address: row.address,
        session: row.session,
        ip: row.ip,
        request_id: row.request_id,
        detail: row.detail,
    };
    let entry = Entry { mark: Mark { number, link: *link }, event };
    Ok(Stored { entry, latest: row.latest.unwrap_or(row.at) })
}
