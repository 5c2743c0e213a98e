//! A log line as JSON.

use std::{
    error::Error,
    fmt::{self, Debug, Write as _},
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::clock;

/// Writes an event as one object: service, time, level, message, then each field beside them.
///
/// A busy service writes thousands of lines a second, one for each request. So a line is put together in one place and handed
/// over whole, and the time to the second is written once a second. There are no spans here that could tell more.
pub(super) struct JsonLines {
    /// The name of the service as a JSON string, in its quotes.
    service: String,
    second: Mutex<(u64, String)>,
}

impl JsonLines {
    pub(super) fn new(service: &str) -> Self {
        Self { service: serde_json::Value::from(service).to_string(), second: Mutex::default() }
    }

    /// Write the time as RFC 3339 in UTC, to the microsecond.
    fn write_time(&self, line: &mut String) {
        let since = clock::since_epoch();
        let (second, part) = (since.as_secs(), since.subsec_micros());
        let mut known = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != second || known.1.is_empty() {
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            let text = humantime::format_rfc3339_seconds(at).to_string();
            *known = (second, text.trim_end_matches('Z').to_owned());
        }
        line.push_str(&known.1);
        drop(known);
        // With a one before it, all six digits are there.
        let mut digits = itoa::Buffer::new();
        line.push('.');
        line.push_str(digits.format(1_000_000 + part).get(1..).unwrap_or_default());
        line.push('Z');
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::with_capacity(USUAL);
        line.push_str("{\"service\":");
        line.push_str(&self.service);
        line.push_str(",\"timestamp\":\"");
        self.write_time(&mut line);
        line.push_str("\",\"level\":\"");
        line.push_str(event.metadata().level().as_str());
        line.push('"');
        let mut fields = Fields { line, written: Ok(()) };
        event.record(&mut fields);
        let Fields { mut line, written } = fields;
        written?;
        line.push_str("}\n");
        writer.write_str(&line)
    }
}

/// What most lines fit into, in bytes.
const USUAL: usize = 512;

/// Writes fields one after another.
struct Fields {
    line: String,
    written: fmt::Result,
}

impl Fields {
    /// Write the name of a field, and return where its value goes.
    fn begin(&mut self, field: &Field) -> &mut String {
        self.line.push_str(",\"");
        // Names stand in our code: none needs a quote.
        self.line.push_str(field.name());
        self.line.push_str("\":");
        &mut self.line
    }

    fn write_number(&mut self, field: &Field, number: impl itoa::Integer) {
        let mut digits = itoa::Buffer::new();
        self.begin(field).push_str(digits.format(number));
    }

    fn write_quoted(&mut self, field: &Field, write: impl FnOnce(&mut Quoted<'_>) -> fmt::Result) {
        let line = self.begin(field);
        line.push('"');
        let written = write(&mut Quoted(line));
        line.push('"');
        self.written = self.written.and(written);
    }

    fn write_text(&mut self, field: &Field, text: fmt::Arguments<'_>) {
        self.write_quoted(field, |quoted| quoted.write_fmt(text));
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // RFC 8259 has no number that is not finite.
        let written = if value.is_finite() {
            write!(self.begin(field), "{value}")
        } else {
            self.begin(field).write_str("null")
        };
        self.written = self.written.and(written);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write_number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write_number(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.begin(field).push_str(if value { "true" } else { "false" });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write_quoted(field, |quoted| quoted.write_str(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.write_text(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.write_text(field, format_args!("{value:?}"));
    }
}

/// Writes what stands between the quotes of a JSON string ([RFC 8259 §7]).
///
/// [RFC 8259 §7]: https://www.rfc-editor.org/rfc/rfc8259#section-7
struct Quoted<'a>(&'a mut String);

impl fmt::Write for Quoted<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let must_go = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
        let mut rest = text;
        while let Some(place) = rest.as_bytes().iter().position(must_go) {
            // What must be written otherwise is ASCII, so a text may be cut before and after it.
            let (plain, tail) = rest.split_at(place);
            self.0.push_str(plain);
            let (odd, tail) = tail.split_at(1);
            match odd {
                "\"" => self.0.push_str("\\\""),
                "\\" => self.0.push_str("\\\\"),
                "\n" => self.0.push_str("\\n"),
                "\r" => self.0.push_str("\\r"),
                "\t" => self.0.push_str("\\t"),
                other => write!(self.0, "\\u{:04x}", other.as_bytes().first().copied().unwrap_or_default())?,
            }
            rest = tail;
        }
        self.0.push_str(rest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_a_client_sends_stays_within_its_string(text in "\\PC*|[\\x00-\\x7f]{0,40}") {
            let mut written = String::new();
            Quoted(&mut written).write_str(&text).unwrap();
            let read: String = serde_json::from_str(&format!("\"{written}\"")).unwrap();
            prop_assert_eq!(read, text);
        }
    }
}
