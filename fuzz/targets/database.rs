//! The database's file: whatever was done to it, it is opened and wholly sound, or refused and left as it was.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use lucid_auth::{
    domain::audit::{Filter, Order, Query},
    store::{CheckReport, Store, audit, check, keys, users_index},
};
use redb::{Database, ReadableTable as _, TableDefinition};
use tempfile::TempDir;

use crate::{
    input::Input,
    world::{World, folder},
};

/// A real database, small, and closed well; with the guard beside it.
pub static BASE: LazyLock<Base> = LazyLock::new(Base::new);
static PLACE: LazyLock<TempDir> = LazyLock::new(folder);

pub struct Base {
    pub file: Vec<u8>,
    pub guard: Vec<u8>,
    /// Where the blocks of the file begin that hold something.
    used: Vec<usize>,
    pub report: CheckReport,
}

const BLOCK: usize = 256;

impl Base {
    fn new() -> Self {
        let folder = folder();
        let path = folder.path().join("auth.redb");
        let world = World::over(Store::open(&path, [7; 32]).unwrap());
        world.people();
        drop(world);
        let file = fs::read(&path).unwrap();
        let blocks = file.chunks(BLOCK).enumerate();
        let used = blocks
            .filter(|(_, block)| block.iter().any(|byte| *byte != 0))
            .map(|(at, _)| at * BLOCK)
            .collect();
        let guard = fs::read(path.with_extension("guard")).unwrap();
        Self { report: check(&path).unwrap(), file, guard, used }
    }

    /// The file after what `input` says was done to it.
    pub fn changed(&self, path: &Path, mut input: Input<'_>) -> Vec<u8> {
        let mut file = self.file.clone();
        // First to its rows, as whoever can write the file could.
        let rows = input.byte();
        if rows & 0x80 != 0 {
            fs::write(path, &file).unwrap();
            change_rows(path, usize::from(rows & 0x0f) + 1, &mut input);
            file = fs::read(path).unwrap();
        }
        // Then to its bytes, as a failing disk does.
        while !input.0.is_empty() {
            let (what, block, within, value) = (input.byte(), input.array(), input.byte(), input.byte());
            let block = usize::from(u16::from_be_bytes(block));
            let at = self.used[block % self.used.len()] + usize::from(within);
            match (what % 8, file.get_mut(at)) {
                (0..=2, Some(byte)) => *byte ^= value,
                (3, Some(byte)) => *byte = value,
                // A block that was never written, or belongs elsewhere.
                (4, Some(_)) => file[at & !(BLOCK - 1)..].iter_mut().take(BLOCK).for_each(|byte| *byte = 0),
                (5, Some(_)) => {
                    let from = self.used[usize::from(value) % self.used.len()];
                    let copy: Vec<u8> = file[from.min(file.len())..].iter().take(BLOCK).copied().collect();
                    let begin = at & !(BLOCK - 1);
                    file[begin..].iter_mut().zip(copy).for_each(|(byte, new)| *byte = new);
                }
                (6, _) => file.truncate(at),
                (7, _) => file.resize((file.len() + usize::from(value) * 37).min(self.file.len() * 2), value),
                (_, None) | (8.., _) => {}
            }
        }
        file
    }
}

/// The tables whose values are rows.
pub const TABLES: [&str; 6] = ["meta", "signing_keys", "users", "sessions", "hardware_wallets", "audit"];

/// Change so many bytes of values, through redb itself.
fn change_rows(path: &Path, count: usize, input: &mut Input<'_>) {
    let database = Database::open(path).unwrap();
    let tx = database.begin_write().unwrap();
    for _ in 0..count {
        let (table, row, at, with) = (input.byte(), input.byte(), input.byte(), input.byte());
        let name = TABLES[usize::from(table) % TABLES.len()];
        let mut table = tx.open_table(TableDefinition::<&[u8], &[u8]>::new(name)).unwrap();
        let found = table.iter().unwrap().map(Result::unwrap).nth(usize::from(row % 16));
        let found = found.map(|(key, value)| (key.value().to_vec(), value.value().to_vec()));
        if let Some((key, mut value)) = found {
            match value.get_mut(usize::from(at)) {
                Some(byte) => *byte = with,
                None => value.truncate(usize::from(with)),
            }
            table.insert(&key[..], &value[..]).unwrap();
        }
    }
    tx.commit().unwrap();
}

fn path() -> PathBuf {
    PLACE.path().join("auth.redb")
}

pub fn run(data: &[u8]) {
    let path = path();
    let changed = BASE.changed(&path, Input(data));
    fs::write(&path, &changed).unwrap();
    fs::write(path.with_extension("guard"), &BASE.guard).unwrap();

    let checked = check(&path);
    assert!(fs::read(&path).unwrap() == changed, "check wrote to the file");
    let opened = Store::open(&path, [8; 32]);
    match (&checked, &opened) {
        (Ok(report), Ok(store)) => whole(store, report),
        (Err(_), Err(_)) => {
            assert!(fs::read(&path).unwrap() == changed, "a file that was refused is not as it was")
        }
        (Ok(_), Err(error)) => panic!("sound by the check, and refused: {error}"),
        (Err(error), Ok(_)) => panic!("opened, though the check refuses it: {error}"),
    }
    if changed == BASE.file {
        assert_eq!(checked.unwrap(), BASE.report);
    }
}

/// All that was accepted can be read.
pub fn whole(store: &Store, report: &CheckReport) {
    let query = Query { filter: Filter::default(), order: Order::OldestFirst, beyond: None, limit: 10_000 };
    let entries = store.read(|tx| audit::page(tx, &query)).unwrap().entries.len() as u64;
    let everybody = users_index::Filter { role: None, locked: None, address: None, name: None };
    let users = store.read(|tx| users_index::page(tx, &everybody, None, 10_000)).unwrap().users;
    assert_eq!((entries, users.len() as u64), (report.audit_entries, report.users));
    let all = store.read(|tx| keys::all(tx, None)).unwrap();
    assert_eq!(all.len() as u64, report.signing_keys);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = vec![vec![0], vec![0x80, 0, 0, 0, 0]];
    for table in 0..6 {
        for at in [0, 1, 9, 40, 255] {
            seeds.push(vec![0x80, table, 1, at, 0x30]);
        }
    }
    for what in 0..8 {
        for block in [0, 1, 16, 40] {
            seeds.push(vec![0, what, 0, block, 9, 1]);
        }
    }
    seeds
}
