//! A history of a database, recorded: what it held after each commit, and when that was answered.

use std::collections::BTreeMap;

use redb::{Key, ReadTransaction, ReadableTable as _, TableDefinition, Value};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::disk::{Event, Random, Recorder};
use crate::{
    domain::{
        audit::{self as log, Action, Actor},
        id::{SessionId, UserId},
        key,
        refresh_token::TokenHash,
        role::Role,
        session::Session,
        timestamp::Timestamp,
        user::User,
        wallet::Address,
    },
    store::{
        OpenError, Store, StoreError, Tx, audit, guard::Content, hardware_wallets, keys, lineage,
        lineage::Lineage, meta, open, sessions, sessions::tests::session, sign_ins, users, users_index,
        writer::tests::hold,
    },
};

/// What every table holds, but for the count of commits.
pub(super) type Digest = BTreeMap<String, [u8; 32]>;

pub(super) fn digest(tx: &ReadTransaction) -> Result<Digest, StoreError> {
    fn table<K: Key + 'static, V: Value + 'static>(
        tx: &ReadTransaction,
        table: TableDefinition<'_, K, V>,
    ) -> Result<(String, [u8; 32]), StoreError> {
        let mut hash = Sha256::new();
        for row in tx.open_table(table)?.iter()? {
            let (key, value) = row?;
            let (key, value) = (key.value(), value.value());
            let (key, value) = (K::as_bytes(&key), V::as_bytes(&value));
            if key.as_ref() != lineage::COMMITS {
                for part in [key.as_ref(), value.as_ref()] {
                    hash.update(part.len().to_be_bytes());
                    hash.update(part);
                }
            }
        }
        Ok((table.to_string(), hash.finalize().into()))
    }
    let all = [
        table(tx, meta::META)?,
        table(tx, users::USERS)?,
        table(tx, users::BY_ADDRESS)?,
        table(tx, users_index::BY_ROLE)?,
        table(tx, users_index::LOCKED)?,
        table(tx, hardware_wallets::WALLETS)?,
        table(tx, hardware_wallets::BY_ADDRESS)?,
        table(tx, sessions::SESSIONS)?,
        table(tx, sessions::BY_USER)?,
        table(tx, keys::KEYS)?,
        table(tx, sign_ins::BY_HOUR)?,
        table(tx, audit::AUDIT)?,
        table(tx, audit::BY_USER)?,
    ];
    assert_eq!(tx.list_tables()?.count(), all.len(), "a table is not looked at");
    Ok(all.into())
}

/// A database after a commit.
pub(super) struct Moment {
    pub(super) commits: u64,
    pub(super) digest: Digest,
    /// What the guard would say of it.
    pub(super) guard: Content,
    /// How much had been asked of the disk when its last change was answered.
    pub(super) answered: usize,
}

pub(super) struct History {
    /// What the disk held when it began.
    pub(super) start: Vec<u8>,
    pub(super) events: Vec<Event>,
    /// After each commit, in order, without gaps.
    pub(super) moments: Vec<Moment>,
}

impl History {
    /// The last moment that had been answered when so much had been asked of the disk, and the last that could be there.
    pub(super) fn at(&self, position: usize) -> (usize, usize) {
        let answered = self.moments.iter().rposition(|moment| moment.answered <= position).unwrap();
        // A commit that shares its answers with the next comes before it.
        let next = self.moments[answered..].iter().position(|moment| moment.answered > position);
        let group = next.map(|next| self.moments[answered + next].answered);
        let last = self.moments.iter().rposition(|moment| Some(moment.answered) == group);
        (answered, last.unwrap_or(answered))
    }
}

fn moment(store: &Store, disk: &Recorder) -> Moment {
    let look = |tx: &ReadTransaction| {
        let lineage = Lineage::read(tx)?.unwrap();
        Ok((lineage.commits, digest(tx)?, Content::of(tx, lineage)?))
    };
    let (commits, digest, guard) = store.read(look).unwrap();
    Moment { commits, digest, guard, answered: disk.position() }
}

/// Live through `steps` steps, each a commit or a few.
pub(super) async fn live(steps: usize, mut random: Random) -> History {
    let disk = Recorder::default();
    let database = open::builder().create_with_backend(disk.clone()).unwrap();
    open::prepare("new".as_ref(), &database, |tx| open::make(tx, [1; 32])).unwrap();
    // It gets its name only now: no cut before could leave anything there.
    let mut history = History { start: Vec::new(), events: Vec::new(), moments: Vec::new() };
    let lost = || Err(OpenError::Io { path: "disk".into(), source: std::io::ErrorKind::Other.into() });
    let store = Store::start(database, None, lost).unwrap();
    history.moments.push(moment(&store, &disk));
    let mut people = Vec::new();
    for step in 0..steps {
        let now = Timestamp::from_unix(1_793_000_000 + 60 * step as u64);
        let together = if random.below(5) == 0 { 2 + random.below(12) } else { 1 };
        let changes: Vec<_> = (0..together).map(|_| change(&mut people, now, &mut random)).collect();
        if together == 1 {
            for change in changes {
                store.write(change).await.unwrap();
            }
            let (before, after) = (history.moments.last().unwrap(), moment(&store, &disk));
            if after.commits > before.commits {
                history.moments.push(after);
            } else {
                // There was nothing to change: to remove the oldest of a log that is empty.
                assert_eq!((after.commits, &after.digest), (before.commits, &before.digest));
            }
        } else {
            write_together(&store, changes).await;
            let after = moment(&store, &disk);
            // What kept the writer at work meanwhile was a commit, too, which changed nothing.
            let before = history.moments.last().unwrap();
            let commits = after.commits - before.commits;
            assert!([1, 2].contains(&commits), "they did not share a commit");
            // It is the only one if none of them had anything to change.
            if commits == 2 {
                let mut guard = before.guard.clone();
                guard.lineage.commits += 1;
                let held = Moment { digest: before.digest.clone(), guard, ..moment(&store, &disk) };
                history.moments.push(Moment { commits: after.commits - 1, ..held });
            }
            history.moments.push(after);
        }
    }
    drop(store);
    history.events = disk.events();
    history
}

/// Write all of these in one commit.
async fn write_together(store: &Store, changes: Vec<Change>) {
    let release = hold(store).await;
    let write = |change| {
        let store = store.clone();
        tokio::spawn(async move { store.write(change).await.unwrap() })
    };
    let asked: Vec<_> = changes.into_iter().map(write).collect();
    // On one thread, what was spawned runs, and so waits in the queue, before this goes on.
    tokio::task::yield_now().await;
    drop(release);
    for one in asked {
        one.await.unwrap();
    }
}

type Change = Box<dyn Fn(&Tx) -> Result<(), StoreError> + Send>;

/// One of those who live through it.
struct Person {
    user: User,
    sessions: Vec<Session>,
}

/// What one of the use cases writes.
fn change(people: &mut Vec<Person>, now: Timestamp, random: &mut Random) -> Change {
    let bytes = Zeroizing::new([(); 4].map(|()| random.next().to_be_bytes()).concat());
    let bytes: [u8; 32] = bytes.as_slice().try_into().unwrap();
    let mut ten = [0; 10];
    ten.copy_from_slice(&bytes[..10]);
    let milliseconds = now.unix() * 1000;
    let chosen = random.below(people.len().max(1));
    let kind = if people.is_empty() { 0 } else { random.below(20) };
    let event = move |action, user: &User| {
        log::Event::new(now, action, Actor::User(user.id)).about(user.id, user.address)
    };
    match kind {
        // Somebody new, or one more session of somebody.
        0..8 => {
            if people.is_empty() || kind < 4 {
                let mut address = [0; 20];
                address.copy_from_slice(&bytes[..20]);
                let (id, address) = (UserId::new(milliseconds, ten), Address::from_bytes(address));
                let user = User::new(id, address, Role::User, now);
                people.push(Person { user, sessions: Vec::new() });
            }
            let person = if kind < 4 { people.last_mut() } else { people.get_mut(chosen) }.unwrap();
            let mut session = session(bytes[0]);
            session.id = SessionId::new(milliseconds, ten);
            (session.user_id, session.address) = (person.user.id, person.user.address);
            person.user.last_login_at = Some(now);
            person.user.locked_at = None;
            person.sessions.push(session.clone());
            let user = person.user.clone();
            Box::new(move |tx| {
                users::insert(tx, &user)?;
                users::update(tx, &user)?;
                sessions::insert(tx, &session)?;
                sign_ins::count(tx, now)?;
                audit::append(tx, &event(Action::SignIn, &user).in_session(session.id))
            })
        }
        // A refresh.
        8..14 if !people[chosen].sessions.is_empty() => {
            let session = people[chosen].sessions.last_mut().unwrap();
            session.rotation.current = TokenHash::from_bytes(bytes);
            session.refreshed_at = now;
            let session = session.clone();
            Box::new(move |tx| sessions::update(tx, &session))
        }
        // A sign-out.
        14 if !people[chosen].sessions.is_empty() => {
            let session = people[chosen].sessions.remove(0);
            let user = people[chosen].user.clone();
            Box::new(move |tx| {
                sessions::take(tx, session.id)?;
                audit::append(tx, &event(Action::SignOut, &user).in_session(session.id))
            })
        }
        // A lock, which ends all sessions.
        15 => {
            let person = &mut people[chosen];
            person.user.locked_at = Some(now);
            person.user.role = Role::NodeOperator;
            let (user, ended) = (person.user.clone(), std::mem::take(&mut person.sessions));
            Box::new(move |tx| {
                users::update(tx, &user)?;
                for session in &ended {
                    sessions::take(tx, session.id)?;
                }
                audit::append(tx, &event(Action::UserLocked, &user))
            })
        }
        // The next signing key, and one that retires.
        16 => Box::new(move |tx| {
            let key = key::Key::from_seed(&Zeroizing::new(bytes), now, now);
            if let Some(oldest) = keys::all(tx, None)?.first() {
                keys::remove(tx, &oldest.kid)?;
            }
            keys::put(tx, &key, None)?;
            audit::append(tx, &log::Event::new(now, Action::KeyAdded, Actor::Service).with(&key.kid))
        }),
        // An erasure.
        17 if people.len() > 3 => {
            let Person { user, sessions: ended } = people.remove(chosen);
            Box::new(move |tx| {
                for session in &ended {
                    sessions::take(tx, session.id)?;
                }
                users::remove(tx, &user)?;
                audit::append(tx, &event(Action::UserErased, &user).with("x".repeat(400)))
            })
        }
        // The oldest of the audit log is removed.
        18 => Box::new(move |tx| audit::prune(tx, now, 5, now).map(drop)),
        _ => {
            let user = people[chosen].user.clone();
            Box::new(move |tx| audit::append(tx, &event(Action::ProfileChanged, &user).with("x".repeat(400))))
        }
    }
}
