//! What a page of users costs, counted in reads of the storage: the same among thousands as among hundreds.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use redb::{Database, ReadableDatabase, StorageBackend, backends::InMemoryBackend};

use super::{
    Tx, schema, users,
    users_index::{Filter, PASSED_OVER, page},
};
use crate::domain::{
    id::UserId,
    mac::MacKey,
    role::Role,
    timestamp::Timestamp,
    user::User,
    wallet::{Address, AddressRange},
};

/// A storage that counts how often it is read. With no cache before it, that is once for each page of each tree.
#[derive(Debug)]
struct Counting {
    storage: InMemoryBackend,
    reads: Arc<AtomicU64>,
}

impl StorageBackend for Counting {
    fn len(&self) -> io::Result<u64> {
        self.storage.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.reads.fetch_add(1, SeqCst);
        self.storage.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.storage.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.storage.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.storage.write(offset, data)
    }
}

/// Of a hundred users, 3 are `NODE_OPERATOR`, 1 `ADMIN`, 1 `SUPER_ADMIN`, the others `USER`; 5 are locked; 50 have a name.
fn user(number: u32) -> User {
    let role = match number % 100 {
        1..=3 => Role::NodeOperator,
        4 => Role::Admin,
        5 => Role::SuperAdmin,
        _ => Role::User,
    };
    let mut address = [0; 20];
    address[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    let id = UserId::new(u64::from(number), [0; 10]);
    let mut user = User::new(id, Address::from_bytes(address), role, Timestamp::from_unix(9));
    user.locked_at = matches!(number % 100, 3..=7).then_some(Timestamp::from_unix(10));
    user.profile.display_name = number.is_multiple_of(2).then(|| format!("Ada {number}").parse().unwrap());
    user
}

fn database(users: u32) -> (Database, Arc<AtomicU64>) {
    let reads = Arc::new(AtomicU64::new(0));
    let storage = Counting { storage: InMemoryBackend::new(), reads: Arc::clone(&reads) };
    let database = Database::builder().set_cache_size(0).create_with_backend(storage).unwrap();
    let redb = database.begin_write().unwrap();
    let tx = Tx::new(&redb);
    schema::create(&tx, &MacKey::from_bytes([0; 32])).unwrap();
    for number in 0..users {
        assert!(users::insert(&tx, &user(number)).unwrap());
    }
    drop(tx);
    redb.commit().unwrap();
    (database, reads)
}

const LIMIT: usize = 20;

/// A row of an index, its user, and what a tree grows by: no page that an index serves reads more.
const INDEXED: u64 = 3 * LIMIT as u64;

/// What is looked at without being given is bounded too, whoever is looked for.
const SEARCHED: u64 = 3 * PASSED_OVER as u64;

/// The most reads of any page of a list, from its first to its last, and how many it gave.
fn dearest(database: &Database, reads: &AtomicU64, filter: &Filter) -> (u64, u32) {
    let (mut most, mut given, mut after) = (0, 0, None);
    loop {
        let tx = database.begin_read().unwrap();
        let before = reads.load(SeqCst);
        let page = page(&tx, filter, after, LIMIT).unwrap();
        most = most.max(reads.load(SeqCst) - before);
        given += u32::try_from(page.users.len()).unwrap();
        after = page.next;
        if after.is_none() {
            return (most, given);
        }
    }
}

#[test]
#[rustfmt::skip]
fn no_page_of_any_list_costs_more_among_thousands_than_among_hundreds() {
    let filter = Filter::default;
    let some: AddressRange = "TB".parse().unwrap();
    let cases = [
        // case                  of a hundred   at most    filter
        ("everybody",            Some(100),     INDEXED,   filter()),
        ("users",                Some(95),      INDEXED,   Filter { role: Some(Role::User), ..filter() }),
        ("operators",            Some(3),       INDEXED,   Filter { role: Some(Role::NodeOperator), ..filter() }),
        ("admins",               Some(1),       INDEXED,   Filter { role: Some(Role::Admin), ..filter() }),
        ("locked",               Some(5),       INDEXED,   Filter { locked: Some(true), ..filter() }),
        ("not locked",           Some(95),      INDEXED,   Filter { locked: Some(false), ..filter() }),
        ("an address",           None,          INDEXED,   Filter { address: Some(some), ..filter() }),
        ("an address, locked",   None,          SEARCHED,  Filter { address: Some(some), locked: Some(true), ..filter() }),
        ("operators, locked",    Some(1),       SEARCHED,  Filter { role: Some(Role::NodeOperator), locked: Some(true), ..filter() }),
        ("a name of many",       Some(50),      SEARCHED,  Filter { name: Some("ada".into()), ..filter() }),
        ("a name of nobody",     Some(0),       SEARCHED,  Filter { name: Some("bob".into()), ..filter() }),
    ];
    for hundreds in [5, 120] {
        let (database, reads) = database(hundreds * 100);
        for (case, of_a_hundred, at_most, filter) in &cases {
            let (most, given) = dearest(&database, &reads, filter);
            assert!(most <= *at_most, "{case} of {hundreds} hundred: {most} reads");
            assert!(most > 0, "{case} of {hundreds} hundred: the storage was not asked");
            assert!(of_a_hundred.is_none_or(|each| given == each * hundreds), "{case}: {given}");
        }
    }
}

#[test]
fn a_page_may_be_larger_than_what_it_may_pass_over() {
    let (database, _) = database(6_000);
    let found = page(&database.begin_read().unwrap(), &Filter::default(), None, 5_500).unwrap();
    assert_eq!(found.users.len(), 5_500);
}
