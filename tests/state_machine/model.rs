//! What sessions, accounts and tokens are meant to do, as simply as it can be said.

use std::collections::BTreeMap;

use lucid_auth::domain::{
    id::{SessionId, UserId},
    role::Role,
};

/// How long a session lasts after it was refreshed, in seconds.
pub const SESSION: u64 = 7 * 86_400;
/// How many sessions one may have.
pub const SESSIONS: usize = 3;
/// For how long a used refresh token is answered once more, in seconds.
const GRACE: u64 = 10;

#[derive(Debug, Clone)]
pub struct Account {
    pub id: UserId,
    pub role: Role,
    pub locked: bool,
}

#[derive(Debug, Clone)]
struct Session {
    owner: UserId,
    until: u64,
    /// The refresh tokens, by number, that have been given and not used.
    fresh: Vec<usize>,
    /// The one that was used last, and when, while it may be answered once more.
    used: Option<(usize, u64)>,
}

/// Why somebody is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// The session is over, or the token is.
    Over,
    Reused,
    Locked,
    LastSuperAdmin,
    Unknown,
}

/// The accounts by wallet, and the sessions.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub accounts: BTreeMap<u8, Account>,
    sessions: BTreeMap<SessionId, Session>,
}

impl Model {
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    fn account(&self, id: UserId) -> Option<&Account> {
        self.accounts.values().find(|account| account.id == id)
    }

    pub fn may_sign_in(&self, wallet: u8) -> Result<(), Refused> {
        if self.accounts.get(&wallet).is_some_and(|account| account.locked) {
            return Err(Refused::Locked);
        }
        Ok(())
    }

    /// The wallet signed in, and was given the session and the refresh token of this number.
    pub fn signed_in(&mut self, wallet: u8, user: UserId, id: SessionId, token: usize, now: u64) {
        let new = Account { id: user, role: Role::User, locked: false };
        let owner = self.accounts.entry(wallet).or_insert(new).id;
        assert_eq!(owner, user, "a wallet has one account");
        self.sessions.retain(|_, session| session.owner != owner || now < session.until);
        let own: Vec<_> = self.sessions.iter().filter(|(_, session)| session.owner == owner).collect();
        let over = (own.len() + 1).saturating_sub(SESSIONS);
        let oldest: Vec<_> = own.iter().take(over).map(|(id, _)| **id).collect();
        self.sessions.retain(|id, _| !oldest.contains(id));
        let session = Session { owner, until: now + SESSION, fresh: vec![token], used: None };
        assert!(self.sessions.insert(id, session).is_none(), "a new session");
    }

    /// Exchange a refresh token for the one of number `next`.
    pub fn refresh(&mut self, id: SessionId, token: usize, next: usize, now: u64) -> Result<(), Refused> {
        let session = self.sessions.get_mut(&id).ok_or(Refused::Over)?;
        if session.until <= now {
            self.sessions.remove(&id);
            return Err(Refused::Over);
        }
        if session.fresh.contains(&token) {
            session.fresh = vec![next];
            session.used = Some((token, now));
        } else if session.used.is_some_and(|(used, at)| used == token && (at..at + GRACE).contains(&now)) {
            session.fresh.push(next);
            session.used = None;
        } else {
            self.sessions.remove(&id);
            return Err(Refused::Reused);
        }
        session.until = now + SESSION;
        Ok(())
    }

    /// The role that whoever speaks for the session has.
    pub fn holder(&self, id: SessionId, now: u64) -> Result<Role, Refused> {
        let session = self.sessions.get(&id).filter(|session| now < session.until).ok_or(Refused::Over)?;
        match self.account(session.owner) {
            Some(account) if account.locked => Err(Refused::Locked),
            Some(account) => Ok(account.role),
            None => Err(Refused::Over),
        }
    }

    pub fn end(&mut self, id: SessionId, all: bool) {
        let owner = self.sessions[&id].owner;
        self.sessions.retain(|other, session| *other != id && !(all && session.owner == owner));
    }

    pub fn sweep(&mut self, now: u64) {
        self.sessions.retain(|_, session| now < session.until);
    }

    /// Whether nobody could give out roles without this one.
    fn is_last(&self, account: &Account) -> bool {
        let can = |account: &Account| account.role == Role::SuperAdmin && !account.locked;
        can(account) && self.accounts.values().filter(|account| can(account)).count() == 1
    }

    /// Change an account that is there. `harms` tells of a change that the last `SUPER_ADMIN` must be spared.
    pub fn change(
        &mut self,
        wallet: u8,
        harms: bool,
        change: impl FnOnce(&mut Account),
    ) -> Result<UserId, Refused> {
        let account = self.accounts.get(&wallet).ok_or(Refused::Unknown)?;
        if harms && self.is_last(account) {
            return Err(Refused::LastSuperAdmin);
        }
        let account = self.accounts.get_mut(&wallet).unwrap();
        change(account);
        Ok(account.id)
    }

    pub fn lock(&mut self, wallet: u8) -> Result<(), Refused> {
        let owner = self.change(wallet, true, |account| account.locked = true)?;
        self.sessions.retain(|_, session| session.owner != owner);
        Ok(())
    }

    pub fn erase(&mut self, wallet: u8) -> Result<(), Refused> {
        let owner = self.change(wallet, true, |_| {})?;
        self.sessions.retain(|_, session| session.owner != owner);
        self.accounts.remove(&wallet);
        Ok(())
    }

    /// A copy was put back: all is as it was then, but sessions are over, and who is locked now is locked.
    pub fn put_back(&mut self, copy: &Self) {
        let now = std::mem::replace(self, copy.clone());
        self.sessions.clear();
        for (wallet, account) in now.accounts.into_iter().filter(|(_, account)| account.locked) {
            let known = self.accounts.entry(wallet);
            known.and_modify(|known| known.locked = true).or_insert(Account { role: Role::User, ..account });
        }
    }
}
