//! Settings: from an environment and files to a checked configuration, or to all mistakes.

use std::{collections::BTreeMap, ffi::OsString, os::unix::ffi::OsStringExt as _, path::Path};

use lucid_auth::config::{Config, Loaded, Mistakes, SETTINGS, Source, Sources};

use crate::input::is_one_in;

const FILE: &str = "/settings";

/// Three parts with a zero byte between: lines of the environment, the file of settings, and what any other file holds.
pub fn run(data: &[u8]) {
    let mut parts = data.splitn(3, |byte| *byte == 0);
    let mut part = || parts.next().unwrap_or_default().to_vec();
    let (environment, file, other) = (variables(&part()), part(), part());
    match load(environment.clone(), file.clone(), other.clone()) {
        Err(mistakes) => {
            // What is said whatever the key is.
            let said = || {
                let mut without = environment.clone();
                without.insert("MASTER_KEY".to_owned(), "another".into());
                load(without, file, other).map_or_else(|mistakes| mistakes.to_string(), |_| String::new())
            };
            judge(&mistakes, &environment, said);
        }
        // Which takes as long again, twice.
        Ok(loaded) if is_one_in(16, data) => {
            // What was understood, given once more in the one plain way, is understood alike.
            let plain = plain(&loaded);
            let shown = shown(&loaded);
            let key = loaded.config.master_key.is_some();
            if !key {
                let again = load(plain.clone(), Vec::new(), Vec::new()).unwrap();
                assert_eq!(self::shown(&again), shown);
            }
            // Also as a file of settings, if each of them can stand in one.
            let line = |(name, value): (&String, &OsString)| Some(format!("{name}={}\n", value.to_str()?));
            let lines: Option<String> = plain.iter().map(line).collect();
            let fits = |value: &OsString| {
                let text = value.to_str().unwrap_or("\n");
                text.trim() == text
                    && !text.contains(['"', '\'', '\\', '\n', '\r'])
                    && !text.chars().any(char::is_control)
            };
            if let Some(lines) = lines
                && !key
                && plain.values().all(fits)
            {
                let named = BTreeMap::from([("SETTINGS_FILE".to_owned(), FILE.into())]);
                let again = load(named, lines.into_bytes(), Vec::new()).unwrap();
                assert_eq!(self::shown(&again), shown);
            }
        }
        Ok(_) => {}
    }
}

fn variables(lines: &[u8]) -> BTreeMap<String, OsString> {
    let pair = |line: &[u8]| {
        let at = line.iter().position(|byte| *byte == b'=')?;
        Some((String::from_utf8(line[..at].to_vec()).ok()?, OsString::from_vec(line[at + 1..].to_vec())))
    };
    let mut variables: BTreeMap<_, _> = lines.split(|byte| *byte == b'\n').filter_map(pair).collect();
    variables.entry("DATA_DIR".to_owned()).or_insert_with(|| "/data".into());
    variables
}

fn load(environment: BTreeMap<String, OsString>, file: Vec<u8>, other: Vec<u8>) -> Result<Loaded, Mistakes> {
    let read = move |path: &Path| Ok(if path == Path::new(FILE) { file.clone() } else { other.clone() });
    Config::load(&Sources::new(BTreeMap::new(), environment, read))
}

/// Each mistake names a setting, on one line, and no secret.
fn judge(mistakes: &Mistakes, environment: &BTreeMap<String, OsString>, said: impl FnOnce() -> String) {
    assert!(!mistakes.0.is_empty());
    let text = mistakes.to_string();
    assert_eq!(text.lines().count(), mistakes.0.len(), "{text:?}");
    assert!(!text.replace('\n', "").chars().any(char::is_control), "{text:?}");
    for mistake in &mistakes.0 {
        assert!(SETTINGS.iter().any(|setting| setting.name == mistake.name), "{text}");
    }
    let secret = environment.get("MASTER_KEY").and_then(|value| value.to_str()).unwrap_or_default();
    let others = environment.iter().filter(|(name, _)| *name != "MASTER_KEY");
    let elsewhere = others.clone().any(|(name, value)| {
        name.contains(secret) || value.to_str().is_none_or(|value| value.contains(secret))
    });
    let is_told = secret.len() >= 20 && text.contains(secret);
    assert!(!is_told || elsewhere || said().contains(secret), "{text}");
}

fn plain(loaded: &Loaded) -> BTreeMap<String, OsString> {
    let given = loaded.values.iter().filter(|value| value.source != Source::Default && !value.setting.secret);
    let given = given.filter(|value| value.setting.name != "SETTINGS_FILE");
    let pairs = given.filter_map(|value| Some((value.setting.name.to_owned(), value.shown()?.into())));
    let mut plain: BTreeMap<String, OsString> = pairs.collect();
    plain.entry("DATA_DIR".to_owned()).or_insert_with(|| "/data".into());
    plain
}

fn shown(loaded: &Loaded) -> Vec<(&'static str, Option<String>)> {
    let values = loaded.values.iter().filter(|value| value.setting.name != "SETTINGS_FILE");
    values.map(|value| (value.setting.name, value.shown().map(str::to_owned))).collect()
}

pub fn seeds() -> Vec<Vec<u8>> {
    let default = |name: &str| match name {
        "PUBLIC_URL" | "ALLOWED_REDIRECT_ORIGINS" | "CORS_ORIGINS" => "https://auth.example.org",
        "SUPER_ADMIN_ADDRESSES" => "TUEZSdKsoDHQMeZwihtdoBiN46zxhGWYdH,TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC",
        "TRUSTED_PROXIES" => "10.0.0.0/8,::1",
        "MASTER_KEY" => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "JWT_ISSUER" | "JWT_AUDIENCE" => "x",
        "SETTINGS_FILE" => FILE,
        "TLS_SELF_SIGNED" => "false",
        _ => "/x",
    };
    let line = |setting: &lucid_auth::config::Setting| {
        let value = match setting.fallback {
            lucid_auth::config::Fallback::Value(text) => text,
            lucid_auth::config::Fallback::Means(_) => default(setting.name),
        };
        format!("{}={value}\n", setting.name)
    };
    let lines: Vec<_> = SETTINGS.iter().map(line).collect();
    let mut seeds: Vec<String> = lines.chunks(3).map(<[String]>::concat).collect();
    let file: String = lines
        .iter()
        .filter(|line| !line.starts_with("SETTINGS_FILE") && !line.contains("MASTER"))
        .cloned()
        .collect();
    seeds.push(lines.concat());
    seeds.push(format!("SETTINGS_FILE={FILE}\0{file}"));
    seeds.push(format!("SETTINGS_FILE={FILE}\0# x\n; y\nLOG_LEVEL=\"DEBUG\"\nLOG_FORMAT='json'\n"));
    seeds.push(
        "MASTER_KEY_FILE=/k\nCREDENTIALS_DIRECTORY=/c\n\0\0AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
            .to_owned(),
    );
    seeds.push("CORS_ORIGINS=*\nCORS_ALLOW_CREDENTIALS=false\nMONGO_URI=x\n".to_owned());
    seeds.into_iter().map(String::into_bytes).collect()
}
