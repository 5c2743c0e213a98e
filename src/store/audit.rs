//! The table of what happened. Each entry carries a link to the one before.

use std::net::IpAddr;

use redb::{ReadableTable, ReadableTableMetadata, TableDefinition};
use serde::{Deserialize, Serialize};

use super::{
    Reads, StoreError, Tx,
    row::{decode, encode},
};
use crate::domain::{
    audit::{Action, Actor, Event, Outcome, link},
    id::{SessionId, UserId},
    timestamp::Timestamp,
    wallet::Address,
};

const NAME: &str = "audit";
/// By number, from 1. The value is the entry's link, 32 bytes, then its row.
pub(super) const AUDIT: TableDefinition<&[u8; 8], &[u8]> = TableDefinition::new(NAME);

#[derive(Serialize, Deserialize)]
struct Row {
    at: Timestamp,
    action: String,
    refused: bool,
    actor: String,
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

fn to_bytes(event: &Event) -> Result<Vec<u8>, StoreError> {
    let actor = match event.actor {
        Actor::Anonymous => "anonymous".to_owned(),
        Actor::Operator => "operator".to_owned(),
        Actor::Service => "service".to_owned(),
        Actor::User(id) => id.to_string(),
    };
    let row = Row {
        at: event.at,
        action: event.action.name().to_owned(),
        refused: event.outcome == Outcome::Refused,
        actor,
        subject: event.subject,
        address: event.address,
        session: event.session,
        ip: event.ip,
        request_id: event.request_id.clone(),
        detail: event.detail.clone(),
    };
    encode(NAME, &row)
}

fn from_bytes(bytes: &[u8]) -> Result<Event, StoreError> {
    let row: Row = decode(NAME, bytes)?;
    let unknown = |what: &str| StoreError::Row { table: NAME, why: format!("its {what} is unknown") };
    let actor = match row.actor.as_str() {
        "anonymous" => Actor::Anonymous,
        "operator" => Actor::Operator,
        "service" => Actor::Service,
        id => Actor::User(id.parse().map_err(|_| unknown("actor"))?),
    };
    Ok(Event {
        at: row.at,
        action: Action::from_name(&row.action).ok_or_else(|| unknown("action"))?,
        outcome: if row.refused { Outcome::Refused } else { Outcome::Success },
        actor,
        subject: row.subject,
        address: row.address,
        session: row.session,
        ip: row.ip,
        request_id: row.request_id,
        detail: row.detail,
    })
}

fn split(value: &[u8]) -> Result<(&[u8; 32], &[u8]), StoreError> {
    value.split_first_chunk().ok_or_else(|| StoreError::Row { table: NAME, why: "it is too short".into() })
}

/// Add an entry after the last.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn append(tx: &Tx, event: &Event) -> Result<(), StoreError> {
    let mut table = tx.table_mut(AUDIT)?;
    let (number, before) = match table.last()? {
        None => (1, [0; 32]),
        Some((number, value)) => (u64::from_be_bytes(*number.value()) + 1, *split(value.value())?.0),
    };
    let row = to_bytes(event)?;
    let value = [link(&before, number, &row).as_slice(), &row].concat();
    table.insert(&number.to_be_bytes(), value.as_slice())?;
    Ok(())
}

/// The last `limit` entries, newest first, with their numbers.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn newest(tx: &impl Reads, limit: usize) -> Result<Vec<(u64, Event)>, StoreError> {
    let table = tx.table(AUDIT)?;
    let rows = table.iter()?.rev().take(limit);
    rows.map(|row| {
        let (number, value) = row?;
        Ok((u64::from_be_bytes(*number.value()), from_bytes(split(value.value())?.1)?))
    })
    .collect()
}

/// Check that every entry reads, and follows the one before.
///
/// # Errors
///
/// [`StoreError`] at the first entry that does not hold.
pub(super) fn check(tx: &impl Reads) -> Result<u64, StoreError> {
    let table = tx.table(AUDIT)?;
    let (mut before, mut expected) = ([0; 32], 1);
    for row in table.iter()? {
        let (number, value) = row?;
        let (number, (stored, row)) = (u64::from_be_bytes(*number.value()), split(value.value())?);
        from_bytes(row)?;
        if number != expected || link(&before, number, row) != *stored {
            return Err(StoreError::Row {
                table: NAME,
                why: format!("entry {expected} was changed or removed"),
            });
        }
        (before, expected) = (*stored, expected + 1);
    }
    Ok(table.len()?)
}
