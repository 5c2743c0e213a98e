//! A database that must not be opened: refused by name, with advice, and left as it is.

use std::{fs, path::Path};

use redb::{Database, TableDefinition};

use super::{files, run, started};

const META: TableDefinition<&[u8], &[u8]> = TableDefinition::new("meta");

fn write(file: &Path, table: TableDefinition<&[u8], &[u8]>, key: &[u8], value: &[u8]) {
    let database = Database::create(file).unwrap();
    let tx = database.begin_write().unwrap();
    tx.open_table(table).unwrap().insert(key, value).unwrap();
    tx.commit().unwrap();
}

#[test]
fn what_must_not_be_opened_is_refused_by_every_command_and_left_as_it_is() {
    type Spoil = fn(&Path);
    let foreign = "is not a database of lucid-auth";
    let cases: [(&str, Spoil, &str, &str); 6] = [
        ("empty", |file| fs::write(file, "").unwrap(), foreign, "Move it away"),
        (
            "of another program",
            |file| fs::write(file, b"SQLite format 3\0 and so on").unwrap(),
            foreign,
            "set DATA_DIR",
        ),
        (
            "another program's redb",
            |file| {
                fs::remove_file(file).unwrap();
                write(file, TableDefinition::new("theirs"), b"a", b"b");
            },
            foreign,
            "set DATA_DIR",
        ),
        (
            "cut to half",
            |file| fs::write(file, &fs::read(file).unwrap()[..10_000]).unwrap(),
            "is damaged",
            "Restore a backup",
        ),
        (
            "overwritten",
            |file| {
                let mut bytes = fs::read(file).unwrap();
                bytes[64..4096].fill(0x55);
                fs::write(file, bytes).unwrap();
            },
            "is damaged",
            "Restore a backup",
        ),
        (
            "newer",
            |file| write(file, META, b"schema", &1_000_u32.to_be_bytes()),
            "has schema 1000, which a newer version",
            "Install the newer version again",
        ),
    ];
    for (case, spoil, why, advice) in cases {
        let (_folder, data) = started();
        let file = data.join("auth.redb");
        spoil(&file);
        let before = fs::read(&file).unwrap();
        for arguments in [&["serve"][..], &["user", "list"], &["key", "rotate", "--now"], &["check"]] {
            let ended = run(&data, arguments);
            assert_eq!(
                (ended.code, ended.out.as_str()),
                (Some(1), ""),
                "{case}, {arguments:?}: {}",
                ended.err
            );
            for words in [file.to_str().unwrap(), why, advice, "It was left as it is."] {
                assert!(ended.err.contains(words), "{case}, {arguments:?}, {words}: {}", ended.err);
            }
            assert!(fs::read(&file).unwrap() == before, "{case}, {arguments:?}: the file was changed");
            assert_eq!(files(&data), ["auth.guard", "auth.redb"], "{case}, {arguments:?}");
        }
    }
}
