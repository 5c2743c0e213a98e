//! What is wrong with the settings, for the person who wrote them.

use std::{error::Error, fmt};

use super::{settings::Setting, sources::Source};

/// Everything that is wrong, in the order of the table of settings. Shown as one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            write!(f, "{}{mistake}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl Error for Mistakes {}

/// One setting that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The variable's name.
    pub name: &'static str,
    /// The value given, or its beginning. Never of a secret.
    pub value: Option<String>,
    /// Where the value came from.
    pub source: Source,
    /// What is allowed.
    pub allowed: String,
}

/// How much of a value is shown, in characters.
const SHOWN: usize = 120;

impl Mistake {
    pub(super) fn new(
        setting: &'static Setting,
        value: Option<&str>,
        source: Source,
        allowed: impl Into<String>,
    ) -> Self {
        let value = value.filter(|_| !setting.secret).map(|value| value.chars().take(SHOWN).collect());
        Self { name: setting.name, value, source, allowed: allowed.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if let Some(value) = &self.value {
            // Escaped, so that one mistake stays one line whatever was given.
            write!(f, "={value:?}")?;
        }
        match &self.source {
            Source::Environment | Source::Default => {}
            source => write!(f, " (from {source})")?,
        }
        write!(f, ": {}", self.allowed)
    }
}
