//! What a check found.

use serde::Serialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Level {
    Ok,
    /// The service works, but not as well or as safely as it could.
    Warning,
    /// Something does not work, or soon will not.
    Problem,
}

impl Level {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// What was seen, and what to do about it unless it is well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) name: &'static str,
    pub(super) level: Level,
    pub(super) seen: String,
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    pub(super) advice: Option<String>,
}

impl Finding {
    pub(super) fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self { name, level: Level::Ok, seen: seen.into(), advice: None }
    }

    pub(super) fn warning(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: Level::Warning, seen: seen.into(), advice: Some(advice.into()) }
    }

    pub(super) fn problem(name: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: Level::Problem, seen: seen.into(), advice: Some(advice.into()) }
    }
}
