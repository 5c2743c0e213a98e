//! The table of sessions, and the index by user.

use std::net::IpAddr;

use redb::{ReadableTable, ReadableTableMetadata};
use serde::{Deserialize, Serialize};

use super::{
    Reads, StoreError, Tx,
    row::{base64url, decode, encode, fixed},
    transaction::{NOTHING, Table},
};
use crate::domain::{
    client::UserAgent,
    id::{SessionId, UserId},
    refresh_token::{Rotation, TokenHash, Used},
    session::Session,
    timestamp::Timestamp,
    wallet::{Address, WalletType},
};

const NAME: &str = "sessions";
pub(super) const SESSIONS: Table = Table::new(NAME);
/// The user's identifier, then the session's: a user's sessions stand together, oldest first.
pub(super) const BY_USER: Table = Table::new("sessions_by_user");

#[derive(Serialize, Deserialize)]
struct Row {
    user: UserId,
    address: Address,
    wallet: WalletType,
    ip: IpAddr,
    agent: String,
    created_at: Timestamp,
    refreshed_at: Timestamp,
    expires_at: Timestamp,
    token: Hash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sibling: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<UsedRow>,
}

#[derive(Serialize, Deserialize)]
struct Hash(#[serde(with = "base64url")] [u8; 32]);

#[derive(Serialize, Deserialize)]
struct UsedRow {
    token: Hash,
    at: Timestamp,
    again: bool,
}

fn to_bytes(session: &Session) -> Result<Vec<u8>, StoreError> {
    let hash = |hash: &TokenHash| Hash(*hash.as_bytes());
    let rotation = &session.rotation;
    encode(
        NAME,
        &Row {
            user: session.user_id,
            address: session.address,
            wallet: session.wallet_type,
            ip: session.ip,
            agent: session.user_agent.to_string(),
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            expires_at: session.expires_at,
            token: hash(&rotation.current),
            sibling: rotation.sibling.as_ref().map(hash),
            used: rotation.used.map(|used| UsedRow {
                token: hash(&used.token),
                at: used.at,
                again: used.again,
            }),
        },
    )
}

fn from_bytes(id: SessionId, bytes: &[u8]) -> Result<Session, StoreError> {
    let row: Row = decode(NAME, bytes)?;
    let hash = |hash: Hash| TokenHash::from_bytes(hash.0);
    Ok(Session {
        id,
        user_id: row.user,
        address: row.address,
        wallet_type: row.wallet,
        ip: row.ip,
        user_agent: UserAgent::from_header(&row.agent),
        created_at: row.created_at,
        refreshed_at: row.refreshed_at,
        expires_at: row.expires_at,
        rotation: Rotation {
            current: hash(row.token),
            sibling: row.sibling.map(hash),
            used: row.used.map(|used| Used { token: hash(used.token), at: used.at, again: used.again }),
        },
    })
}

fn by_user(user: UserId, session: SessionId) -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(user.as_bytes());
    key[16..].copy_from_slice(session.as_bytes());
    key
}

/// The session `id`.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn find(tx: &impl Reads, id: SessionId) -> Result<Option<Session>, StoreError> {
    if let Some(known) = tx.known_session(id) {
        return Ok(known);
    }
    tx.table(SESSIONS)?.get(id.as_bytes().as_slice())?.map(|row| from_bytes(id, row.value())).transpose()
}

/// The sessions of `user`, oldest first.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn of_user(tx: &impl Reads, user: UserId) -> Result<Vec<SessionId>, StoreError> {
    let (first, last) =
        (by_user(user, SessionId::from_bytes([0; 16])), by_user(user, SessionId::from_bytes([0xff; 16])));
    let table = tx.table(BY_USER)?;
    let mut sessions = Vec::new();
    for key in table.range::<&[u8]>(first.as_slice()..=last.as_slice())? {
        let id = fixed(key?.0.value().get(16..).unwrap_or_default())?;
        sessions.push(SessionId::from_bytes(id));
    }
    Ok(sessions)
}

/// How many sessions there are, expired ones that were not swept yet among them.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn count(tx: &impl Reads) -> Result<u64, StoreError> {
    Ok(tx.table(SESSIONS)?.len()?)
}

/// At most `limit` sessions that are over, by `is_over`.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn over(
    tx: &impl Reads,
    limit: usize,
    is_over: impl Fn(&Session) -> bool,
) -> Result<Vec<SessionId>, StoreError> {
    let mut over = Vec::new();
    for row in tx.table(SESSIONS)?.iter()? {
        let (id, row) = row?;
        let session = from_bytes(SessionId::from_bytes(fixed(id.value())?), row.value())?;
        if is_over(&session) {
            over.push(session.id);
        }
        if over.len() == limit {
            break;
        }
    }
    Ok(over)
}

/// Add a session.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn insert(tx: &Tx, session: &Session) -> Result<(), StoreError> {
    tx.table_mut(BY_USER)?.insert(by_user(session.user_id, session.id).as_slice(), NOTHING)?;
    write(tx, session).map(|_| ())
}

/// Write what changed of a session that is there. Identifier and user never change.
///
/// # Errors
///
/// [`StoreError`] if the session is not there, or the database cannot be written.
pub fn update(tx: &Tx, session: &Session) -> Result<(), StoreError> {
    let was_there = write(tx, session)?;
    if was_there { Ok(()) } else { Err(StoreError::Inconsistent("a change of a session that is not there")) }
}

/// Write the row of a session, and return whether there was one.
fn write(tx: &Tx, session: &Session) -> Result<bool, StoreError> {
    let mut table = tx.table_mut(SESSIONS)?;
    let before = table.insert(session.id.as_bytes().as_slice(), to_bytes(session)?.as_slice())?;
    tx.session_changed(session.id, Some(session.clone()));
    Ok(before.is_some())
}

/// End a session, and return it if it was there.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn take(tx: &Tx, id: SessionId) -> Result<Option<Session>, StoreError> {
    let Some(session) = find(tx, id)? else { return Ok(None) };
    tx.table_mut(SESSIONS)?.remove(id.as_bytes().as_slice())?;
    tx.table_mut(BY_USER)?.remove(by_user(session.user_id, id).as_slice())?;
    tx.session_changed(id, None);
    Ok(Some(session))
}

/// End every session. Returns how many there were.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be written.
pub fn clear(tx: &Tx) -> Result<u64, StoreError> {
    let all = over(tx, usize::MAX, |_| true)?;
    for id in &all {
        take(tx, *id)?;
    }
    Ok(all.len() as u64)
}

/// Check that sessions belong to users, and that the index tells the same.
///
/// # Errors
///
/// [`StoreError`] at the first row that does not hold.
pub(super) fn check(tx: &impl Reads) -> Result<u64, StoreError> {
    let (sessions, index, users) = (tx.table(SESSIONS)?, tx.table(BY_USER)?, tx.table(super::users::USERS)?);
    for row in sessions.iter()? {
        let (id, row) = row?;
        let session = from_bytes(SessionId::from_bytes(fixed(id.value())?), row.value())?;
        if users.get(session.user_id.as_bytes().as_slice())?.is_none() {
            return Err(StoreError::Inconsistent("a session of nobody"));
        }
        if index.get(by_user(session.user_id, session.id).as_slice())?.is_none() {
            return Err(StoreError::Inconsistent("a session that its user's list lacks"));
        }
    }
    if sessions.len()? == index.len()? {
        Ok(sessions.len()?)
    } else {
        Err(StoreError::Inconsistent("a list of sessions that names one which is not there"))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use redb::{Database, ReadableDatabase as _, backends::InMemoryBackend};

    use super::*;
    use crate::store::transaction::commit;

    pub(in crate::store) fn session(number: u8) -> Session {
        let at = Timestamp::from_unix(1_000);
        Session {
            id: SessionId::new(1_000_000 + u64::from(number), [number; 10]),
            user_id: UserId::new(1, [1; 10]),
            address: Address::from_bytes([number; 20]),
            wallet_type: WalletType::Ledger,
            ip: IpAddr::from([192, 0, 2, number]),
            user_agent: UserAgent::from_header("curl/8"),
            created_at: at,
            refreshed_at: at,
            expires_at: Timestamp::from_unix(2_000),
            rotation: Rotation {
                current: TokenHash::from_bytes([1; 32]),
                sibling: Some(TokenHash::from_bytes([2; 32])),
                used: Some(Used { token: TokenHash::from_bytes([3; 32]), at, again: true }),
            },
        }
    }

    #[test]
    fn a_row_holds_all_of_a_session() {
        let session = session(7);
        assert_eq!(from_bytes(session.id, &to_bytes(&session).unwrap()).unwrap(), session);
    }

    #[test]
    fn a_session_that_ended_is_not_written_again() {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let change = |change: &dyn Fn(&Tx) -> Result<(), StoreError>| {
            commit(database.begin_write().unwrap(), None, |tx| change(tx)).map(|_| ())
        };
        let (session, ended) = (session(7), session(8));
        change(&|tx| insert(tx, &session).and_then(|()| insert(tx, &ended))).unwrap();
        change(&|tx| take(tx, ended.id).map(drop)).unwrap();
        let later = Session { refreshed_at: Timestamp::from_unix(1_500), ..session.clone() };
        change(&|tx| update(tx, &later)).unwrap();
        assert!(change(&|tx| update(tx, &ended)).is_err());
        let read = database.begin_read().unwrap();
        assert_eq!(find(&read, later.id).unwrap(), Some(later.clone()));
        assert_eq!((count(&read).unwrap(), find(&read, ended.id).unwrap()), (1, None));
        assert_eq!(of_user(&read, later.user_id).unwrap(), [later.id]);
    }
}
