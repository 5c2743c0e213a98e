//! The transaction that a change is made in.

use std::cell::RefCell;

use redb::{Key, ReadTransaction, ReadableTable, Table, TableDefinition, Value, WriteTransaction};

use super::StoreError;
use crate::domain::{id::SessionId, session::Session};

/// What tables can be read from: a snapshot, or a transaction that sees its own changes.
pub trait Reads {
    /// The table of this definition.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database has no such table, or cannot be read.
    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<impl ReadableTable<K, V>, StoreError>;
}

impl Reads for ReadTransaction {
    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<impl ReadableTable<K, V>, StoreError> {
        Ok(self.open_table(definition)?)
    }
}

/// A change in the making. Nothing of it is seen, or kept, before its commit.
pub struct Tx {
    redb: WriteTransaction,
    /// What the live sessions must learn once this is committed.
    sessions: RefCell<Vec<(SessionId, Option<Session>)>>,
}

impl Reads for Tx {
    fn table<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<impl ReadableTable<K, V>, StoreError> {
        Ok(self.redb.open_table(definition)?)
    }
}

impl Tx {
    pub(super) fn new(redb: WriteTransaction) -> Self {
        Self { redb, sessions: RefCell::default() }
    }

    /// The table of this definition, to change it. Only one handle of a table may be open at a time.
    pub(super) fn table_mut<K: Key + 'static, V: Value + 'static>(
        &self,
        definition: TableDefinition<K, V>,
    ) -> Result<Table<'_, K, V>, StoreError> {
        Ok(self.redb.open_table(definition)?)
    }

    /// Remember that a session is now as `state` says, or gone.
    pub(super) fn session_changed(&self, id: SessionId, state: Option<Session>) {
        self.sessions.borrow_mut().push((id, state));
    }

    /// Put it on disk, and return what changed of the sessions.
    pub(super) fn commit(self) -> Result<Vec<(SessionId, Option<Session>)>, StoreError> {
        self.redb.commit()?;
        Ok(self.sessions.into_inner())
    }
}
