//! Nothing that was answered is lost when the power goes.
//!
//! A history of sign-ins, refreshes, sign-outs, locks, erasures, key changes and audit entries, some of them sharing commits,
//! is recorded on a disk that notes each write, change of length and sync. Power is then cut after each of these. What was
//! synced is there; of all else, sector by sector, any write or none. Each such file must open as it does at a start, pass
//! [`check`], and hold what the database held after some commit: not before the last one that was answered.
//!
//! `LUCID_LONG=1` lives through more, and tears more at each moment; `LUCID_SEED` repeats a run.

mod disk;
#[expect(unreachable_pub, reason = "it is shared with tests elsewhere")]
#[path = "../../../tests/support/figures.rs"]
mod figures;
mod history;

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    time::SystemTime,
};

use super::{Store, check, guard, lineage::Lineage, open};
use disk::{Disk, Fate, Random, Recorder};
use history::{History, digest};

fn is_long() -> bool {
    env::var_os("LUCID_LONG").is_some_and(|value| value == "1")
}

fn seed() -> Random {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let seed = env::var("LUCID_SEED").map_or(now, |text| text.parse().unwrap());
    eprintln!("LUCID_SEED={seed}");
    Random(seed)
}

/// Where the files are made. It need not be a disk: what is cut is the recorded one.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// What may become of what was not synced: nothing, all, and `torn` times something between.
fn fates(torn: usize, random: &mut Random) -> Vec<Fate> {
    let mut tear = || Fate::Torn([512, 4096][random.below(2)], [0, 5, 9][random.below(3)]);
    [Fate::Lost, Fate::Kept].into_iter().chain((0..torn).map(|_| tear())).collect()
}

/// Open `file` as a start of the service does, and return which commit it is as of; it must be between these two.
fn commit_of(
    file: &[u8],
    at: &Path,
    history: &History,
    between: (usize, usize),
    random: &mut Random,
) -> usize {
    fs::write(at, file).unwrap();
    let (answered, last) = between;
    // The guard is written after the commit, and not at once for all.
    let guard = &history.moments[answered.saturating_sub(random.below(3))].guard;
    guard::write(at, guard).unwrap();
    let store = Store::open(at, [2; 32]).unwrap();
    let look = |tx: &_| Ok((Lineage::read(tx)?.unwrap().commits, digest(tx)?));
    let (commits, holds) = store.read(look).unwrap();
    drop(store);
    check(at).unwrap();
    let found = history.moments.iter().position(|moment| moment.commits == commits);
    let found = found.unwrap_or_else(|| panic!("it is as of commit {commits}, which never was"));
    assert!((answered..=last).contains(&found), "commit {found} instead of {answered} to {last}");
    assert_eq!(holds, history.moments[found].digest, "it is not as it was after commit {found}");
    found
}

#[tokio::test]
async fn what_was_answered_survives_a_power_cut_at_any_write() {
    let mut random = seed();
    let (steps, torn) = if is_long() { (150, 8) } else { (50, 1) };
    let history = history::live(steps, random.clone()).await;
    let folder = folder();
    let at = folder.path().join("auth.redb");
    let mut disk = Disk::holding(history.start.clone());
    let (mut cuts, mut images) = (0, 0_u64);
    for (position, event) in history.events.iter().enumerate() {
        disk.pass(event);
        let position = position + 1;
        if position < history.moments[0].answered {
            continue;
        }
        cuts += 1;
        for fate in fates(torn, &mut random) {
            let image = disk.after_power_cut(fate, &mut random);
            commit_of(&image, &at, &history, history.at(position), &mut random);
            images += 1;
        }
    }
    eprintln!("{} commits, {cuts} cuts", history.moments.len());
    assert!(cuts > 10 * steps, "only {cuts} cuts");
    figures::record("power cut at each write and sync of a history", images, 0);
}

#[tokio::test]
async fn a_disk_that_says_to_have_synced_and_has_not_is_caught() {
    let history = history::live(10, Random(1)).await;
    let folder = folder();
    let at = folder.path().join("auth.redb");
    let mut disk = Disk::holding(history.start.clone());
    let (mut random, mut caught) = (Random(2), 0);
    for (position, event) in history.events.iter().enumerate() {
        let position = position + 1;
        let answered = history.moments[0].answered;
        if position <= answered || !matches!(event, disk::Event::Sync) {
            disk.pass(event);
        } else if history.at(position).0 > 3 {
            let image = disk.after_power_cut(Fate::Torn(512, 0), &mut random);
            let judge = AssertUnwindSafe(|| {
                commit_of(&image, &at, &history, history.at(position), &mut Random(3));
            });
            caught += u32::from(catch_unwind(judge).is_err());
        }
    }
    assert!(caught > 10, "only {caught} were caught");
}

#[tokio::test]
async fn a_second_power_cut_while_the_first_is_mended_loses_nothing_either() {
    let mut random = seed();
    let (steps, every, torn) = if is_long() { (100, 7, 4) } else { (30, 41, 1) };
    let history = history::live(steps, random.clone()).await;
    let folder = folder();
    let at = folder.path().join("auth.redb");
    let mut disk = Disk::holding(history.start.clone());
    let mut images = 0_u64;
    for (position, event) in history.events.iter().enumerate() {
        disk.pass(event);
        let position = position + 1;
        if position < history.moments[0].answered || position % every != 0 {
            continue;
        }
        let between = history.at(position);
        let fate = fates(3, &mut random)[random.below(5)];
        let first = disk.after_power_cut(fate, &mut random);
        let found = commit_of(&first, &at, &history, between, &mut random);
        // The same opening and closing, on a disk that is recorded.
        let second = Recorder::holding(first.clone());
        let opened = open::builder().create_with_backend(second.clone()).unwrap();
        let served = second.position();
        drop(opened);
        let mut mended = Disk::holding(first);
        for (number, event) in second.events().iter().enumerate() {
            mended.pass(event);
            // What it has told, it must go on telling.
            let between = if number + 1 < served { between } else { (found, found) };
            for fate in fates(torn, &mut random) {
                let image = mended.after_power_cut(fate, &mut random);
                commit_of(&image, &at, &history, between, &mut random);
                images += 1;
            }
        }
    }
    assert!(images > 100, "only {images} cuts");
    figures::record("power cut while an earlier one is mended", images, 0);
}
