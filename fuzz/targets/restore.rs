//! Copies that are put back: a damaged one leaves the database as it was, a good one brings no session back.

use std::{fs, sync::LazyLock};

use lucid_auth::store::{Store, check, restore, sessions};
use tempfile::TempDir;

use crate::{
    database::{BASE, whole},
    input::Input,
    world::{NOW, folder},
};

static PLACE: LazyLock<TempDir> = LazyLock::new(folder);

pub fn run(data: &[u8]) {
    let (copy, database) = (PLACE.path().join("copy.redb"), PLACE.path().join("auth.redb"));
    let changed = BASE.changed(&copy, Input(data));
    fs::write(&copy, &changed).unwrap();
    fs::write(&database, &BASE.file).unwrap();
    fs::write(database.with_extension("guard"), &BASE.guard).unwrap();
    let sound = check(&copy);
    match (restore(&copy, &database, NOW), sound) {
        (Ok(restored), Ok(report)) => {
            assert_eq!(restored.report, report);
            assert!(
                fs::read(restored.kept.as_ref().unwrap()).unwrap() == BASE.file,
                "what was there was not kept"
            );
            fs::remove_file(restored.kept.unwrap()).unwrap();
            let store = Store::open(&database, [8; 32]).unwrap();
            whole(&store, &report);
            assert_eq!(store.read(sessions::count).unwrap(), 0, "a copy brought sessions back");
        }
        (Err(_), Err(_)) => {
            assert!(fs::read(&database).unwrap() == BASE.file, "a refused copy changed the database")
        }
        (Ok(_), Err(error)) => panic!("restored, though it is not sound: {error}"),
        (Err(error), Ok(_)) => panic!("sound, and not restored: {error}"),
    }
    assert!(fs::read(&copy).unwrap() == changed, "the copy is not as it was");
    let left: Vec<_> = fs::read_dir(PLACE.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.len() <= 3, "something was left behind: {left:?}");
}

pub fn seeds() -> Vec<Vec<u8>> {
    crate::database::seeds()
}
