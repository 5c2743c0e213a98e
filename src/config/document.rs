//! The settings as documents: the environment file in `packaging/` and the table in `README.md`.

use super::settings::{Fallback, SETTINGS, Setting};

/// What stands above the settings in [`environment_file`].
const PREFACE: &str = "\
# Settings of lucid-auth. Each line shows a default; take off its # to change it, then restart the service.
# Each may be given as NAME_FILE instead, a path to a file that holds the value.
# What is set here is checked at start, and all mistakes are reported together.
";

/// The environment file: every setting commented out with its default, for `SETTINGS_FILE`, Docker's `--env-file` or systemd's `EnvironmentFile=`.
#[must_use]
pub fn environment_file() -> String {
    PREFACE.to_owned() + &SETTINGS.iter().map(paragraph).collect::<String>()
}

fn paragraph(setting: &Setting) -> String {
    let heading = setting.heading.map(|heading| format!("\n## {heading}\n")).unwrap_or_default();
    let (value, otherwise) = match setting.fallback {
        Fallback::Value(text) => (text, String::new()),
        Fallback::Means(text) => ("", format!("; unset: {text}")),
    };
    let Setting { name, help, .. } = setting;
    format!("{heading}\n# {help}{otherwise}.\n#{name}={value}\n")
}

/// The README's table of settings, in Markdown.
#[must_use]
pub fn readme_table() -> String {
    "| variable | default | meaning |\n|---|---|---|\n".to_owned()
        + &SETTINGS.iter().map(table_row).collect::<String>()
}

fn table_row(setting: &Setting) -> String {
    let default = match setting.fallback {
        Fallback::Value(text) => format!("`{text}`"),
        Fallback::Means(text) => text.to_owned(),
    };
    format!("| `{}` | {default} | {} |\n", setting.name, setting.help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_is_one_line_of_help_and_one_row() {
        for setting in SETTINGS {
            assert!(!setting.help.contains(['\n', '|']) && !setting.help.ends_with('.'), "{}", setting.name);
            assert!(!setting.default_text().contains(['\n', '|', '#']), "{}", setting.name);
        }
    }
}
