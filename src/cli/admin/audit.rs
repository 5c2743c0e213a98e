//! Asking the audit log: of the running service, or of a database that is not in use, which is then only read.
//!
//! Each question is for so much and no more, so that a log of any length passes through little memory.

use std::{path::PathBuf, thread, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;

use super::{Command, Outcome, UserName, socket};
use crate::{
    cli::Failure,
    config::Config,
    domain::{
        audit::{Mark, Page, Progress, Query},
        id::UserId,
    },
    http::audit::AuditEntry,
    service::{Error, Service},
    store::{OpenError, Snapshot, StoreError, audit, users},
};

/// A question about the log.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum Question {
    User(UserName),
    Page(Query),
    Verify { after: Option<Mark>, limit: usize },
}

/// The answer to the question of the same name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::cli) enum Answer {
    User(Option<UserId>),
    Page { entries: Vec<AuditEntry>, next: Option<u64> },
    Progress(Progress),
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self::Page { entries: page.entries.into_iter().map(AuditEntry::from).collect(), next: page.next }
    }
}

/// The running service's answer.
pub(super) async fn answer(service: &Service, question: Question) -> Result<Answer, Error> {
    match question {
        Question::User(name) => match service.user(name.into()).await {
            Ok(user) => Ok(Answer::User(Some(user.id))),
            Err(Error::UserUnknown) => Ok(Answer::User(None)),
            Err(other) => Err(other),
        },
        Question::Page(query) => service.audit_page(query).await.map(Answer::from),
        Question::Verify { after, limit } => service.verify_audit(after, limit).await.map(Answer::Progress),
    }
}

/// The log, wherever it is.
pub(in crate::cli) enum Log {
    Running(Runtime, PathBuf),
    Stopped(Snapshot),
}

impl Log {
    /// Find out whether a service runs, and else open its database.
    pub(in crate::cli) fn open(config: &Config) -> Result<Self, Failure> {
        let path = super::database(&config.data_dir);
        let running = Self::Running(
            tokio::runtime::Builder::new_current_thread().enable_all().build()?,
            config.data_dir.clone(),
        );
        for _ in 0..50 {
            if running.ask_if_there(Question::Verify { after: None, limit: 0 })?.is_some() {
                return Ok(running);
            }
            match Snapshot::open(&path) {
                Ok(snapshot) => return Ok(Self::Stopped(snapshot)),
                // A service that is starting or stopping has the database but not the socket: a moment changes that.
                Err(OpenError::InUse { .. }) => thread::sleep(Duration::from_millis(100)),
                Err(other) => return Err(Failure::refused(other)),
            }
        }
        Err(Failure::Refused(format!(
            "{} is in use, but no service answers at {}. Is it starting, or run by another user?",
            path.display(),
            socket::path(&config.data_dir).display()
        )))
    }

    /// The answer to `question`.
    pub(in crate::cli) fn ask(&self, question: Question) -> Result<Answer, Failure> {
        self.ask_if_there(question)?
            .ok_or_else(|| Failure::Refused("the service stopped while it was asked; repeat".into()))
    }

    fn ask_if_there(&self, question: Question) -> Result<Option<Answer>, Failure> {
        match self {
            Self::Running(runtime, data_dir) => {
                let asked = runtime.block_on(socket::ask(data_dir, &Command::Audit(question)));
                match asked.map_err(Failure::refused)? {
                    None => Ok(None),
                    Some(Outcome::Audit(answer)) => Ok(Some(answer)),
                    Some(Outcome::Refused(why)) => Err(Failure::Refused(why)),
                    Some(_) => Err(Failure::Refused("the service answered something else".into())),
                }
            }
            Self::Stopped(snapshot) => read(snapshot, question).map(Some).map_err(Failure::refused),
        }
    }
}

fn read(snapshot: &Snapshot, question: Question) -> Result<Answer, StoreError> {
    snapshot.read(|tx| match question {
        Question::User(UserName::Id(id)) => Ok(Answer::User(users::find(tx, id)?.map(|user| user.id))),
        Question::User(UserName::Address(address)) => {
            Ok(Answer::User(users::find_by_address(tx, &address)?.map(|user| user.id)))
        }
        Question::Page(query) => audit::page(tx, &query).map(Answer::from),
        Question::Verify { after, limit } => audit::verify(tx, after, limit).map(Answer::Progress),
    })
}
