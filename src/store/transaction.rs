//! The transaction that a change is made in.

use std::{
    cell::{Cell, OnceCell, RefCell, RefMut},
    ops::Deref,
};

use redb::{ReadTransaction, ReadableTable, TableDefinition, TableHandle as _, WriteTransaction};

use super::{
    StoreError, audit,
    guard::{Changes, Lock},
    live::Live,
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
        definition: Table,
    ) -> Result<impl Deref<Target = impl ReadableTable<&'static [u8], &'static [u8]>>, StoreError>;

    /// The session `id`, if it is known without its row: then, whether it is there, too.
    fn known_session(&self, _id: SessionId) -> Option<Option<Session>> {
        None
    }

    /// The same of a user.
    fn known_user(&self, _id: UserId) -> Option<Option<User>> {
        None
    }

    /// Where the audit log begins and ends, if that is known without its row.
    fn known_audit(&self) -> Option<audit::State> {
        None
    }
}

impl Reads for ReadTransaction {
    fn table(
        &self,
        definition: Table,
    ) -> Result<impl Deref<Target = impl ReadableTable<&'static [u8], &'static [u8]>>, StoreError> {
        Ok(Box::new(self.open_table(definition)?))
    }
}

/// A table that is open for changes.
type Open<'redb> = redb::Table<'redb, &'static [u8], &'static [u8]>;

/// The tables of a transaction that were asked for so far, the first one first. Each is opened once: to do it for each row
/// costs as much as to read one, and many changes share a transaction.
#[derive(Default)]
struct Tables<'redb>(OnceCell<Box<Link<'redb>>>);

struct Link<'redb> {
    definition: Table,
    table: RefCell<Open<'redb>>,
    rest: Tables<'redb>,
}

impl<'redb> Tables<'redb> {
    fn find(
        &self,
        redb: &'redb WriteTransaction,
        definition: Table,
    ) -> Result<&RefCell<Open<'redb>>, StoreError> {
        let mut here = self;
        loop {
            match here.0.get() {
                Some(link) if link.definition.name() == definition.name() => return Ok(&link.table),
                Some(link) => here = &link.rest,
                None => {
                    let table = RefCell::new(redb.open_table(definition)?);
                    let link = || Box::new(Link { definition, table, rest: Tables::default() });
                    return Ok(&here.0.get_or_init(link).table);
                }
            }
        }
    }
}

/// A change in the making. Nothing of it is seen, or kept, before its commit.
pub struct Tx<'redb> {
    redb: &'redb WriteTransaction,
    tables: Tables<'redb>,
    /// What is in memory as of the last commit, if anything is: to read a row takes twenty times as long.
    live: Option<&'redb Live>,
    /// Where the audit log begins and ends, if that changed: it is written once, at the commit.
    audit: Cell<Option<audit::State>>,
    /// Whether there is anything to put on disk.
    changed: Cell<bool>,
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

impl Reads for Tx<'_> {
    fn table(
        &self,
        definition: Table,
    ) -> Result<impl Deref<Target = impl ReadableTable<&'static [u8], &'static [u8]>>, StoreError> {
        let table = self.tables.find(self.redb, definition)?;
        table.try_borrow().map_err(|_| IN_USE)
    }

    fn known_session(&self, id: SessionId) -> Option<Option<Session>> {
        let changed = self.sessions.borrow();
        let changed = changed.iter().rev().find(|(known, _)| *known == id).map(|(_, state)| state.clone());
        changed.or_else(|| self.live?.sessions.get(&id).map(|live| Some(live.session.clone())))
    }

    fn known_user(&self, id: UserId) -> Option<Option<User>> {
        let changed = self.users.borrow();
        let changed = changed.iter().rev().find(|(known, _)| *known == id).map(|(_, state)| state.clone());
        changed.or_else(|| self.live?.users.get(&id).map(|live| Some(User::clone(&live))))
    }

    fn known_audit(&self) -> Option<audit::State> {
        self.audit.get()
    }
}

/// Only one handle of a table that is being changed may be held at a time.
const IN_USE: StoreError = StoreError::Inconsistent("a table that is being changed already");

impl<'redb> Tx<'redb> {
    pub(super) fn new(redb: &'redb WriteTransaction) -> Self {
        Self {
            redb,
            tables: Tables::default(),
            live: None,
            audit: Cell::new(None),
            changed: Cell::new(false),
            sessions: RefCell::default(),
            users: RefCell::default(),
            guarded: RefCell::default(),
        }
    }

    /// The table of this definition, to change it. Only one handle of a table may be held at a time.
    pub(super) fn table_mut(&self, definition: Table) -> Result<RefMut<'_, Open<'redb>>, StoreError> {
        self.changed();
        let table = self.tables.find(self.redb, definition)?;
        table.try_borrow_mut().map_err(|_| IN_USE)
    }

    /// Have it put on disk, whether or not a table changes.
    pub(super) fn changed(&self) {
        self.changed.set(true);
    }

    /// Whether there is anything to put on disk.
    pub(super) fn is_changed(&self) -> bool {
        self.changed.get()
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

    /// Remember that the audit log now begins and ends so.
    pub(super) fn audit_changed(&self, state: audit::State) {
        self.changed();
        self.audit.set(Some(state));
    }

    /// Write what was put off, let go of the tables, and return what changed.
    fn close(self) -> Result<Told, StoreError> {
        if let Some(state) = self.audit.get() {
            state.store(&self)?;
        }
        Ok(Told {
            sessions: self.sessions.into_inner(),
            users: self.users.into_inner(),
            guarded: self.guarded.into_inner(),
        })
    }
}

/// Make `change` in `redb`, put it on disk, if it changed anything, and return what it returned and what changed. If it fails,
/// nothing is kept. What is in `live` is as of the last commit.
pub(super) fn commit<T>(
    redb: WriteTransaction,
    live: Option<&Live>,
    change: impl FnOnce(&Tx) -> Result<T, StoreError>,
) -> Result<(T, Told), StoreError> {
    let tx = Tx { live, ..Tx::new(&redb) };
    let done = change(&tx)?;
    let is_changed = tx.is_changed();
    let told = tx.close()?;
    if is_changed {
        redb.commit()?;
    }
    Ok((done, told))
}

#[cfg(test)]
mod tests {
    use redb::{Database, ReadableDatabase as _, ReadableTableMetadata as _, backends::InMemoryBackend};

    use super::*;

    const A: Table = Table::new("a");
    const B: Table = Table::new("b");

    #[test]
    fn each_change_sees_those_before_it_and_no_table_is_changed_while_it_is_looked_at() {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let add = |tx: &Tx, table, key: &[u8]| Ok(tx.table_mut(table)?.insert(key, NOTHING).map(drop)?);
        let count = |tx: &Tx, table| tx.table(table).and_then(|table| Ok(table.len()?)).unwrap();
        let (seen, _) = commit(database.begin_write().unwrap(), None, |tx| {
            for (table, key) in [(A, b"1"), (B, b"1"), (A, b"2")] {
                add(tx, table, key)?;
            }
            let held = tx.table(A)?;
            assert_eq!(tx.table_mut(A).map(drop), Err(IN_USE));
            assert_eq!(tx.table(A)?.len()?, 2, "it may be looked at twice");
            drop(held);
            let changed = tx.table_mut(A)?;
            assert_eq!(tx.table(A).map(drop), Err(IN_USE));
            drop(changed);
            add(tx, A, b"3")?;
            Ok((count(tx, A), count(tx, B)))
        })
        .unwrap();
        assert_eq!(seen, (3, 1));
        let failed =
            commit(database.begin_write().unwrap(), None, |tx| add(tx, A, b"4").and(Err::<(), _>(IN_USE)));
        assert_eq!(failed.map(|_| ()), Err(IN_USE));
        let read = database.begin_read().unwrap();
        assert_eq!(read.open_table(A).unwrap().len().unwrap(), 3, "of what failed nothing is kept");
    }
}
