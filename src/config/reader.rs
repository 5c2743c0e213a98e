//! Finding each value, and reading it with its mistakes noted.

use std::{fmt, path::Path};

use zeroize::Zeroizing;

use super::{
    mistakes::Mistake,
    settings::{Fallback, SETTINGS, Setting},
    sources::{Source, Sources},
};

/// The value in force of one setting, as text.
pub struct Value {
    /// The setting.
    pub setting: &'static Setting,
    /// Where the value came from.
    pub source: Source,
    text: Option<Zeroizing<String>>,
}

impl Value {
    /// The value as it may be shown: `[set]` or `[not set]` for a secret, nothing if there is none.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        match (self.setting.secret, &self.text) {
            (true, Some(_)) => Some("[set]"),
            (true, None) => Some("[not set]"),
            (false, _) => self.text(),
        }
    }

    /// That it is wrong, with what is allowed.
    pub(super) fn mistake(&self, allowed: impl Into<String>) -> Mistake {
        // A file may be another one than was meant, with anything in it: its name tells enough.
        let is_a_files = matches!(self.source, Source::File(_) | Source::Credential(_));
        let text = self.text().filter(|_| !is_a_files);
        Mistake::new(self.setting, text, self.source.clone(), allowed)
    }

    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_ref().map(|text| text.as_str())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={:?} ({})", self.setting.name, self.shown(), self.source)
    }
}

/// The values found, and the mistakes noted on the way. Reading goes on after a mistake, so that all are reported.
pub(super) struct Reader {
    /// One for each setting, in their order.
    pub(super) values: Vec<Value>,
    /// What was wrong so far.
    pub(super) mistakes: Vec<Mistake>,
}

/// There is not even a default to go on with. The mistake was noted.
pub(super) struct Stop;

impl Reader {
    /// Find the value of every setting.
    pub(super) fn find_all(sources: &Sources) -> Self {
        let mut reader = Self { values: Vec::new(), mistakes: Vec::new() };
        for setting in SETTINGS {
            let found = sources.find(setting).unwrap_or_else(|mistake| {
                reader.mistakes.push(mistake);
                None
            });
            let (text, source) = match found {
                Some((text, source)) => (Some(text), source),
                None => (reader.default_of(setting, sources).map(Zeroizing::new), Source::Default),
            };
            reader.values.push(Value { setting, source, text });
        }
        reader
    }

    fn default_of(&self, setting: &Setting, sources: &Sources) -> Option<String> {
        match (setting.name, setting.fallback) {
            ("DATA_DIR", _) => sources.default_data_dir(),
            ("BACKUP_DIR", _) => {
                Path::new(self.text("DATA_DIR")?).join("backups").into_os_string().into_string().ok()
            }
            (_, Fallback::Value(text)) => Some(text.to_owned()),
            (_, Fallback::Means(_)) => None,
        }
    }

    /// The setting's value as `parse` reads it; its default after a mistake.
    pub(super) fn required<T, E: Into<String>>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, Stop> {
        if let Some(value) = self.optional(name, &parse) {
            return Ok(value);
        }
        let stop = Err(Stop);
        let Some(value) = self.value(name) else { return stop };
        let Fallback::Value(text) = value.setting.fallback else { return stop };
        parse(text).or(stop)
    }

    /// The setting's value as `parse` reads it; nothing if there is none, or after a mistake.
    pub(super) fn optional<T, E: Into<String>>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<T> {
        let value = self.value(name)?;
        match parse(value.text()?) {
            Ok(read) => Some(read),
            Err(allowed) => {
                let mistake = value.mistake(allowed);
                self.mistakes.push(mistake);
                None
            }
        }
    }

    /// Note that a setting does not go with the others.
    pub(super) fn refuse(&mut self, name: &str, allowed: &str) {
        let mistake = self.value(name).map(|value| value.mistake(allowed));
        self.mistakes.extend(mistake);
    }

    /// Whether somebody set it.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.values.iter().any(|value| value.setting.name == name && value.source != Source::Default)
    }

    /// The setting's value as it was given.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value(name)?.text()
    }

    fn value(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|value| value.setting.name == name)
    }
}
