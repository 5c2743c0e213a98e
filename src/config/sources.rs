//! Where values come from: flags, the environment, files and systemd credentials.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    fmt, fs,
    io::{self, Read},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::{mistakes::Mistake, settings::Setting, settings_file};

/// The longest value in a file, in bytes.
pub const MAX_FILE: u64 = 64 * 1024;
/// The setting that names a file of settings.
const SETTINGS_FILE: &str = "SETTINGS_FILE";

/// Everything that settings are read from. Tests make their own.
pub struct Sources {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, OsString>,
    file: SettingsFile,
    read: Box<ReadFile>,
}

/// What the file of settings holds.
#[derive(Default)]
struct SettingsFile {
    /// Where it is, if there is one.
    path: Option<PathBuf>,
    values: BTreeMap<String, Zeroizing<String>>,
    /// Why it holds nothing.
    refused: Option<String>,
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
    /// A line of the file that `SETTINGS_FILE` names.
    Settings(PathBuf),
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
            Self::Settings(path) => write!(f, "settings in {}", path.display().to_string().escape_debug()),
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
        let mut sources = Self { flags, environment, file: SettingsFile::default(), read: Box::new(read) };
        sources.file = sources.settings_file();
        sources
    }

    /// The file of settings, if a flag or the environment names one.
    fn settings_file(&self) -> SettingsFile {
        let flag = self.flags.get(SETTINGS_FILE).filter(|flag| !flag.is_empty()).map(PathBuf::from);
        let Some(path) = flag.or_else(|| self.variable(SETTINGS_FILE).map(PathBuf::from)) else {
            return SettingsFile::default();
        };
        let parsed = match self.read(&path) {
            Ok(text) => settings_file::parse(&text),
            Err(ReadError::Empty) => Ok(BTreeMap::new()),
            Err(why) => Err(why.to_string()),
        };
        match parsed {
            Ok(values) => SettingsFile { path: Some(path), values, refused: None },
            Err(why) => SettingsFile { path: Some(path), values: BTreeMap::new(), refused: Some(why) },
        }
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
        let set =
            self.environment.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.as_str());
        set.chain(self.file.values.keys().map(String::as_str))
    }

    /// The names in the file of settings that no setting has.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &str> {
        let known = |name: &str| {
            Setting::named(name).or_else(|| Setting::named(name.strip_suffix("_FILE")?)).is_some()
        };
        self.file.values.keys().map(String::as_str).filter(move |name| !known(name))
    }

    /// The value given for `setting`, and where: by a flag, or else the environment, or else the file of settings, or else
    /// a credential.
    pub(super) fn find(&self, setting: &'static Setting) -> Result<Option<Found>, Mistake> {
        let flag = self.flags.get(setting.name).filter(|flag| !flag.is_empty());
        let flag = flag.map(|flag| (Zeroizing::new(flag.clone()), Source::Flag(setting.flag())));
        if let (SETTINGS_FILE, Some(why)) = (setting.name, &self.file.refused) {
            let path = self.file.path.as_ref().map(|path| path.display().to_string());
            let source = flag.map_or(Source::Environment, |(_, source)| source);
            return Err(Mistake::new(setting, path.as_deref(), source, why.as_str()));
        }
        if flag.is_some() {
            return Ok(flag);
        }
        let file_variable = setting.file_variable();
        let environment = (self.variable(setting.name), self.variable(&file_variable));
        if let Some(found) = self.one_of(setting, environment, Source::Environment)? {
            return Ok(Some(found));
        }
        if let (Some(path), false) = (&self.file.path, setting.name == SETTINGS_FILE) {
            let line = |name: &str| self.file.values.get(name).filter(|value| !value.is_empty());
            let lines = (line(setting.name), line(&file_variable));
            let lines = (
                lines.0.map(|text| OsStr::new(text.as_str())),
                lines.1.map(|text| OsStr::new(text.as_str())),
            );
            if let Some(found) = self.one_of(setting, lines, Source::Settings(path.clone()))? {
                return Ok(Some(found));
            }
        }
        if setting.secret { self.credential(setting) } else { Ok(None) }
    }

    /// The value that `NAME` or `NAME_FILE` gives, as `source` has them.
    fn one_of(
        &self,
        setting: &'static Setting,
        given: (Option<&OsStr>, Option<&OsStr>),
        source: Source,
    ) -> Result<Option<Found>, Mistake> {
        let refuse = |source, why: String| Err(Mistake::new(setting, None, source, why));
        match given {
            (Some(_), Some(_)) => {
                let both =
                    format!("expected {0} or {1}, and both are set", setting.name, setting.file_variable());
                refuse(source, both)
            }
            (Some(text), None) => match text.to_str() {
                Some(text) => Ok(Some((Zeroizing::new(text.to_owned()), source))),
                None => refuse(source, "expected UTF-8".to_owned()),
            },
            (None, Some(path)) => {
                let path = PathBuf::from(path);
                let source = Source::File(path.clone());
                match self.read(&path) {
                    Ok(text) => Ok(Some((text, source))),
                    Err(why) => refuse(source, why.to_string()),
                }
            }
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
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.environment.get(name).filter(|value| !value.is_empty()).map(OsString::as_os_str)
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
            Some("/settings") => {
                Ok(b"AUTH_SERVICE_PORT=5\nMASTER_KEY_FILE=/port\nOLD=1\nDATA_DIR=\"/a b\"\n".to_vec())
            }
            Some("/both") => Ok(b"AUTH_SERVICE_PORT=5\nAUTH_SERVICE_PORT_FILE=/port\n".to_vec()),
            Some("/wrong") => Ok(b"\nAUTH_SERVICE_PORT 5\n".to_vec()),
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
    fn the_file_of_settings_gives_what_flags_and_the_environment_do_not() {
        const PORT: &str = "AUTH_SERVICE_PORT";
        const FILE: (&str, &str) = ("SETTINGS_FILE", "/settings");
        let cases: [(&[_], &[_], _, _); 9] = [
            // flags         environment                                  setting     value and source
            (&[],            &[FILE],                                     PORT,       Ok(Some(("5", "settings in /settings")))),
            (&[FILE],        &[],                                         PORT,       Ok(Some(("5", "settings in /settings")))),
            (&[(PORT, "1")], &[FILE],                                     PORT,       Ok(Some(("1", "--port")))),
            (&[],            &[FILE, (PORT, "2")],                        PORT,       Ok(Some(("2", "environment")))),
            (&[],            &[FILE, ("AUTH_SERVICE_PORT_FILE", "/port")], PORT,      Ok(Some(("4\n", "file /port")))),
            (&[],            &[FILE],                                     "DATA_DIR", Ok(Some(("/a b", "settings in /settings")))),
            (&[],            &[FILE, ("CREDENTIALS_DIRECTORY", "/lower")], SECRET,    Ok(Some(("4\n", "file /port")))),
            (&[],            &[FILE],                                     "SETTINGS_FILE", Ok(Some(("/settings", "environment")))),
            (&[],            &[("SETTINGS_FILE", "/both")],               PORT,
                Err("AUTH_SERVICE_PORT (from settings in /both): expected AUTH_SERVICE_PORT or AUTH_SERVICE_PORT_FILE, and both are set")),
        ];
        for (flags, environment, name, expected) in cases {
            let expected = expected.map(|found| found.map(|(value, source)| (value.to_owned(), source.to_owned())));
            let found = find(name, &sources(flags, environment));
            assert_eq!(found, expected.map_err(str::to_owned), "{flags:?} {environment:?}");
        }
        let unknown = sources(&[], &[FILE]);
        assert_eq!(unknown.unknown().collect::<Vec<_>>(), ["OLD"]);
    }

    #[test]
    #[rustfmt::skip]
    fn a_file_of_settings_that_cannot_be_read_is_one_mistake() {
        let cases: [(&[_], &[_], _); 3] = [
            (&[], &[("SETTINGS_FILE", "/absent")],
                "SETTINGS_FILE=\"/absent\": expected a file that can be read: entity not found"),
            (&[("SETTINGS_FILE", "/wrong")], &[],
                "SETTINGS_FILE=\"/wrong\" (from --settings-file): expected NAME=value in line 2"),
            (&[("SETTINGS_FILE", "/wrong")], &[("SETTINGS_FILE", "/settings")],
                "SETTINGS_FILE=\"/wrong\" (from --settings-file): expected NAME=value in line 2"),
        ];
        for (flags, environment, expected) in cases {
            let sources = sources(flags, environment);
            assert_eq!(find("SETTINGS_FILE", &sources), Err(expected.to_owned()));
            assert_eq!(find("AUTH_SERVICE_PORT", &sources), Ok(None));
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
