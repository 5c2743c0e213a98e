//! Lists of users: pages that cost the same however many users there are.
//!
//! Nearly everybody is a USER who is not locked. The few others have indexes of their own, so that finding them does
//! not read past everybody.

use std::ops::Bound;

use redb::{ReadableTable, ReadableTableMetadata};

pub use super::place::{Place, PlaceError};
use super::{
    Reads, StoreError, Tx,
    guard::Lock,
    row::fixed,
    transaction::{NOTHING, Table},
    users::{self, BY_ADDRESS, USERS},
};
use crate::domain::{id::UserId, role::Role, user::User, wallet::AddressRange};

/// The role's number, then the user's identifier; of every role above USER.
pub(super) const BY_ROLE: Table = Table::new("users_by_role");
/// Every user whom an admin keeps out.
pub(super) const LOCKED: Table = Table::new("users_locked");

/// The most users whom one page may pass over because the filter does not admit them. A page that stops there says where
/// to go on.
pub(super) const PASSED_OVER: usize = 5_000;

/// Which users a list is about. Each part that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only those with this role.
    pub role: Option<Role>,
    /// Only those who are locked, or who are not.
    pub locked: Option<bool>,
    /// Only those whose address lies in this range.
    pub address: Option<AddressRange>,
    /// Only those whose name has this in it, whatever the case. In lower case.
    pub name: Option<String>,
}

/// A part of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    /// The users, in the order of the list.
    pub users: Vec<User>,
    /// Where to go on, if there may be more.
    pub next: Option<Place>,
}

impl Filter {
    /// Whether `place` is one of this list's order.
    #[must_use]
    pub const fn orders(&self, place: Place) -> bool {
        matches!(place, Place::Address(_)) == self.address.is_some()
    }

    /// Where `user` stands in the list.
    const fn place(&self, user: &User) -> Place {
        if self.address.is_some() { Place::Address(user.address) } else { Place::User(user.id) }
    }

    /// Whether `user` is one of them.
    #[must_use]
    pub fn admits(&self, user: &User) -> bool {
        let name = |part: &String| {
            user.profile.display_name.as_ref().is_some_and(|name| name.as_str().to_lowercase().contains(part))
        };
        self.role.is_none_or(|role| user.role == role)
            && self.locked.is_none_or(|locked| user.locked_at.is_some() == locked)
            && self.address.as_ref().is_none_or(|range| range.contains(&user.address))
            && self.name.as_ref().is_none_or(name)
    }
}

/// At most `limit` users whom `filter` admits, oldest account first (by address, if that is filtered by), after the
/// place `after`; from the first, if that is a place of another order.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn page(
    tx: &impl Reads,
    filter: &Filter,
    after: Option<Place>,
    limit: usize,
) -> Result<Page, StoreError> {
    let (after, after_address) = match after {
        Some(Place::User(id)) => (Some(id), None),
        Some(Place::Address(address)) => (None, Some(address)),
        None => (None, None),
    };
    match filter {
        Filter { address: Some(range), .. } => {
            let table = tx.table(BY_ADDRESS)?;
            let from = after_address
                .as_ref()
                .map_or(Bound::Included(range.first()), |address| Bound::Excluded(address.as_bytes()));
            let rows = table
                .range::<&[u8]>((from.map(<[u8; 20]>::as_slice), Bound::Included(range.last().as_slice())))?;
            collect(tx, filter, limit, rows.map(|row| fixed(row?.1.value()).map(UserId::from_bytes)))
        }
        Filter { role: Some(role), .. } if *role > Role::User => {
            let table = tx.table(BY_ROLE)?;
            let first = by_role(*role, after.unwrap_or(UserId::from_bytes([0; 16])));
            let last = by_role(*role, UserId::from_bytes([0xff; 16]));
            let first = first.as_slice();
            let from = if after.is_some() { Bound::Excluded(first) } else { Bound::Included(first) };
            let rows = table.range::<&[u8]>((from, Bound::Included(last.as_slice())))?;
            collect(tx, filter, limit, rows.map(|row| id_of(row?.0.value())))
        }
        Filter { locked: Some(true), .. } => {
            let table = tx.table(LOCKED)?;
            let from =
                after.as_ref().map_or(Bound::Unbounded, |id| Bound::Excluded(id.as_bytes().as_slice()));
            let rows = table.range::<&[u8]>((from, Bound::Unbounded))?;
            collect(tx, filter, limit, rows.map(|row| fixed(row?.0.value()).map(UserId::from_bytes)))
        }
        _ => {
            let table = tx.table(USERS)?;
            let from =
                after.as_ref().map_or(Bound::Unbounded, |id| Bound::Excluded(id.as_bytes().as_slice()));
            let rows = table.range::<&[u8]>((from, Bound::Unbounded))?;
            collect(tx, filter, limit, rows.map(|row| fixed(row?.0.value()).map(UserId::from_bytes)))
        }
    }
}

/// Those of `ids` whom `filter` admits, until there are `limit` or enough were passed over.
fn collect(
    tx: &impl Reads,
    filter: &Filter,
    limit: usize,
    ids: impl Iterator<Item = Result<UserId, StoreError>>,
) -> Result<Page, StoreError> {
    let (mut found, mut passed_over) = (Vec::new(), 0);
    let table = tx.table(USERS)?;
    for id in ids {
        let id = id?;
        let row =
            table.get(id.as_bytes().as_slice())?.ok_or(StoreError::Inconsistent("an index names nobody"))?;
        let user = users::from_bytes(id, row.value())?;
        let place = filter.place(&user);
        if filter.admits(&user) {
            found.push(user);
        } else {
            passed_over += 1;
        }
        if found.len() == limit || passed_over == PASSED_OVER {
            return Ok(Page { users: found, next: Some(place) });
        }
    }
    Ok(Page { users: found, next: None })
}

/// Whether somebody other than `user` is `SUPER_ADMIN` and not locked.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn another_super_admin(tx: &impl Reads, user: UserId) -> Result<bool, StoreError> {
    let filter = Filter { role: Some(Role::SuperAdmin), locked: Some(false), ..Filter::default() };
    let page = page(tx, &filter, None, 2)?;
    Ok(page.users.iter().any(|other| other.id != user))
}

/// How many users are what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Of each role, in the order of [`Role::ALL`].
    pub by_role: [u64; 4],
    /// Whom an admin keeps out.
    pub locked: u64,
}

/// Count users by what they are. Reads the few who are above USER, and nobody else.
///
/// # Errors
///
/// [`StoreError`] if the database cannot be read.
pub fn counts(tx: &impl Reads) -> Result<Counts, StoreError> {
    let mut by_role = [0; 4];
    for row in tx.table(BY_ROLE)?.iter()? {
        let role = row?.0.value().first().map(|role| usize::from(*role));
        *role
            .and_then(|role| by_role.get_mut(role))
            .ok_or(StoreError::Inconsistent("a role that never was"))? += 1;
    }
    let ranked: u64 = by_role.iter().sum();
    by_role[Role::User as usize] += users::count(tx)?.saturating_sub(ranked);
    Ok(Counts { by_role, locked: tx.table(LOCKED)?.len()? })
}

/// Keep the indexes as users change: `before` becomes `after`.
pub(super) fn replace(tx: &Tx, before: Option<&User>, after: Option<&User>) -> Result<(), StoreError> {
    let ranked = |user: Option<&User>| {
        user.filter(|user| user.role > Role::User).map(|user| by_role(user.role, user.id))
    };
    let locked = |user: Option<&User>| user.filter(|user| user.locked_at.is_some()).map(|user| user.id);
    if ranked(before) != ranked(after) {
        tx.guard_at_once();
        let mut table = tx.table_mut(BY_ROLE)?;
        if let Some(key) = ranked(before) {
            table.remove(key.as_slice())?;
        }
        if let Some(key) = ranked(after) {
            table.insert(key.as_slice(), NOTHING)?;
        }
    }
    if locked(before) != locked(after) {
        if let Some(user) = after.or(before) {
            let lock = after.and_then(|user| Some(Lock { address: user.address, at: user.locked_at? }));
            tx.lock_changed(user.id, lock);
        }
        let mut table = tx.table_mut(LOCKED)?;
        if let Some(id) = locked(before) {
            table.remove(id.as_bytes().as_slice())?;
        }
        if let Some(id) = locked(after) {
            table.insert(id.as_bytes().as_slice(), NOTHING)?;
        }
    }
    Ok(())
}

/// What the indexes should hold, counted while all users are read.
#[derive(Default)]
pub(super) struct Expected {
    ranked: u64,
    locked: u64,
}

impl Expected {
    pub(super) fn note(&mut self, tx: &impl Reads, user: &User) -> Result<(), StoreError> {
        if user.role > Role::User {
            self.ranked += 1;
            let there = tx.table(BY_ROLE)?.get(by_role(user.role, user.id).as_slice())?.is_some();
            there.then_some(()).ok_or(StoreError::Inconsistent("a role that its list lacks"))?;
        }
        if user.locked_at.is_some() {
            self.locked += 1;
            let there = tx.table(LOCKED)?.get(user.id.as_bytes().as_slice())?.is_some();
            there.then_some(()).ok_or(StoreError::Inconsistent("a locked user whom their list lacks"))?;
        }
        Ok(())
    }

    pub(super) fn check(self, tx: &impl Reads) -> Result<(), StoreError> {
        if (tx.table(BY_ROLE)?.len()?, tx.table(LOCKED)?.len()?) == (self.ranked, self.locked) {
            Ok(())
        } else {
            Err(StoreError::Inconsistent("a list of users by role or lock that names somebody else"))
        }
    }
}

fn by_role(role: Role, id: UserId) -> [u8; 17] {
    let mut key = [0; 17];
    key[0] = role as u8;
    key[1..].copy_from_slice(id.as_bytes());
    key
}

fn id_of(key: &[u8]) -> Result<UserId, StoreError> {
    fixed(key.get(1..).unwrap_or_default()).map(UserId::from_bytes)
}

#[cfg(test)]
mod tests {
    use redb::{Database, ReadableDatabase, backends::InMemoryBackend};

    use super::*;
    use crate::{
        domain::{mac::MacKey, timestamp::Timestamp, wallet::Address},
        store::schema,
    };

    fn user(number: u8) -> User {
        let role = Role::ALL[usize::from(number) % 4];
        let id = UserId::new(u64::from(number), [0; 10]);
        let mut user =
            User::new(id, Address::from_bytes([number.reverse_bits(); 20]), role, Timestamp::from_unix(9));
        user.locked_at = number.is_multiple_of(3).then_some(Timestamp::from_unix(10));
        user.profile.display_name =
            number.is_multiple_of(5).then(|| format!("Ada {number}").parse().unwrap());
        user
    }

    /// A database in which users 0 to 99 were made, every seventh was changed, and every eleventh removed again.
    fn database() -> (Database, Vec<User>) {
        let database = Database::builder().create_with_backend(InMemoryBackend::new()).unwrap();
        let redb = database.begin_write().unwrap();
        let tx = Tx::new(&redb);
        schema::create(&tx, &MacKey::from_bytes([0; 32])).unwrap();
        let mut users: Vec<_> = (0..100).map(user).collect();
        for user in &users {
            assert!(users::insert(&tx, user).unwrap());
        }
        for user in users.iter_mut().step_by(7) {
            user.role = if user.role == Role::User { Role::Admin } else { Role::User };
            user.locked_at = user.locked_at.is_none().then_some(Timestamp::from_unix(11));
            users::update(&tx, user).unwrap();
        }
        for user in users.iter().step_by(11) {
            users::remove(&tx, user).unwrap();
        }
        let mut number = 0;
        users.retain(|_| {
            number += 1;
            (number - 1) % 11 != 0
        });
        drop(tx);
        redb.commit().unwrap();
        (database, users)
    }

    #[test]
    fn every_filter_finds_just_those_it_admits_in_pages_of_any_size() {
        let (database, users) = database();
        let tx = database.begin_read().unwrap();
        let filter = Filter::default;
        let range: AddressRange = users[3].address.to_string()[..3].parse().unwrap();
        let cases = [
            ("all", filter()),
            ("admins", Filter { role: Some(Role::Admin), ..filter() }),
            ("users", Filter { role: Some(Role::User), ..filter() }),
            ("locked", Filter { locked: Some(true), ..filter() }),
            ("not locked", Filter { locked: Some(false), ..filter() }),
            ("locked operators", Filter { role: Some(Role::NodeOperator), locked: Some(true), ..filter() }),
            ("a name", Filter { name: Some("ada 1".into()), ..filter() }),
            ("an address", Filter { address: Some(range), ..filter() }),
            ("an address, not locked", Filter { address: Some(range), locked: Some(false), ..filter() }),
        ];
        for (case, filter) in cases {
            let mut expected: Vec<_> = users.iter().filter(|user| filter.admits(user)).cloned().collect();
            if filter.address.is_some() {
                expected.sort_by_key(|user| user.address);
            }
            assert!(!expected.is_empty(), "{case}");
            for limit in [1, 2, 7, 100] {
                let (mut found, mut after) = (Vec::new(), None);
                loop {
                    let page = page(&tx, &filter, after, limit).unwrap();
                    assert!(page.users.len() <= limit);
                    found.extend(page.users);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(found, expected, "{case}, {limit} a page");
            }
        }
    }

    #[test]
    fn a_list_goes_on_where_it_stopped_also_when_that_user_was_removed() {
        let (database, _) = database();
        let part = |filter: &Filter, after| page(&database.begin_read().unwrap(), filter, after, 3).unwrap();
        let filter = Filter::default;
        for filter in [
            filter(),
            Filter { role: Some(Role::Admin), ..filter() },
            Filter { locked: Some(true), ..filter() },
            Filter { address: Some("T".parse().unwrap()), ..filter() },
        ] {
            let first = part(&filter, None);
            let rest = part(&filter, first.next);
            let redb = database.begin_write().unwrap();
            let tx = Tx::new(&redb);
            users::remove(&tx, &first.users[2]).unwrap();
            drop(tx);
            redb.commit().unwrap();
            assert_eq!(part(&filter, first.next), rest, "{filter:?}");
            assert_eq!(rest.users.len(), 3, "{filter:?}");
        }
    }

    #[test]
    fn a_place_is_read_as_it_is_written() {
        for place in [Place::User(user(7).id), Place::Address(user(7).address)] {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        assert_eq!("T".parse::<Place>(), Err(PlaceError));
    }

    #[test]
    fn users_are_counted_by_what_they_are() {
        let (database, users) = database();
        let counted = counts(&database.begin_read().unwrap()).unwrap();
        let of = |role| users.iter().filter(|user| user.role == role).count() as u64;
        assert_eq!(counted.by_role, Role::ALL.map(of));
        assert_eq!(counted.locked, users.iter().filter(|user| user.locked_at.is_some()).count() as u64);
    }

    #[test]
    fn the_indexes_hold_together_and_one_that_does_not_is_noticed() {
        let (database, users) = database();
        assert_eq!(users::check(&database.begin_read().unwrap()).unwrap(), users.len() as u64);
        let ranked = users.iter().find(|user| user.role > Role::User).unwrap();
        let locked = users.iter().find(|user| user.locked_at.is_some()).unwrap();
        let breaks: [&dyn Fn(&Tx); 4] = [
            &|tx| {
                drop(
                    tx.table_mut(BY_ROLE)
                        .unwrap()
                        .remove(by_role(ranked.role, ranked.id).as_slice())
                        .unwrap(),
                );
            },
            &|tx| drop(tx.table_mut(LOCKED).unwrap().remove(locked.id.as_bytes().as_slice()).unwrap()),
            &|tx| drop(tx.table_mut(LOCKED).unwrap().insert([7; 16].as_slice(), NOTHING).unwrap()),
            &|tx| {
                drop(
                    tx.table_mut(BY_ADDRESS).unwrap().insert([7; 20].as_slice(), [7; 16].as_slice()).unwrap(),
                );
            },
        ];
        for (number, breaks) in breaks.into_iter().enumerate() {
            let redb = database.begin_write().unwrap();
            let tx = Tx::new(&redb);
            breaks(&tx);
            assert!(users::check(&tx).is_err(), "break {number}");
        }
    }

    #[test]
    fn the_last_super_admin_is_known() {
        let (database, users) = database();
        let redb = database.begin_write().unwrap();
        let tx = Tx::new(&redb);
        let mut admins: Vec<_> = users
            .into_iter()
            .filter(|user| user.role == Role::SuperAdmin && user.locked_at.is_none())
            .collect();
        let last = admins.pop().unwrap();
        for mut user in admins {
            assert!(another_super_admin(&tx, last.id).unwrap());
            user.locked_at = Some(Timestamp::from_unix(12));
            users::update(&tx, &user).unwrap();
        }
        assert!(!another_super_admin(&tx, last.id).unwrap());
    }
}
