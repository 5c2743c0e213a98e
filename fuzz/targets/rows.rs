//! The rows of the database: whatever bytes stand in one, it is read, or refused; no other row is lost with it, and a change
//! to the audit log is found.
//!
//! `database` opens whole files, which takes a hundred times as long.

use std::{cell::RefCell, ops::Deref};

use lucid_auth::{
    domain::id::{SessionId, UserId, WalletId},
    store::{Reads, StoreError, audit, hardware_wallets, keys, meta, sessions, users},
};
use redb::{Database, ReadableTable, TableDefinition, WriteTransaction};
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    database::{BASE, TABLES},
    input::Input,
    world::folder,
};

type Table = TableDefinition<'static, &'static [u8], &'static [u8]>;
type Row = (Vec<u8>, Vec<u8>);

/// So many inputs are read within one transaction, of which nothing is ever committed.
const INPUTS: u32 = 1_000;

/// A change in the making, read as the service reads one.
struct Open(WriteTransaction);

impl Reads for Open {
    fn table(
        &self,
        definition: TableDefinition<&'static [u8], &'static [u8]>,
    ) -> Result<impl Deref<Target = impl ReadableTable<&'static [u8], &'static [u8]>>, StoreError> {
        Ok(Box::new(self.0.open_table(definition)?))
    }
}

impl Open {
    fn put(&self, table: &'static str, (key, value): &Row) {
        self.0.open_table(Table::new(table)).unwrap().insert(&key[..], &value[..]).unwrap();
    }
}

struct Place {
    rows: Vec<(&'static str, Vec<Row>)>,
    /// Two cannot be open at the same time.
    open: Option<Open>,
    left: u32,
    database: Database,
    _folder: TempDir,
}

thread_local!(static PLACE: RefCell<Place> = RefCell::new(Place::new()));

impl Place {
    fn new() -> Self {
        let folder = folder();
        let path = folder.path().join("auth.redb");
        std::fs::write(&path, &BASE.file).unwrap();
        let database = Database::open(&path).unwrap();
        let open = Open(database.begin_write().unwrap());
        let rows = TABLES.map(|name| {
            let mut rows = Vec::new();
            for row in open.0.open_table(Table::new(name)).unwrap().iter().unwrap() {
                let (key, value) = row.unwrap();
                rows.push((key.value().to_vec(), value.value().to_vec()));
            }
            assert!(!rows.is_empty(), "{name} is empty");
            (name, rows)
        });
        Self { rows: rows.into(), open: Some(open), left: INPUTS, database, _folder: folder }
    }

    fn renew(&mut self) {
        self.left -= 1;
        if self.left == 0 {
            self.open.take().unwrap().0.abort().unwrap();
            self.open = Some(Open(self.database.begin_write().unwrap()));
            self.left = INPUTS;
        }
    }
}

/// The first three bytes say which row of which table, and whether the rest is its value, or changes to it: place, bits.
pub fn run(data: &[u8]) {
    let mut input = Input(data);
    let (table, row, how) = (input.byte(), input.byte(), input.byte());
    PLACE.with_borrow_mut(|place| {
        let open = place.open.as_ref().unwrap();
        let (table, rows) = &place.rows[usize::from(table) % TABLES.len()];
        let before = &rows[usize::from(row) % rows.len()];
        let (key, mut value) = before.clone();
        if how % 2 == 0 {
            value = input.0.to_vec();
        } else {
            for change in input.0.chunks_exact(3) {
                let at = usize::from(u16::from_be_bytes([change[0], change[1]]));
                match value.get_mut(at) {
                    Some(byte) => *byte ^= change[2],
                    None => value.push(change[2]),
                }
            }
        }
        let after = (key, value);
        open.put(table, &after);
        judge(open, table, &after, before);
        open.put(table, before);
        place.renew();
    });
}

/// Read the row `after`, which stands in the place of `before`.
fn judge(open: &Open, table: &str, after: &Row, before: &Row) {
    let (key, value) = after;
    let same = after == before;
    let read = match table {
        "users" => users::find(open, UserId::from_bytes(key[..].try_into().unwrap())).map(drop),
        "sessions" => sessions::find(open, SessionId::from_bytes(key[..].try_into().unwrap())).map(drop),
        "hardware_wallets" => {
            let (user, id) = (key[..16].try_into().unwrap(), key[16..].try_into().unwrap());
            hardware_wallets::find(open, UserId::from_bytes(user), WalletId::from_bytes(id)).map(drop)
        }
        "signing_keys" => keys::all(open, None).map(drop),
        "meta" => {
            let all = [meta::mac_key(open, None).map(drop), meta::is_sealed(open).map(drop)];
            assert!(!same || all.iter().all(Result::is_ok), "what was written here is refused");
            return;
        }
        _ => {
            let progress = audit::verify(open, None, 1_000);
            let holds = progress.is_ok_and(|progress| progress.broken.is_none() && progress.done);
            assert_eq!(holds, same, "a changed entry of the audit log: {}", String::from_utf8_lossy(value));
            return;
        }
    };
    assert!(!same || read.is_ok(), "what was written here is refused: {read:?}");
    if read.is_ok() {
        // By another reading, it is a version and an object. In a member that nobody reads, a text may be any bytes.
        let json = value.strip_prefix(&[1]).map(String::from_utf8_lossy);
        let object = json.is_some_and(|json| matches!(serde_json::from_str(&json), Ok(Value::Object(_))));
        assert!(object, "{table}: {}", String::from_utf8_lossy(value));
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    PLACE.with_borrow(|place| {
        let mut seeds = Vec::new();
        for (table, (_, rows)) in place.rows.iter().enumerate() {
            let table = u8::try_from(table).unwrap();
            for (row, (_, value)) in rows.iter().enumerate().take(2) {
                let row = u8::try_from(row).unwrap();
                seeds.push([&[table, row, 0], &value[..]].concat());
                seeds.push(vec![table, row, 1]);
                seeds.push(vec![table, row, 1, 0, 0, 3]);
                seeds.push(vec![table, row, 1, 0, 9, 1]);
                seeds.push(vec![table, row, 1, 0xff, 0xff, b' ']);
            }
        }
        seeds
    })
}
