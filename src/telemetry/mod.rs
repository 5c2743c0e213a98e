//! Log lines, to stderr.

mod json;
mod stream;

use std::{
    fmt,
    io::{self, IsTerminal as _},
};

use tracing::{
    Level, Subscriber,
    subscriber::{self, SetGlobalDefaultError},
};
use tracing_subscriber::{
    filter::LevelFilter,
    fmt::{MakeWriter, format::Writer, time::FormatTime},
    layer::SubscriberExt as _,
    reload,
};

use crate::clock::Clock;
use json::JsonLines;
use stream::Stream;

/// The least that is logged, which may change at any time.
pub struct LogLevel(Box<Set>);

/// The log. Dropping it writes what waits to be written.
#[must_use]
pub struct Log(Stream);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.flush();
    }
}

/// Sets the level, and returns whether it was another.
type Set = dyn Fn(LevelFilter) -> bool + Send + Sync;

impl LogLevel {
    /// Log `level` and what is more severe from now on, and return whether that is a change.
    #[must_use]
    pub fn set(&self, level: Level) -> bool {
        self.0(level.into())
    }
}

/// Log to stderr from now on: `level` and what is more severe.
///
/// JSON is one object a line with an RFC 3339 time in UTC and the name of the `service`, so that a line means the same
/// wherever it is collected. Text is short, for a person who reads along: time of day in UTC, level, message, fields.
///
/// A line that cannot be written is lost: to say so would need the very stream that fails, and its last resort is a
/// panic.
///
/// # Errors
///
/// [`LogError`] if it was called before, or there can be no thread.
pub fn init(service: &str, level: Level, json: bool) -> Result<(LogLevel, Log), LogError> {
    let stream = Stream::new(io::stderr()).map_err(LogError::Thread)?;
    let level = if json {
        start(json_lines(service, stream.clone()), level)?
    } else {
        let colours = io::stderr().is_terminal();
        start(text_lines(Clock::system(), colours, stream.clone()), level)?
    };
    Ok((level, Log(stream)))
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is one already.
    #[error(transparent)]
    Twice(#[from] SetGlobalDefaultError),
    /// The system gives no thread.
    #[error("cannot start the thread of the log: {0}")]
    Thread(io::Error),
}

fn start<S>(lines: S, level: Level) -> Result<LogLevel, SetGlobalDefaultError>
where
    S: Subscriber + Send + Sync + 'static,
{
    let (lines, level) = limited(lines, level);
    subscriber::set_global_default(lines)?;
    Ok(level)
}

/// `lines`, of which only those of `level` and more severe are written.
fn limited<S: Subscriber>(lines: S, level: Level) -> (impl Subscriber + use<S>, LogLevel) {
    let (filter, handle) = reload::Layer::new(LevelFilter::from_level(level));
    let set = move |new| {
        let is_other = handle.with_current(|old| *old != new).unwrap_or(false);
        is_other && handle.reload(new).is_ok()
    };
    (lines.with(filter), LogLevel(Box::new(set)))
}

/// What writes each event to `writer` as JSON, whatever its level.
pub fn json_lines<W>(service: &str, writer: W) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(writer)
        .log_internal_errors(false)
        .event_format(JsonLines::new(service))
        .finish()
}

fn text_lines<W>(clock: Clock, colours: bool, writer: W) -> impl Subscriber + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(writer)
        .log_internal_errors(false);
    // The default already honours NO_COLOR; it does not look whether anybody sees colours.
    let lines = if colours { lines } else { lines.with_ansi(false) };
    lines.compact().with_target(false).with_timer(TimeOfDay(clock)).finish()
}

/// The time of day in UTC, to the second.
struct TimeOfDay(Clock);

impl FormatTime for TimeOfDay {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        let now = self.0.now().to_string();
        let time = now.split_once('T').map_or(now.as_str(), |(_, time)| time);
        writer.write_str(time.trim_end_matches('Z'))
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::*;
    use crate::domain::timestamp::Timestamp;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Lines {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    fn writer(lines: &Lines) -> impl for<'a> MakeWriter<'a> + Send + Sync + use<> {
        let lines = lines.clone();
        move || lines.clone()
    }

    #[test]
    fn a_json_line_says_when_who_and_what() {
        let lines = Lines::default();
        let (told, _) = limited(json_lines("lucid \"one\"", writer(&lines)), Level::INFO);
        subscriber::with_default(told, || {
            tracing::info!(user.id = 7, "signed\nin");
            tracing::debug!("not heard");
        });
        let text = lines.text();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["service"], "lucid \"one\"");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["message"], "signed\nin");
        assert_eq!(line["user.id"], 7);
        let time = line["timestamp"].as_str().unwrap();
        assert!(time.ends_with('Z') && humantime::parse_rfc3339(time).is_ok(), "{time}");
    }

    #[test]
    fn lines_that_follow_closely_are_written_together_and_a_warning_at_once() {
        let lines = Lines::default();
        let stream = Stream::new(lines.clone()).unwrap();
        let (told, _) = limited(json_lines("x", stream.clone()), Level::INFO);
        let log = Log(stream);
        let count = || lines.text().lines().count();
        subscriber::with_default(told, || {
            tracing::info!("alone");
            assert_eq!(count(), 1);
            for number in 0..100 {
                tracing::info!(number);
            }
            tracing::warn!("take care");
            assert_eq!(count(), 102);
            for number in 100..200 {
                tracing::info!(number);
            }
            drop(log);
            assert_eq!(count(), 202);
            tracing::info!("last");
            while count() < 203 {
                std::thread::yield_now();
            }
        });
        let text = lines.text();
        let numbers = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["number"].as_u64());
        assert!(numbers.eq(0..200), "in order: {text}");
    }

    #[test]
    fn a_text_line_is_short() {
        let lines = Lines::default();
        let clock = Clock::new(|| Timestamp::from_unix(1_793_000_000));
        let (told, _) = limited(text_lines(clock, false, writer(&lines)), Level::WARN);
        subscriber::with_default(told, || {
            tracing::warn!(port = 8089, "listening");
            tracing::info!("not heard");
        });
        assert_eq!(lines.text(), "07:33:20  WARN listening port=8089\n");
    }

    #[test]
    fn the_level_changes_while_lines_are_written() {
        let lines = Lines::default();
        let clock = Clock::new(|| Timestamp::from_unix(1_793_000_000));
        let (told, level) = limited(text_lines(clock, false, writer(&lines)), Level::INFO);
        let say = |what| {
            tracing::info!("{what}");
            tracing::debug!("{what} in detail");
        };
        subscriber::with_default(told, || {
            say("one");
            assert!(!level.set(Level::INFO));
            assert!(level.set(Level::DEBUG));
            say("two");
            assert!(level.set(Level::WARN));
            say("three");
        });
        let text = lines.text();
        let said: Vec<_> = text.lines().map(|line| line.split_once(' ').unwrap().1.trim()).collect();
        assert_eq!(said, ["INFO one", "INFO two", "DEBUG two in detail"], "{text}");
    }
}
