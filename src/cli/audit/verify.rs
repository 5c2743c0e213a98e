//! `lucid-auth audit verify`: whether the chain holds, and still has what was noted of it.

use std::io::Write;

use serde::Serialize;

use crate::cli::{
    Failure,
    admin::audit::{Answer, Log, Question},
};
use crate::domain::audit::{Break, Filter, Mark, Order, Progress, Pruned, Query};

/// How many entries are checked at once: a moment's work, so that nobody waits for it.
const STEP: usize = 5_000;

/// What came of it.
#[derive(Serialize)]
struct Report {
    sound: bool,
    entries: u64,
    head: Mark,
    pruned: Option<Pruned>,
    broken: Option<Broken>,
    expected: Option<Expected>,
}

#[derive(Serialize)]
struct Broken {
    number: u64,
    why: String,
}

/// How the log stands to a mark that was noted.
#[derive(Serialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "snake_case")]
enum Expected {
    /// It has it.
    Found,
    /// It has another entry there.
    Different,
    /// It ends before.
    Missing,
    /// It begins after: retention removed it, so that nothing can be said.
    Pruned,
}

/// Check the whole log, print what was found, and return whether all is well.
pub(super) fn run(
    log: &Log,
    expect: Option<&Mark>,
    json: bool,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let (mut after, mut entries) = (None, 0);
    let end = loop {
        let progress = step(log, after)?;
        entries += progress.checked;
        if progress.done {
            break progress;
        }
        after = Some(progress.at);
    };
    let expected = expect.map(|mark| look_for(log, mark, &end)).transpose()?;
    let report = Report {
        sound: end.broken.is_none() && expected.is_none_or(|expected| expected == Expected::Found),
        entries,
        head: end.head,
        pruned: end.pruned,
        broken: end.broken.map(|broken| Broken { number: broken.number, why: broken.to_string() }),
        expected,
    };
    if json {
        serde_json::to_writer_pretty(&mut *out, &report).map_err(std::io::Error::from)?;
        writeln!(out)?;
    } else {
        tell(&report, end.broken.as_ref(), expect, out)?;
    }
    Ok(report.sound)
}

fn step(log: &Log, after: Option<Mark>) -> Result<Progress, Failure> {
    match log.ask(Question::Verify { after, limit: STEP })? {
        Answer::Progress(progress) => Ok(progress),
        _ => Err(Failure::Refused("the service answered something else".into())),
    }
}

/// How a log that was checked up to `end` stands to `mark`.
fn look_for(log: &Log, mark: &Mark, end: &Progress) -> Result<Expected, Failure> {
    let start = end.pruned.map_or(Mark::START, |pruned| pruned.up_to);
    if mark.number <= start.number {
        return Ok(if *mark == start {
            Expected::Found
        } else if mark.number == start.number {
            Expected::Different
        } else {
            Expected::Pruned
        });
    }
    let query = Query {
        filter: Filter::default(),
        order: Order::OldestFirst,
        beyond: mark.number.checked_sub(1),
        limit: 1,
    };
    let Answer::Page { entries, .. } = log.ask(Question::Page(query))? else {
        return Err(Failure::Refused("the service answered something else".into()));
    };
    Ok(match entries.first().filter(|entry| entry.number == mark.number) {
        None => Expected::Missing,
        Some(entry) if format!("{}:{}", entry.number, entry.hash) == mark.to_string() => Expected::Found,
        Some(_) => Expected::Different,
    })
}

fn tell(
    report: &Report,
    broken: Option<&Break>,
    expect: Option<&Mark>,
    out: &mut impl Write,
) -> Result<(), Failure> {
    if let Some(pruned) = report.pruned {
        writeln!(
            out,
            "Retention removed {} entries, up to number {}, last at {}.",
            pruned.count, pruned.up_to.number, pruned.at
        )?;
    }
    match broken {
        Some(broken) => writeln!(out, "BROKEN: {broken}. The {} entries before it hold.", report.entries)?,
        None => writeln!(
            out,
            "The chain holds: {} entries, up to number {}.",
            report.entries, report.head.number
        )?,
    }
    if let (Some(expected), Some(mark)) = (report.expected, expect) {
        let said = match expected {
            Expected::Found if broken.is_some() => "is the one that was noted.",
            Expected::Found => "is the one that was noted, and so are all before it.",
            Expected::Different => "is not the one that was noted: BROKEN, the log was written anew.",
            Expected::Missing => "was noted, but the log does not reach it: BROKEN, its end was removed.",
            Expected::Pruned => {
                "was removed by retention: whether it was the one that was noted cannot be told."
            }
        };
        writeln!(out, "Entry {} {said}", mark.number)?;
    }
    if report.sound {
        writeln!(out, "Head: {}", report.head)?;
        writeln!(
            out,
            "Note it somewhere else: `lucid-auth audit verify --expect {}` tells whether it stays.",
            report.head
        )?;
    }
    Ok(())
}
