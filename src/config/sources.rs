//! Where values come from: flags, the environment, files and systemd credentials.

use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{mistakes::Mistake, settings::Setting};

/// The longest value in a file, in bytes.
pub const MAX_FILE: u64 = 64 * 1024;

/// Everything that settings are read from. Tests make their own.
pub struct Sources {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, OsString>,
    read: Box<ReadFile>,
}

type ReadFile = dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// Where one value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A flag, by its name without hyphens.
    Flag(String),
    /// The variable itself.
    Environment,
    /// The file that `NAME_FILE` names.
    File(PathBuf),
    /// A credential of systemd, by its name.
    Credential(String),
    /// Nobody set it.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "--{flag}"),
            Self::Environment => f.write_str("environment"),
            // Escaped, because it goes into lines.
            Self::File(path) => write!(f, "file {}", path.display().to_string().escape_debug()),
            Self::Credential(name) => write!(f, "credential {name}"),
            Self::Default => f.write_str("default"),
        }
    }
}

impl Sources {
    /// These flags (by variable) and this environment, with files read by `read`, which need not return more than
    /// [`MAX_FILE`] and one bytes.
    #[must_use]
    pub fn new(
        flags: BTreeMap<&'static str, String>,
        environment: BTreeMap<String, OsString>,
        read: impl Fn(&Path) -> io::Result<Vec<u8>> + 'static,
    ) -> Self {
        Self { flags, environment, read: Box::new(read) }
    }

    /// These flags, and the environment and files of this process.
    #[must_use]
    pub fn of_process(flags: BTreeMap<&'static str, String>) -> Self {
        let environment =
            env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect();
        Self::new(flags, environment, |path| {
            let mut bytes = Vec::new();
            fs::File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        })
    }

    /// The names of the variables that are set.
    pub(super) fn variables(&self) -> impl Iterator<Item = &str> {
        self.environment.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.as_str())
    }

    /// The value given for `setting`, and where.
    pub(super) fn find(&self, setting: &'static Setting) -> Result<Option<Found>, Mistake> {
        if let Some(flag) = self.flags.get(setting.name).filter(|flag| !flag.is_empty()) {
            return Ok(Some((Zeroizing::new(flag.clone()), Source::Flag(setting.flag()))));
        }
        let refuse = |source, why: String| Mistake::new(setting, None, source, why);
        let file_variable = setting.file_variable();
        match (self.variable(setting.name), self.variable(&file_variable)) {
            (Some(_), Some(_)) => Err(refuse(
                Source::Environment,
                format!("expected {} or {file_variable}, and both are set", setting.name),
            )),
            (Some(text), None) => match text.to_str() {
                Some(text) => Ok(Some((Zeroizing::new(text.to_owned()), Source::Environment))),
                None => Err(refuse(Source::Environment, "expected UTF-8".to_owned())),
            },
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                let source = Source::File(path.clone());
                match self.read(&path) {
                    Ok(text) => Ok(Some((text, source))),
                    Err(why) => Err(refuse(source, why.to_string())),
                }
            }
            (None, None) if setting.secret => self.credential(setting),
            (None, None) => Ok(None),
        }
    }

    /// The credential that systemd passes on for `setting` (systemd.exec(5), `LoadCredential=`).
    fn credential(&self, setting: &'static Setting) -> Result<Option<Found>, Mistake> {
        let Some(folder) = self.variable("CREDENTIALS_DIRECTORY") else { return Ok(None) };
        for name in [setting.name.to_ascii_lowercase(), setting.name.to_owned()] {
            let text = self.read(&Path::new(folder).join(&name));
            let source = Source::Credential(name);
            match text {
                Ok(text) => return Ok(Some((text, source))),
                Err(ReadError::Io(io::ErrorKind::NotFound)) => {}
                Err(why) => return Err(Mistake::new(setting, None, source, why.to_string())),
            }
        }
        Ok(None)
    }

    /// A variable that is set. An empty one is not.
    fn variable(&self, name: &str) -> Option<&OsString> {
        self.environment.get(name).filter(|value| !value.is_empty())
    }

    fn read(&self, path: &Path) -> Result<Zeroizing<String>, ReadError> {
        let bytes = Zeroizing::new((self.read)(path).map_err(|error| ReadError::Io(error.kind()))?);
        if bytes.len() as u64 > MAX_FILE {
            return Err(ReadError::TooLong);
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| ReadError::NotText)?;
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        // An empty variable is a common way to leave a setting alone; an empty file is a secret that got lost.
        if text.is_empty() { Err(ReadError::Empty) } else { Ok(Zeroizing::new(text.to_owned())) }
    }

    /// The folder for data when nobody names one: systemd's, else the one of the [XDG Base Directory Specification],
    /// which ignores paths that are not absolute.
    ///
    /// [XDG Base Directory Specification]: https://specifications.freedesktop.org/basedir-spec/latest/
    pub(super) fn default_data_dir(&self) -> Option<String> {
        let absolute = |name| {
            let text = self.variable(name)?.to_str()?;
            Some(text).filter(|text| text.starts_with('/'))
        };
        // systemd separates several state folders by colons.
        let state = absolute("STATE_DIRECTORY").and_then(|list| list.split(':').next()).map(str::to_owned);
        let xdg = || absolute("XDG_DATA_HOME").map(|folder| format!("{folder}/lucid-auth"));
        let home = || absolute("HOME").map(|folder| format!("{folder}/.local/share/lucid-auth"));
        state.or_else(xdg).or_else(home)
    }
}

/// A value as it was given, and where.
pub(super) type Found = (Zeroizing<String>, Source);

/// Why a file gives no value. Says nothing of what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum ReadError {
    #[error("expected a file that can be read: {0}")]
    Io(io::ErrorKind),
    #[error("expected a file of at most {MAX_FILE} bytes")]
    TooLong,
    #[error("expected a file in UTF-8")]
    NotText,
    #[error("expected a value in the file, and it is empty")]
    Empty,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "MASTER_KEY";

    fn sources(flags: &[(&'static str, &str)], environment: &[(&str, &str)]) -> Sources {
        let files = |path: &Path| match path.to_str() {
            Some("/port") => Ok(b"4\n\n".to_vec()),
            Some("/windows") => Ok(b"4\r\n".to_vec()),
            Some("/empty") => Ok(b"\n".to_vec()),
            Some("/binary") => Ok(vec![0xff]),
            Some("/limit") => Ok(vec![b'x'; 64 * 1024]),
            Some("/long") => Ok(vec![b'x'; 64 * 1024 + 1]),
            Some("/lower/master_key" | "/upper/MASTER_KEY") => Ok(b"k".to_vec()),
            Some(path) if path.starts_with("/locked") => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        Sources::new(
            flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect(),
            files,
        )
    }

    fn find(name: &str, sources: &Sources) -> Result<Option<(String, String)>, String> {
        match sources.find(Setting::named(name).unwrap()) {
            Ok(found) => Ok(found.map(|(text, source)| (text.to_string(), source.to_string()))),
            Err(mistake) => Err(mistake.to_string()),
        }
    }

    #[test]
    #[rustfmt::skip]
    fn a_flag_wins_over_the_variable_and_the_file() {
        const PORT: &str = "AUTH_SERVICE_PORT";
        const FILE: &str = "AUTH_SERVICE_PORT_FILE";
        let cases: [(&[_], &[_], _); 7] = [
            // flags          environment                       value and source
            (&[(PORT, "1")],  &[(PORT, "2")],                   Some(("1", "--port"))),
            (&[(PORT, "1")],  &[(PORT, "2"), (FILE, "/port")],  Some(("1", "--port"))),
            (&[(PORT, "")],   &[(PORT, "2")],                   Some(("2", "environment"))),
            (&[],             &[(PORT, ""), (FILE, "/port")],   Some(("4\n", "file /port"))),
            (&[],             &[(FILE, "/windows")],            Some(("4", "file /windows"))),
            (&[],             &[(PORT, ""), (FILE, "")],        None),
            (&[],             &[("CREDENTIALS_DIRECTORY", "/locked")], None),
        ];
        for (flags, environment, expected) in cases {
            let expected = expected.map(|(value, source)| (value.to_owned(), source.to_owned()));
            assert_eq!(find(PORT, &sources(flags, environment)), Ok(expected), "{flags:?} {environment:?}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn a_file_that_gives_no_value_is_a_mistake() {
        let cases = [
            ("/absent", "expected a file that can be read: entity not found"),
            ("/locked", "expected a file that can be read: permission denied"),
            ("/empty",  "expected a value in the file, and it is empty"),
            ("/binary", "expected a file in UTF-8"),
            ("/long",   "expected a file of at most 65536 bytes"),
        ];
        for (path, why) in cases {
            let found = find("DATA_DIR", &sources(&[], &[("DATA_DIR_FILE", path)]));
            assert_eq!(found, Err(format!("DATA_DIR (from file {path}): {why}")));
        }
        assert!(find("DATA_DIR", &sources(&[], &[("DATA_DIR_FILE", "/limit")])).is_ok());
        let both = find("DATA_DIR", &sources(&[], &[("DATA_DIR_FILE", "/port"), ("DATA_DIR", "/x")]));
        assert_eq!(both, Err("DATA_DIR: expected DATA_DIR or DATA_DIR_FILE, and both are set".to_owned()));
    }

    #[test]
    #[rustfmt::skip]
    fn secrets_come_from_credentials_too() {
        let cases: [(&[_], _); 5] = [
            (&[("CREDENTIALS_DIRECTORY", "/lower")],                Ok(Some(("k", "credential master_key")))),
            (&[("CREDENTIALS_DIRECTORY", "/upper")],                Ok(Some(("k", "credential MASTER_KEY")))),
            (&[("CREDENTIALS_DIRECTORY", "/none")],                 Ok(None)),
            (&[("CREDENTIALS_DIRECTORY", "/upper"), (SECRET, "e")], Ok(Some(("e", "environment")))),
            (&[("CREDENTIALS_DIRECTORY", "/locked")],
                Err("MASTER_KEY (from credential master_key): expected a file that can be read: permission denied")),
        ];
        for (environment, expected) in cases {
            let expected = expected.map(|found| found.map(|(value, source)| (value.to_owned(), source.to_owned())));
            assert_eq!(find(SECRET, &sources(&[], environment)), expected.map_err(str::to_owned), "{environment:?}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn the_certificate_file_is_a_setting_itself() {
        let given = sources(&[], &[("TLS_CERT_FILE", "/port")]);
        assert_eq!(find("TLS_CERT_FILE", &given), Ok(Some(("/port".to_owned(), "environment".to_owned()))));
    }

    #[test]
    #[rustfmt::skip]
    fn data_lives_with_systemd_else_with_the_user() {
        const HOME: (&str, &str) = ("HOME", "/home/u");
        let cases: [(&[_], _); 6] = [
            (&[("STATE_DIRECTORY", "/var/lib/a:/var/lib/b"), HOME],         Some("/var/lib/a")),
            (&[("STATE_DIRECTORY", ""), ("XDG_DATA_HOME", "/data"), HOME],  Some("/data/lucid-auth")),
            (&[("XDG_DATA_HOME", "relative"), HOME],                        Some("/home/u/.local/share/lucid-auth")),
            (&[HOME],                                                       Some("/home/u/.local/share/lucid-auth")),
            (&[("HOME", "relative")],                                       None),
            (&[],                                                           None),
        ];
        for (environment, expected) in cases {
            assert_eq!(sources(&[], environment).default_data_dir().as_deref(), expected, "{environment:?}");
        }
    }

    #[test]
    fn the_process_reads_no_more_of_a_file_than_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        fs::write(&path, vec![b'x'; 100_000]).unwrap();
        let process = Sources::of_process(BTreeMap::new());
        assert_eq!((process.read)(&path).unwrap().len() as u64, MAX_FILE + 1);
        assert_eq!(process.read(&path), Err(ReadError::TooLong));
    }
}
