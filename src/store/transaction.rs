//! The transaction that a change is made in.

use std::cell::RefCell;

use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};

use super::{
    StoreError,
    guard::{Changes, Lock},
};
use crate::domain::{
    id::{SessionId, UserId},
    session::Session,
    user::User,
};

/// A table. Keys and values are bytes in each, so that the binary has redb's code for tables once: any other kind of key
/// or value would add a hundredth to it. Keys of numbers are big-endian, so that they sort as the numbers do.
pub(super) type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// The value where the key says all.
pub(super) const NOTHING: &[u8] = &[];

/// What tables can be read from: a snapshot, or a transaction that sees its own changes.
pub trait Reads {
    /// The table of this definition.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database has no such table, or cannot be read.
    fn table(
        &self,
        definition: TableDefinition<&'static [u8], &'static [u8]>,
    ) -> Result<impl ReadableTable<&'static [u8], &'static [u8]>, StoreError>;
}

impl Reads for ReadTransaction {
    fn table(
        &self,
        definition: TableDefinition<&'static [u8], &'static [u8]>,
    ) -> Result<impl ReadableTable<&'static [u8], &'static [u8]>, StoreError> {
        Ok(self.open_table(definition)?)
    }
}

/// A change in the making. Nothing of it is seen, or kept, before its commit.
pub struct Tx {
    redb: WriteTransaction,
    /// What the live sessions must learn once this is committed.
    sessions: RefCell<Vec<(SessionId, Option<Session>)>>,
    /// The same for the live users.
    users: RefCell<Vec<(UserId, Option<User>)>>,
    /// What the guard must learn then.
    guarded: RefCell<Changes>,
}

/// What a commit changed, for those who keep it in mind.
pub(super) struct Told {
    pub(super) sessions: Vec<(SessionId, Option<Session>)>,
    pub(super) users: Vec<(UserId, Option<User>)>,
    pub(super) guarded: Changes,
}

impl Reads for Tx {
    fn table(
        &self,
        definition: TableDefinition<&'static [u8], &'static [u8]>,
    ) -> Result<impl ReadableTable<&'static [u8], &'static [u8]>, StoreError> {
        Ok(self.redb.open_table(definition)?)
    }
}

impl Tx {
    pub(super) fn new(redb: WriteTransaction) -> Self {
        Self { redb, sessions: RefCell::default(), users: RefCell::default(), guarded: RefCell::default() }
    }

    /// The table of this definition, to change it. Only one handle of a table may be open at a time.
    pub(super) fn table_mut(
        &self,
        definition: Table,
    ) -> Result<redb::Table<'_, &'static [u8], &'static [u8]>, StoreError> {
        Ok(self.redb.open_table(definition)?)
    }

    /// Remember that a session is now as `state` says, or gone.
    pub(super) fn session_changed(&self, id: SessionId, state: Option<Session>) {
        // No copy may bring back one that ended.
        self.guarded.borrow_mut().at_once |= state.is_none();
        self.sessions.borrow_mut().push((id, state));
    }

    /// Remember that a user is now as `state` says, or gone.
    pub(super) fn user_changed(&self, id: UserId, state: Option<User>) {
        self.users.borrow_mut().push((id, state));
    }

    /// Remember that a user is locked now, or no longer.
    pub(super) fn lock_changed(&self, id: UserId, lock: Option<Lock>) {
        self.guarded.borrow_mut().locks.push((id, lock));
        self.guard_at_once();
    }

    /// Have it in the guard before anybody is answered that a copy from before is a copy.
    pub(super) fn guard_at_once(&self) {
        self.guarded.borrow_mut().at_once = true;
    }

    /// Put it on disk, and return what changed.
    pub(super) fn commit(self) -> Result<Told, StoreError> {
        self.redb.commit()?;
        Ok(Told {
            sessions: self.sessions.into_inner(),
            users: self.users.into_inner(),
            guarded: self.guarded.into_inner(),
        })
    }
}
