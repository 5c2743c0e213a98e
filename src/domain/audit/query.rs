//! What can be asked of the log.

use serde::{Deserialize, Serialize};

use super::{Action, Actor, Event, Mark, Outcome};
use crate::domain::{id::UserId, timestamp::Timestamp};

/// An event in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the chain.
    pub mark: Mark,
    /// What happened.
    pub event: Event,
}

/// Which entries are meant: those that fit everything that is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Filter {
    /// By or about this user.
    pub user: Option<UserId>,
    /// Of this action.
    pub action: Option<Action>,
    /// That ended so.
    pub outcome: Option<Outcome>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

impl Filter {
    /// Whether `event` is meant.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        self.user.is_none_or(|user| event.users().any(|involved| involved == user))
            && self.action.is_none_or(|action| event.action == action)
            && self.outcome.is_none_or(|outcome| event.outcome == outcome)
            && self.from.is_none_or(|from| event.at >= from)
            && self.to.is_none_or(|to| event.at < to)
    }
}

/// Which way a log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// From the newest entry back.
    NewestFirst,
    /// From the oldest entry on.
    OldestFirst,
}

/// A question for a page of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    /// Which entries.
    pub filter: Filter,
    /// Which way.
    pub order: Order,
    /// Only those beyond the entry of this number, the way that is read.
    pub beyond: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

/// Some entries of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The entries. There may be none although there are some further on: a page looks at so many and no more.
    pub entries: Vec<Entry>,
    /// Go on beyond this number; `None` if nothing is there.
    pub next: Option<u64>,
}

impl Event {
    /// Whom it involves: who did it and to whom, each once.
    pub fn users(&self) -> impl Iterator<Item = UserId> {
        let actor = match self.actor {
            Actor::User(id) => Some(id),
            Actor::Anonymous | Actor::Operator | Actor::Service => None,
        };
        self.subject.into_iter().chain(actor.filter(|actor| self.subject != Some(*actor)))
    }
}
