//! Opening the database: what is refused is left as it is.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use redb::{Builder, Database, DatabaseError, StorageError, backends::InMemoryBackend};

use super::{
    OpenError, StoreError, Tx, disk,
    guard::{self, Content},
    lineage::Lineage,
    probe::{probe, regular},
    schema,
    takeover::{self, Verdict},
    transaction::commit,
};
use crate::domain::mac::MacKey;

/// How much of the file redb keeps in memory: its default of 1 GiB is a quarter of a small Pi. With this, a user of a
/// million is read in 4 microseconds, as what is above the leaves of all trees is there, and the leaves are in the system's.
const CACHE_BYTES: usize = 16 << 20;
/// Up to this size, the whole file is checked at each start: a few milliseconds.
const CHECKED_AT_START: u64 = 16 << 20;
/// Open the database, or make it.
pub(super) fn open(path: &Path, key: [u8; 32]) -> Result<Database, OpenError> {
    match open_if_there(path, key) {
        Err(OpenError::Missing { .. }) => create(path, key),
        outcome => outcome,
    }
}

/// Open the database that is there, and say so if there is none.
pub(super) fn open_if_there(path: &Path, key: [u8; 32]) -> Result<Database, OpenError> {
    open_existing(path, key).map_err(|error| missing(path, error))
}

/// `error`, or that no database is at `path`.
pub(super) fn missing(path: &Path, error: OpenError) -> OpenError {
    match error {
        OpenError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound && !is_link(path) => {
            OpenError::Missing { path: path.to_owned() }
        }
        other => other,
    }
}

/// Whether `path` is a symbolic link: one that leads nowhere is somebody's mistake, not a first start. A file that is there
/// by now was made by another process, which is no reason to fail: whoever comes second over an empty folder waits for the
/// first.
fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_symlink())
}

/// Open the database that is there, and never make one.
pub(super) fn open_existing(path: &Path, key: [u8; 32]) -> Result<Database, OpenError> {
    let file = regular(path)?;
    let is_small = file.metadata().map_err(|source| io_error(path, source))?.len() <= CHECKED_AT_START;
    let found = probe(path, file, is_small)?;
    // A file that something else put here may be of many moments at once.
    if !is_small && takeover::verdict(path, (found.lineage, found.copied_at))?.0 != Verdict::Same {
        probe(path, regular(path)?, true)?;
    }
    let database = builder().open(path).map_err(|error| refusal(path, error))?;
    if found.schema < schema::VERSION {
        prepare(path, &database, |tx| schema::migrate(tx, found.schema))?;
    }
    takeover::settle(path, &database, &key)?;
    Ok(database)
}

pub(super) fn in_memory(key: [u8; 32]) -> Result<Database, OpenError> {
    let path = Path::new("memory");
    let database =
        builder().create_with_backend(InMemoryBackend::new()).map_err(|error| refusal(path, error))?;
    prepare(path, &database, |tx| make(tx, key))?;
    Ok(database)
}

pub(super) fn make(tx: &Tx, key: [u8; 32]) -> Result<(), StoreError> {
    schema::create(tx, &MacKey::from_bytes(key))?;
    Lineage::new(&key, None).write(tx)
}

pub(super) fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Make the database under another name, and give it its own when it is whole: no crash leaves half of one.
fn create(path: &Path, key: [u8; 32]) -> Result<Database, OpenError> {
    let fresh = fresh(path)?;
    let made = create_as(&fresh, path, key);
    if made.is_err() {
        // It may not even be there.
        drop(fs::remove_file(&fresh));
    }
    made
}

/// A new empty file beside `path`, of this process alone: in containers, every process may have the same number.
fn fresh(path: &Path) -> Result<PathBuf, OpenError> {
    let folder = disk::folder_of(path);
    disk::make_folders(folder).map_err(|source| io_error(folder, source))?;
    for attempt in 0..100 {
        let name = path.with_extension(format!("new-{}-{attempt}", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&name) {
            Ok(_) => return Ok(name),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(io_error(&name, source)),
        }
    }
    Err(io_error(path, io::ErrorKind::AlreadyExists.into()))
}

fn create_as(fresh: &Path, path: &Path, key: [u8; 32]) -> Result<Database, OpenError> {
    let database = builder().create(fresh).map_err(|error| refusal(fresh, error))?;
    prepare(fresh, &database, |tx| make(tx, key))?;
    publish_first(fresh, path)?;
    let content = Content { lineage: Lineage::new(&key, None), locked: BTreeMap::new() };
    guard::write(path, &content).map_err(|source| io_error(&guard::path(path), source))?;
    Ok(database)
}

/// Give the database `fresh` the name `path`, where there is none. Unlike a rename, a link never takes the place of one that
/// another process made meanwhile, and which that would go on with under another name.
pub(super) fn publish_first(fresh: &Path, path: &Path) -> Result<(), OpenError> {
    let link = || {
        fs::hard_link(fresh, path)?;
        fs::remove_file(fresh)?;
        disk::sync_folder_of(path)
    };
    link().map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists if path.exists() => OpenError::InUse { path: path.to_owned() },
        _ => io_error(path, source),
    })
}

pub(super) fn prepare(
    path: &Path,
    database: &Database,
    change: impl FnOnce(&Tx) -> Result<(), StoreError>,
) -> Result<(), OpenError> {
    let run = || {
        let mut redb = database.begin_write()?;
        redb.set_two_phase_commit(true);
        redb.set_quick_repair(true);
        commit(redb, None, change).map(|_| ())
    };
    run().map_err(|source| OpenError::Prepare { path: path.to_owned(), source })
}

pub(super) fn refusal(path: &Path, error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            OpenError::InUse { path: path.to_owned() }
        }
        DatabaseError::UpgradeRequired(_) => OpenError::Foreign {
            path: path.to_owned(),
            why: "it is of a redb file format that was never used here",
        },
        DatabaseError::Storage(StorageError::Io(source))
            if !matches!(source.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) =>
        {
            io_error(path, source)
        }
        other => damaged(path, other),
    }
}

pub(super) fn damaged(path: &Path, why: impl std::fmt::Display) -> OpenError {
    OpenError::Damaged { path: path.to_owned(), why: why.to_string() }
}

pub(super) fn io_error(path: &Path, source: io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use redb::{ReadableDatabase as _, TableDefinition};

    use super::*;
    use crate::{
        domain::{id::UserId, role::Role, timestamp::Timestamp, user::User, wallet::Address},
        store::{check, meta, users},
    };

    /// A database with a hundred users, closed, and its bytes.
    fn sound(path: &Path) -> Vec<u8> {
        let database = open(path, [1; 32]).unwrap();
        prepare(path, &database, |tx| {
            for number in 0..100 {
                let (id, address) =
                    (UserId::new(number, [0; 10]), Address::from_bytes([u8::try_from(number).unwrap(); 20]));
                assert!(users::insert(tx, &User::new(id, address, Role::User, Timestamp::from_unix(0)))?);
            }
            Ok(())
        })
        .unwrap();
        drop(database);
        fs::read(path).unwrap()
    }

    /// The error that opening gives. The file must stay as it was, and nothing may be left beside it.
    fn refused(path: &Path) -> OpenError {
        let files = || fs::read_dir(path.parent().unwrap()).unwrap().count();
        let (before, beside) = (fs::read(path).unwrap(), files());
        let error = open(path, [2; 32]).unwrap_err();
        assert_eq!(fs::read(path).unwrap(), before, "{error}");
        assert_eq!(files(), beside, "{error}");
        error
    }

    #[test]
    fn a_database_is_made_private_and_opens_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/auth.redb");
        drop(open(&path, [7; 32]).unwrap());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
        let database = open(&path, [8; 32]).unwrap();
        let key = meta::mac_key(&database.begin_read().unwrap(), None).unwrap();
        assert_eq!(*key.as_bytes(), [7; 32], "the key is that of the first start");
        assert!(matches!(open(&path, [8; 32]), Err(OpenError::InUse { .. })));
    }

    #[test]
    fn who_makes_it_second_finds_it_in_use_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        let _first = create(&path, [1; 32]).unwrap();
        assert!(matches!(create(&path, [2; 32]), Err(OpenError::InUse { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "the database and its guard");
    }

    #[test]
    fn what_is_not_ours_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        for content in [&b""[..], b"redb", b"SQLite format 3\0 and more than nine bytes", &[0; 8192]] {
            fs::write(&path, content).unwrap();
            assert!(matches!(refused(&path), OpenError::Foreign { .. }), "{content:?}");
        }
        fs::remove_file(&path).unwrap();
        let other = Database::create(&path).unwrap();
        let tx = other.begin_write().unwrap();
        tx.open_table(TableDefinition::<&str, u64>::new("somebody's")).unwrap();
        tx.commit().unwrap();
        drop(other);
        assert!(matches!(refused(&path), OpenError::Foreign { .. }));
    }

    #[test]
    fn a_file_of_a_build_before_the_first_release_is_refused_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        let early = open(&path, [1; 32]).unwrap();
        let tx = early.begin_write().unwrap();
        tx.delete_table(users::USERS).unwrap();
        tx.open_table(TableDefinition::<&[u8; 16], &[u8]>::new("users")).unwrap();
        tx.commit().unwrap();
        drop(early);
        let OpenError::Foreign { why, .. } = refused(&path) else { panic!() };
        assert!(why.contains("before the first release"), "{why}");
    }

    #[test]
    fn a_link_to_nowhere_and_what_is_no_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert!(matches!(open(&path, [1; 32]), Err(OpenError::Io { .. })));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(open(&path, [1; 32]), Err(OpenError::Foreign { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_newer_schema_is_refused_by_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        let database = open(&path, [1; 32]).unwrap();
        prepare(&path, &database, |tx| meta::set_schema(tx, schema::VERSION + 1)).unwrap();
        drop(database);
        assert!(matches!(refused(&path), OpenError::Newer { found, .. } if found == schema::VERSION + 1));
    }

    #[test]
    fn a_schema_that_never_was_is_refused_by_the_check_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        let database = open(&path, [1; 32]).unwrap();
        prepare(&path, &database, |tx| meta::set_schema(tx, 0)).unwrap();
        drop(database);
        assert!(matches!(check(&path), Err(OpenError::Damaged { .. })));
        assert!(matches!(refused(&path), OpenError::Damaged { .. }));
    }

    #[test]
    fn a_damaged_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        let sound = sound(&path);
        for keep in [10, 100, 4096, sound.len() / 2, sound.len() - 1] {
            fs::write(&path, &sound[..keep]).unwrap();
            assert!(
                matches!(refused(&path), OpenError::Damaged { .. } | OpenError::Foreign { .. }),
                "cut to {keep}"
            );
        }
        let mut noticed = 0;
        for block in 0..sound.len() / 512 {
            let mut flipped = sound.clone();
            flipped[block * 512 + 100] ^= 0xff;
            fs::write(&path, &flipped).unwrap();
            // A byte in a page that nothing points at means nothing; then all must still be there.
            match check(&path) {
                Ok(report) => assert_eq!(report.users, 100, "block {block}"),
                Err(OpenError::Damaged { .. }) => {
                    refused(&path);
                    noticed += 1;
                }
                Err(other) => panic!("block {block}: {other}"),
            }
        }
        assert!(noticed >= 10, "only {noticed} flips were noticed");
    }

    #[test]
    fn a_sound_file_is_checked_without_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth.redb");
        let sound = sound(&path);
        assert_eq!(check(&path).unwrap().users, 100);
        assert_eq!(fs::read(&path).unwrap(), sound);
    }

    #[test]
    fn a_database_that_a_service_made_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (fresh, database) = (folder.path().join("auth.redb.restoring"), folder.path().join("auth.redb"));
        fs::write(&fresh, "copy").unwrap();
        fs::write(&database, "made meanwhile").unwrap();
        let refused = publish_first(&fresh, &database).unwrap_err();
        assert!(matches!(refused, OpenError::InUse { .. }), "{refused}");
        assert_eq!(fs::read(&database).unwrap(), b"made meanwhile");
        fs::remove_file(&database).unwrap();
        publish_first(&fresh, &database).unwrap();
        assert_eq!((fs::read(&database).unwrap(), fresh.exists()), (b"copy".to_vec(), false));
    }
}
