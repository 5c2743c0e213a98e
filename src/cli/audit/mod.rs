//! `lucid-auth audit`: read the audit log, and see whether anybody changed it.

mod verify;

use std::io::{BufWriter, Write};

use clap::Subcommand;

use super::{
    Failure,
    admin::{
        self, UserName,
        audit::{Answer, Log, Question},
        or_dash,
    },
    settings::SettingFlags,
};
use crate::{
    domain::{
        audit::{Action, Filter, Mark, Order, Outcome, Query},
        timestamp::Timestamp,
    },
    http::audit::AuditEntry,
};

/// Read the audit log, whether the service runs or not. Nothing of it can be changed here.
#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List entries, newest first
    List {
        #[command(flatten)]
        which: Which,
        /// At most so many, 1 to 10000
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
        limit: u16,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Write all entries as JSON lines, oldest first
    Export {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// See whether an entry was changed or removed; exits with 0 or 1
    ///
    /// Whoever can write the database can also write all of the log anew, so that it holds. What this prints as the head
    /// stands for all of the log so far: noted somewhere else, it tells later by --expect whether that was done.
    Verify {
        /// Whether the log still has this entry, as it was noted
        #[arg(long, value_name = "NUMBER:HASH")]
        expect: Option<Mark>,
        /// Answer in JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        settings: SettingFlags,
    },
}

/// Which entries.
#[derive(clap::Args)]
struct Which {
    /// By or about this user: TRON address or identifier
    #[arg(long)]
    user: Option<UserName>,
    /// Such as `sign_in`
    #[arg(long)]
    action: Option<Action>,
    /// `success` or `refused`
    #[arg(long)]
    outcome: Option<Outcome>,
    /// At this time or later, such as 2026-11-01T12:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Before this time
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

impl Which {
    fn filter(&self, log: &Log) -> Result<Filter, Failure> {
        let user = match self.user {
            None => None,
            // It may be of an account that is gone.
            Some(UserName::Id(id)) => Some(id),
            Some(name @ UserName::Address(address)) => match log.ask(Question::User(name))? {
                Answer::User(Some(id)) => Some(id),
                _ => {
                    return Err(Failure::Refused(format!(
                        "{address} has no account; an erased one has its identifier"
                    )));
                }
            },
        };
        let Self { action, outcome, since: from, until: to, .. } = *self;
        Ok(Filter { user, action, outcome, from, to })
    }
}

/// How many entries are asked for at once: what an answer of the socket holds in any case.
const PAGE: usize = 500;

impl Arguments {
    /// Do it, and return whether all is well.
    pub(super) fn run(self, out: &mut impl Write) -> Result<bool, Failure> {
        let log = |settings| Log::open(&super::load(settings)?.config);
        match self.what {
            What::List { which, limit, json, settings } => {
                let log = log(settings)?;
                let mut entries = Vec::new();
                let order = Order::NewestFirst;
                read(&log, which.filter(&log)?, order, limit.into(), |entry| {
                    entries.push(entry);
                    Ok(())
                })?;
                admin::print(&entries, json, out, line)?;
                Ok(true)
            }
            What::Export { which, settings } => {
                let log = log(settings)?;
                let mut out = BufWriter::new(out);
                read(&log, which.filter(&log)?, Order::OldestFirst, usize::MAX, |entry| {
                    serde_json::to_writer(&mut out, &entry).map_err(std::io::Error::from)?;
                    Ok(out.write_all(b"\n")?)
                })?;
                out.flush()?;
                Ok(true)
            }
            What::Verify { expect, json, settings } => {
                verify::run(&log(settings)?, expect.as_ref(), json, out)
            }
        }
    }
}

/// Hand the entries to `take`, page after page, at most `limit`.
fn read(
    log: &Log,
    filter: Filter,
    order: Order,
    limit: usize,
    mut take: impl FnMut(AuditEntry) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let (mut beyond, mut left) = (None, limit);
    loop {
        let query = Query { filter, order, beyond, limit: left.min(PAGE) };
        let Answer::Page { entries, next } = log.ask(Question::Page(query))? else {
            return Err(Failure::Refused("the service answered something else".into()));
        };
        left -= entries.len().min(left);
        entries.into_iter().try_for_each(&mut take)?;
        if next.is_none() || left == 0 {
            return Ok(());
        }
        beyond = next;
    }
}

fn line(entry: &AuditEntry) -> String {
    format!(
        "{}  {}  {}  {}  by {}  on {}  from {}  {}",
        entry.number,
        entry.at,
        entry.action,
        entry.outcome,
        entry.actor,
        or_dash(entry.user_id.as_ref()),
        or_dash(entry.ip.as_ref()),
        // What a client said may be in it; only what can be seen is printed.
        entry.detail.as_deref().unwrap_or("-").replace(char::is_control, "?"),
    )
}
