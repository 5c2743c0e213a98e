//! `lucid-auth config`: the settings in force.

use std::io::{self, Write};

use serde::Serialize;

use super::{Failure, settings::SettingFlags};
use crate::config::{Loaded, Value};

/// What `config` may be told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingFlags,
}

impl Arguments {
    /// Load the settings and print them to `out`.
    pub(super) fn run(self, out: &mut impl Write) -> Result<(), Failure> {
        Ok(print(&super::load(self.settings)?, self.json, out)?)
    }
}

/// Print every setting with its value in force and its source; of secrets, only whether they are set.
///
/// # Errors
///
/// An I/O error if `out` takes no more.
fn print(loaded: &Loaded, json: bool, out: &mut impl Write) -> io::Result<()> {
    if json {
        let rows: Vec<_> = loaded.values.iter().map(Row::from).collect();
        serde_json::to_writer_pretty(&mut *out, &rows)?;
        return writeln!(out);
    }
    let name_width = loaded.values.iter().map(|value| value.setting.name.len()).max().unwrap_or_default();
    for value in &loaded.values {
        let name = value.setting.name;
        let shown = match value.shown() {
            // Escaped, so that a row stays a row whatever was given.
            Some(text) => text.escape_debug().to_string(),
            None => format!("({})", value.setting.default_text()),
        };
        writeln!(out, "{name:name_width$}  {shown}  [{}]", value.source)?;
    }
    Ok(())
}

/// One setting in JSON.
#[derive(Serialize)]
struct Row<'a> {
    name: &'static str,
    flag: String,
    /// `null` if there is none; of a secret, `[set]` or `[not set]`.
    value: Option<&'a str>,
    source: String,
    default: &'static str,
}

impl<'a> From<&'a Value> for Row<'a> {
    fn from(value: &'a Value) -> Self {
        Self {
            name: value.setting.name,
            flag: format!("--{}", value.setting.flag()),
            value: value.shown(),
            source: value.source.to_string(),
            default: value.setting.default_text(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, Sources};

    use std::{collections::BTreeMap, ffi::OsString};

    use super::*;
    use crate::config::SETTINGS;

    fn printed(json: bool) -> String {
        let environment: [(String, OsString); 2] =
            [("DATA_DIR".to_owned(), "/a\nb".into()), ("MAX_LOGIN_ATTEMPTS".to_owned(), "9".into())];
        let flags = BTreeMap::from([("AUTH_SERVICE_PORT", "0".to_owned())]);
        let sources = Sources::new(flags, environment.into(), |_| Err(io::ErrorKind::NotFound.into()));
        let mut out = Vec::new();
        print(&Config::load(&sources).unwrap(), json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_has_a_line_for_each_setting_with_its_source() {
        let text = printed(false);
        assert_eq!(text.lines().count(), SETTINGS.len());
        let line = |name: &str| {
            let line = text.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
            line[name.len()..].trim().to_owned()
        };
        assert_eq!(line("AUTH_SERVICE_PORT"), "0  [--port]");
        assert_eq!(line("DATA_DIR"), "/a\\nb  [environment]");
        assert_eq!(line("PUBLIC_URL"), "(from the request's Host)  [default]");
        assert_eq!(line("LOG_LEVEL"), "INFO  [default]");
        assert!(line("MASTER_KEY").starts_with("[not set]  [default"));
        assert!(line("MAX_LOGIN_ATTEMPTS").starts_with("9  [environment"));
    }

    #[test]
    fn json_has_a_row_for_each_setting() {
        let rows: Vec<serde_json::Value> = serde_json::from_str(&printed(true)).unwrap();
        for (row, setting) in rows.iter().zip(SETTINGS) {
            assert_eq!(row["name"], setting.name);
        }
        assert_eq!(rows.len(), SETTINGS.len());
        let public_url = &rows[SETTINGS.iter().position(|setting| setting.name == "PUBLIC_URL").unwrap()];
        assert_eq!(public_url["value"], serde_json::Value::Null);
    }
}
