//! A page of a list of users takes a million users no longer than a thousand.
//!
//! A database of a thousand users and one of many are made and walked from the first page to the last, under each filter;
//! then the first, a middle and the last page are timed, as medians. That a page reads no more is counted in
//! `store/users_cost.rs`; here are the times.
//!
//! `LUCID_USERS` says how many: 20000 if it does not, enough to pass the bound of a page; a million in `tests/run --long`.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and its figures are for people"
)]

use std::{
    env,
    path::Path,
    time::{Duration, Instant},
};

use lucid_auth::{
    domain::{id::UserId, role::Role, timestamp::Timestamp, user::User, wallet::Address},
    store::{
        Store, users,
        users_index::{Filter, Place, page},
    },
};

const LIMIT: usize = 50;
const BATCH: u32 = 10_000;
/// How often a page is timed.
const TIMES: usize = 21;

/// What passing over five thousand users may cost, without optimisation and on a machine that does much else. Reading a
/// million takes longer anywhere.
const SLACK: Duration = Duration::from_millis(500);

/// Of ten users, one is `NODE_OPERATOR` and another is locked; every other one has a name.
fn user(number: u32) -> User {
    let role = if number % 10 == 1 { Role::NodeOperator } else { Role::User };
    let mut address = [0; 20];
    // An odd factor gives each number another address, and neighbours distant ones.
    address[..4].copy_from_slice(&number.wrapping_mul(0x9e37_79b1).to_be_bytes());
    let id = UserId::new(u64::from(number), [0; 10]);
    let mut user = User::new(id, Address::from_bytes(address), role, Timestamp::from_unix(1_793_000_000));
    user.locked_at = (number % 10 == 2).then_some(Timestamp::from_unix(1_793_000_000));
    user.profile.display_name = number.is_multiple_of(2).then(|| format!("Ada {number}").parse().unwrap());
    user
}

fn filters() -> [(&'static str, Filter); 9] {
    let filter = Filter::default;
    [
        ("no filter", filter()),
        ("role=USER", Filter { role: Some(Role::User), ..filter() }),
        ("role=NODE_OPERATOR", Filter { role: Some(Role::NodeOperator), ..filter() }),
        ("locked=true", Filter { locked: Some(true), ..filter() }),
        ("locked=false", Filter { locked: Some(false), ..filter() }),
        ("q=TB", Filter { address: Some("TB".parse().unwrap()), ..filter() }),
        (
            "q=TB, locked=true",
            Filter { address: Some("TB".parse().unwrap()), locked: Some(true), ..filter() },
        ),
        ("q=ada", Filter { name: Some("ada".into()), ..filter() }),
        ("q=bob, who is nobody", Filter { name: Some("bob".into()), ..filter() }),
    ]
}

/// A database of so many users.
fn make(path: &Path, count: u32) -> Store {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = Store::open(path, [7; 32]).unwrap();
    for first in (0..count).step_by(BATCH as usize) {
        let add = move |tx: &lucid_auth::store::Tx| {
            for number in first..count.min(first + BATCH) {
                assert!(users::insert(tx, &user(number))?);
            }
            Ok(())
        };
        runtime.block_on(store.write(add)).unwrap();
    }
    store
}

/// Where each page of a list begins that is not empty (or the first), and how many users all of them gave.
fn walk(store: &Store, filter: &Filter) -> (Vec<Option<Place>>, usize) {
    let (mut places, mut given) = (vec![None], 0);
    loop {
        let after = *places.last().unwrap();
        let page = store.read(|tx| page(tx, filter, after, LIMIT)).unwrap();
        given += page.users.len();
        // What follows the last user is an empty page.
        if page.users.is_empty() && places.len() > 1 && page.next.is_none() {
            places.pop();
        }
        match page.next {
            Some(next) => places.push(Some(next)),
            None => return (places, given),
        }
    }
}

/// The median time of the page that begins at `after`.
fn time(store: &Store, filter: &Filter, after: Option<Place>) -> Duration {
    let mut times: Vec<_> = (0..TIMES)
        .map(|_| {
            let began = Instant::now();
            store.read(|tx| page(tx, filter, after, LIMIT)).unwrap();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[TIMES / 2]
}

/// The times of the first, a middle and the last page of each list.
fn measure(path: &Path, count: u32) -> Vec<[Duration; 3]> {
    let began = Instant::now();
    let store = make(path, count);
    eprintln!("{count} users made in {:.1?}", began.elapsed());
    let all: Vec<_> = (0..count).map(user).collect();
    filters()
        .iter()
        .map(|(name, filter)| {
            let (places, given) = walk(&store, filter);
            let expected = all.iter().filter(|user| filter.admits(user)).count();
            assert_eq!(given, expected, "{name} of {count}");
            [0, places.len() / 2, places.len() - 1].map(|place| time(&store, filter, places[place]))
        })
        .collect()
}

#[test]
fn a_page_takes_among_many_users_as_long_as_among_a_thousand() {
    let many = env::var("LUCID_USERS").map_or(20_000, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let few = measure(&folder.path().join("few.redb"), 1_000);
    let times = measure(&folder.path().join("many.redb"), many);

    eprintln!("pages of {LIMIT}, microseconds, and how many times those of 1000 users that is");
    eprintln!("{:22} {:>16} {:>16} {:>16}", "", "first", "middle", "last");
    for ((name, _), (times, few)) in filters().iter().zip(times.iter().zip(&few)) {
        let [first, middle, last] = [0, 1, 2].map(|place| {
            let ratio = times[place].as_secs_f64() / few[place].as_secs_f64();
            format!("{} ({ratio:.1})", times[place].as_micros())
        });
        eprintln!("{name:22} {first:>16} {middle:>16} {last:>16}");
    }
    for ((name, _), (times, few)) in filters().iter().zip(times.iter().zip(&few)) {
        for place in 0..3 {
            // Pages that pass over users pass over at most five thousand of them, where there are only a thousand else.
            let most = few[place] * 20 + SLACK;
            assert!(times[place] < most, "{name}: {:?}, over {most:?}", times[place]);
        }
    }
}
