//! From sources to a [`Config`]: find each value, read it, and check what values say together.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use super::{
    Config, legacy,
    mistakes::{Mistake, Mistakes},
    reader::{Reader, Stop, Value},
    settings::{SETTINGS, Setting},
    sources::{Source, Sources},
    types::{Backup, Cors, CorsOrigins, Lockout, RateLimits, Sessions, Tls, Tokens},
    values,
};
use crate::domain::{backup::Schedule, origin::Origin, wallet::DeviceType};

/// What [`Config::load`] found.
#[derive(Debug)]
pub struct Loaded {
    /// The settings, checked.
    pub config: Config,
    /// What the person who wrote them should know, though nothing is wrong.
    pub notices: Vec<Notice>,
    /// Each setting as text, in the order of [`SETTINGS`].
    pub values: Vec<Value>,
}

/// Something set that has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// A variable of the old service, or a name in the file of settings that is none of a setting.
    pub name: String,
    /// Why it means nothing.
    pub why: &'static str,
}

impl Loaded {
    /// Whether somebody set it.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.values.iter().any(|value| value.setting.name == name && value.source != Source::Default)
    }

    /// The settings whose values are others than those of `old`.
    pub fn changed_since(&self, old: &Self) -> impl Iterator<Item = &'static Setting> {
        let pairs = self.values.iter().zip(&old.values);
        pairs.filter(|(new, old)| new.text() != old.text()).map(|(new, _)| new.setting)
    }

    /// That what a setting names cannot be used, with what is allowed.
    #[must_use]
    pub fn mistake(&self, name: &str, allowed: &str) -> Option<Mistake> {
        self.values.iter().find(|value| value.setting.name == name).map(|value| value.mistake(allowed))
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is set, but is ignored: {}", self.name, self.why)
    }
}

/// What is set without effect.
fn notices(sources: &Sources) -> Vec<Notice> {
    let ignored = sources
        .variables()
        .filter_map(|name| Some(Notice { name: name.to_owned(), why: legacy::why_ignored(name)? }));
    // In the environment are many names that are not for this service; in its own file, one is a slip of the pen.
    let unknown = sources.unknown().filter(|name| legacy::why_ignored(name).is_none());
    let unknown = unknown.map(|name| Notice { name: name.to_owned(), why: "no setting has this name" });
    ignored.chain(unknown).collect()
}

impl Config {
    /// Read and check every setting.
    ///
    /// # Errors
    ///
    /// [`Mistakes`], all of them, if there is one.
    pub fn load(sources: &Sources) -> Result<Loaded, Mistakes> {
        let mut reader = Reader::find_all(sources);
        let notices = notices(sources);
        let config = reader.config();
        let Reader { values, mut mistakes } = reader;
        match config {
            Ok(config) if mistakes.is_empty() => Ok(Loaded { config, notices, values }),
            _ => {
                mistakes.sort_by_key(|one| SETTINGS.iter().position(|setting| setting.name == one.name));
                Err(Mistakes(mistakes))
            }
        }
    }
}

impl Reader {
    fn config(&mut self) -> Result<Config, Stop> {
        let listen = self.listen("AUTH_SERVICE_BIND", "AUTH_SERVICE_PORT")?;
        Ok(Config {
            service_name: self.required("SERVICE_NAME", values::service_name)?,
            listen,
            public_url: self.optional("PUBLIC_URL", values::origin),
            data_dir: self.data_dir(),
            super_admins: self.optional("SUPER_ADMIN_ADDRESSES", values::addresses).unwrap_or_default(),
            registration: self.required("REGISTRATION", values::registration)?,
            tokens: self.tokens()?,
            lockout: Lockout {
                attempts: self.required("MAX_LOGIN_ATTEMPTS", values::whole(1..=1000))?,
                length: self.required("LOGIN_COOLDOWN_MINUTES", values::minutes(1..=10_080))?,
            },
            rate_limits: self.rate_limits()?,
            sessions: Sessions {
                max_per_user: self.required("SESSION_MAX_CONCURRENT_PER_USER", values::whole(1..=1000))?,
                idle_timeout: self
                    .required("SESSION_IDLE_TIMEOUT_MINUTES", values::minutes(0..=129_600))
                    .map(unless_zero)?,
            },
            cors: self.cors()?,
            redirect_origins: self.redirect_origins(),
            trusted_proxies: self.optional("TRUSTED_PROXIES", values::networks).unwrap_or_default(),
            hardware_wallets: self.hardware_wallets()?,
            tron_network: self.required("TRON_NETWORK", values::tron_network)?,
            audit_enabled: self.required("AUDIT_LOG_ENABLED", values::boolean)?,
            audit_retention: self.required("AUDIT_LOG_RETENTION_DAYS", values::days(1..=3650))?,
            tls: self.tls()?,
            metrics: self.metrics(listen)?,
            backup: self.backup()?,
            master_key: self.optional("MASTER_KEY", values::master_key),
            log_level: self.required("LOG_LEVEL", values::log_level)?,
            log_format: self.required("LOG_FORMAT", values::log_format)?,
        })
    }

    fn listen(&mut self, bind: &str, port: &str) -> Result<SocketAddr, Stop> {
        let address = self.required(bind, values::ip_address)?;
        Ok(SocketAddr::new(address, self.required(port, values::port)?))
    }

    fn data_dir(&mut self) -> PathBuf {
        if self.text("DATA_DIR").is_none() {
            self.refuse("DATA_DIR", "expected a folder: set DATA_DIR");
        }
        self.optional("DATA_DIR", values::data_dir).unwrap_or_default()
    }

    fn tokens(&mut self) -> Result<Tokens, Stop> {
        Ok(Tokens {
            access_lifetime: self.required("ACCESS_TOKEN_EXPIRE_MINUTES", values::minutes(1..=60))?,
            refresh_lifetime: self.required("REFRESH_TOKEN_EXPIRE_DAYS", values::days(1..=90))?,
            issuer: self.optional("JWT_ISSUER", values::claim),
            audience: self.optional("JWT_AUDIENCE", values::claim),
            key_rotation: self.required("JWT_KEY_ROTATION_DAYS", values::days(0..=3650)).map(unless_zero)?,
        })
    }

    fn rate_limits(&mut self) -> Result<Option<RateLimits>, Stop> {
        let enabled = self.required("RATE_LIMIT_ENABLED", values::boolean)?;
        let limits = RateLimits {
            public: self.required("RATE_LIMIT_PUBLIC", values::whole(1..=1_000_000))?,
            authenticated: self.required("RATE_LIMIT_AUTHENTICATED", values::whole(1..=1_000_000))?,
            admin: self.required("RATE_LIMIT_ADMIN", values::whole(1..=1_000_000))?,
        };
        Ok(enabled.then_some(limits))
    }

    fn cors(&mut self) -> Result<Cors, Stop> {
        let origins = self.optional("CORS_ORIGINS", values::cors_origins);
        let origins = origins.unwrap_or(CorsOrigins::These(Vec::new()));
        let credentials = self.required("CORS_ALLOW_CREDENTIALS", values::boolean)?;
        if origins == CorsOrigins::Any && !self.is_set("CORS_ALLOW_CREDENTIALS") {
            // Nobody asked for credentials, and environment files of the old service say `*`.
            return Ok(Cors { origins, credentials: false });
        }
        if credentials && origins == CorsOrigins::Any {
            self.refuse(
                "CORS_ORIGINS",
                "expected exact origins: * goes only with CORS_ALLOW_CREDENTIALS=false",
            );
        }
        Ok(Cors { origins, credentials })
    }

    fn redirect_origins(&mut self) -> Vec<Origin> {
        let origins = self.optional("ALLOWED_REDIRECT_ORIGINS", values::origins).unwrap_or_default();
        if !origins.is_empty() && self.text("PUBLIC_URL").is_none() {
            self.refuse("ALLOWED_REDIRECT_ORIGINS", "expected PUBLIC_URL beside it: where people sign in");
        }
        origins
    }

    fn hardware_wallets(&mut self) -> Result<Vec<DeviceType>, Stop> {
        let enabled = self.required("ENABLE_HARDWARE_WALLET", values::boolean)?;
        let mut wallets = Vec::new();
        for (name, wallet) in [
            ("LEDGER_SUPPORTED", DeviceType::Ledger),
            ("TREZOR_SUPPORTED", DeviceType::Trezor),
            ("KEEPKEY_SUPPORTED", DeviceType::Keepkey),
        ] {
            if self.required(name, values::boolean)? && enabled {
                wallets.push(wallet);
            }
        }
        Ok(wallets)
    }

    fn tls(&mut self) -> Result<Option<Tls>, Stop> {
        let given = |reader: &Self, name| reader.text(name).is_some();
        match (given(self, "TLS_CERT_FILE"), given(self, "TLS_KEY_FILE")) {
            (true, false) => self.refuse("TLS_CERT_FILE", "expected TLS_KEY_FILE beside it"),
            (false, true) => self.refuse("TLS_KEY_FILE", "expected TLS_CERT_FILE beside it"),
            _ => {}
        }
        let certificate = self.optional("TLS_CERT_FILE", values::path);
        let key = self.optional("TLS_KEY_FILE", values::path);
        let self_signed = self.required("TLS_SELF_SIGNED", values::boolean)?;
        if self_signed && (certificate.is_some() || key.is_some()) {
            self.refuse("TLS_SELF_SIGNED", "expected either this or TLS_CERT_FILE and TLS_KEY_FILE");
        }
        Ok(match (certificate, key) {
            (Some(certificate), Some(key)) => Some(Tls::Files { certificate, key }),
            _ if self_signed => Some(Tls::SelfSigned),
            _ => None,
        })
    }

    fn metrics(&mut self, service: SocketAddr) -> Result<Option<SocketAddr>, Stop> {
        let enabled = self.required("METRICS_ENABLED", values::boolean)?;
        let metrics = self.listen("METRICS_BIND", "METRICS_PORT")?;
        if enabled && collide(metrics, service) {
            self.refuse("METRICS_PORT", "expected another port than AUTH_SERVICE_PORT on the same address");
        }
        Ok(enabled.then_some(metrics))
    }

    fn backup(&mut self) -> Result<Backup, Stop> {
        let enabled = self.required("BACKUP_ENABLED", values::boolean)?;
        let schedule = Schedule {
            interval: self.required("BACKUP_INTERVAL_HOURS", values::hours(1..=8760))?,
            retention: self.required("BACKUP_RETENTION_DAYS", values::days(1..=3650))?,
        };
        let dir = self.optional("BACKUP_DIR", values::path).unwrap_or_default();
        Ok(Backup { dir, schedule: enabled.then_some(schedule) })
    }
}

/// Whether two listeners get in each other's way. An unspecified address takes the port of every other.
fn collide(a: SocketAddr, b: SocketAddr) -> bool {
    let same_address = a.ip() == b.ip() || a.ip().is_unspecified() || b.ip().is_unspecified();
    same_address && a.port() == b.port() && a.port() != 0
}

fn unless_zero(length: Duration) -> Option<Duration> {
    Some(length).filter(|length| !length.is_zero())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, io, path::Path};

    use proptest::{collection::btree_map, prelude::*, sample::select};

    use super::*;
    use crate::config::{LogFormat, Registration, Setting, TronNetwork};

    const HOME: (&str, &str) = ("HOME", "/home/u");

    fn sources(environment: &[(&str, &str)]) -> Sources {
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        Sources::new(BTreeMap::new(), environment.collect(), |_| Err(io::ErrorKind::NotFound.into()))
    }

    /// Load with these variables and a home.
    fn load(environment: &[(&str, &str)]) -> Result<Loaded, Mistakes> {
        Config::load(&sources(&[&[HOME], environment].concat()))
    }

    fn mistakes(environment: &[(&str, &str)]) -> Vec<String> {
        load(environment).unwrap_err().to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn nothing_but_a_home_gives_every_default() {
        let loaded = load(&[]).unwrap();
        assert_eq!(loaded.notices, []);
        let names: Vec<_> = loaded.values.iter().map(|value| value.setting.name).collect();
        let table: Vec<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        assert_eq!(names, table);
        assert!(loaded.values.iter().all(|value| value.source == Source::Default));
        let config = loaded.config;
        assert_eq!(config.service_name, "lucid-auth-service");
        assert_eq!(config.listen, "0.0.0.0:8089".parse().unwrap());
        assert_eq!(config.public_url, None);
        assert_eq!(config.data_dir, Path::new("/home/u/.local/share/lucid-auth"));
        assert_eq!(config.registration, Registration::Open);
        assert_eq!(config.tokens.access_lifetime, Duration::from_secs(15 * 60));
        assert_eq!(config.tokens.refresh_lifetime, Duration::from_secs(7 * 86_400));
        assert_eq!(config.tokens.key_rotation, Some(Duration::from_secs(30 * 86_400)));
        assert_eq!(config.lockout, Lockout { attempts: 5, length: Duration::from_secs(900) });
        let limits = RateLimits { public: 100, authenticated: 1000, admin: 10_000 };
        assert_eq!(config.rate_limits, Some(limits));
        assert_eq!(config.sessions, Sessions { max_per_user: 5, idle_timeout: None });
        assert_eq!(config.cors, Cors { origins: CorsOrigins::These(vec![]), credentials: true });
        assert_eq!(config.hardware_wallets.len(), 3);
        assert_eq!(config.tron_network, TronNetwork::Mainnet);
        assert!(config.audit_enabled);
        assert_eq!(config.audit_retention, Duration::from_secs(90 * 86_400));
        assert_eq!(config.tls, None);
        assert_eq!(config.metrics, Some("127.0.0.1:9090".parse().unwrap()));
        assert_eq!(config.backup.dir, Path::new("/home/u/.local/share/lucid-auth/backups"));
        assert_eq!((config.log_level, config.log_format), (tracing::Level::INFO, LogFormat::Auto));
    }

    #[test]
    fn all_mistakes_are_reported_at_once_each_in_one_line() {
        let found = mistakes(&[
            ("LOG_LEVEL", "LOUD"),
            ("AUTH_SERVICE_PORT", "http\n"),
            ("ACCESS_TOKEN_EXPIRE_MINUTES", "61"),
            ("SUPER_ADMIN_ADDRESSES", "TX"),
            ("MASTER_KEY", "hunter2"),
            ("DATA_DIR", "/d"),
            ("DATA_DIR_FILE", "/e"),
            ("JWT_ISSUER_FILE", "/absent"),
        ]);
        let expected = [
            r#"AUTH_SERVICE_PORT="http\n": expected a port: a whole number from 0 to 65535"#,
            "DATA_DIR: expected DATA_DIR or DATA_DIR_FILE, and both are set",
            r#"SUPER_ADMIN_ADDRESSES="TX": expected a TRON address: T and 33 more base58 characters with a right checksum"#,
            r#"ACCESS_TOKEN_EXPIRE_MINUTES="61": expected a whole number of minutes from 1 to 60"#,
            "JWT_ISSUER (from file /absent): expected a file that can be read: entity not found",
        ];
        assert_eq!(found[..expected.len()], expected);
        assert!(found.iter().all(|line| !line.contains("hunter2")), "{found:?}");
        let rest: Vec<_> =
            found[expected.len()..].iter().map(|line| line.split_once(':').unwrap().0).collect();
        assert!(rest.contains(&"MASTER_KEY"), "{found:?}");
        assert_eq!(rest.last(), Some(&r#"LOG_LEVEL="LOUD""#));
    }

    #[test]
    fn what_stands_in_a_file_that_was_named_by_mistake_is_not_shown() {
        let environment = BTreeMap::from([("JWT_AUDIENCE_FILE".to_owned(), "/settings".into())]);
        let read = |_: &Path| Ok(b"LOG_LEVEL=INFO MASTER_KEY=hunter2".to_vec());
        let found = Config::load(&Sources::new(BTreeMap::new(), environment, read)).unwrap_err().to_string();
        assert!(found.contains("JWT_AUDIENCE (from file /settings): expected"), "{found}");
        assert!(!found.contains("hunter2"), "{found}");
    }

    #[test]
    #[rustfmt::skip]
    fn values_that_do_not_go_together_are_mistakes() {
        const PUBLIC: (&str, &str) = ("PUBLIC_URL", "https://auth.a.org");
        let port = |port| ("METRICS_PORT", port);
        let returns = |origins| ("ALLOWED_REDIRECT_ORIGINS", origins);
        let cases: [(&[_], _); 20] = [
            // environment                                                          the setting refused
            (&[("CORS_ORIGINS", "*")],                                              None),
            (&[("CORS_ORIGINS", "*"), ("CORS_ALLOW_CREDENTIALS", "on")],            Some("CORS_ORIGINS")),
            (&[("CORS_ORIGINS", "*"), ("CORS_ALLOW_CREDENTIALS", "off")],           None),
            (&[("CORS_ORIGINS", "http://a"), ("CORS_ALLOW_CREDENTIALS", "on")],     None),
            (&[port("8089")],                                                       Some("METRICS_PORT")),
            (&[port("8089"), ("AUTH_SERVICE_BIND", "127.0.0.1")],                   Some("METRICS_PORT")),
            (&[port("8089"), ("AUTH_SERVICE_BIND", "10.0.0.1")],                    None),
            (&[port("8089"), ("METRICS_ENABLED", "false")],                         None),
            (&[port("0"), ("AUTH_SERVICE_PORT", "0")],                              None),
            (&[("PUBLIC_URL", "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbb")],  Some("PUBLIC_URL")),
            (&[("PUBLIC_URL", "https://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbb")],   None),
            (&[returns("https://a.org")],                                           Some("ALLOWED_REDIRECT_ORIGINS")),
            (&[returns("https://a.org,http://b:1"), PUBLIC],                        None),
            (&[returns("https://*.a.org"), PUBLIC],                                 Some("ALLOWED_REDIRECT_ORIGINS")),
            (&[returns("https://a.org/path"), PUBLIC],                              Some("ALLOWED_REDIRECT_ORIGINS")),
            (&[returns("*"), PUBLIC],                                               Some("ALLOWED_REDIRECT_ORIGINS")),
            (&[("JWT_AUDIENCE", "a b")],                                            Some("JWT_AUDIENCE")),
            (&[("SESSION_IDLE_TIMEOUT_MINUTES", "30")],                             None),
            (&[("SERVICE_NAME", " ")],                                              Some("SERVICE_NAME")),
            (&[("SERVICE_NAME", "")],                                               None),
        ];
        for (environment, expected) in cases {
            let refused = load(environment).err().map(|mistakes| mistakes.0.iter().map(|one| one.name).collect::<Vec<_>>());
            assert_eq!(refused, expected.map(|name| vec![name]), "{environment:?}");
        }
    }

    #[test]
    fn certificate_files_go_together_and_not_with_a_self_signed_one() {
        let (cert, key, own) = (("TLS_CERT_FILE", "/c"), ("TLS_KEY_FILE", "/k"), ("TLS_SELF_SIGNED", "true"));
        let tls = |environment: &[_]| {
            let mut reader = Reader::find_all(&sources(environment));
            let tls = reader.tls();
            let names: Vec<_> = reader.mistakes.iter().map(|mistake| mistake.name).collect();
            (tls.unwrap_or_else(|_| panic!("no default")), names)
        };
        let files = Tls::Files { certificate: "/c".into(), key: "/k".into() };
        assert_eq!(tls(&[]), (None, vec![]));
        assert_eq!(tls(&[cert, key]), (Some(files.clone()), vec![]));
        assert_eq!(tls(&[own]), (Some(Tls::SelfSigned), vec![]));
        assert_eq!(tls(&[cert]), (None, vec!["TLS_CERT_FILE"]));
        assert_eq!(tls(&[key]), (None, vec!["TLS_KEY_FILE"]));
        assert_eq!(tls(&[cert, key, own]), (Some(files), vec!["TLS_SELF_SIGNED"]));
    }

    #[test]
    fn without_any_home_it_asks_for_a_folder() {
        let text = Config::load(&sources(&[])).unwrap_err().to_string();
        assert_eq!(text, "DATA_DIR: expected a folder: set DATA_DIR");
    }

    /// An environment file as the old service had it.
    const OLD_ENVIRONMENT: &str = r#"
SERVICE_NAME=lucid-auth-service
AUTH_SERVICE_PORT=8089
AUTH_SERVICE_HOST=lucid-auth-service
ENVIRONMENT=production
DEBUG=false
LOG_LEVEL=WARNING
LOG_FORMAT=json
JWT_SECRET_KEY=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978
JWT_ALGORITHM=HS256
ACCESS_TOKEN_EXPIRE_MINUTES=15
REFRESH_TOKEN_EXPIRE_DAYS=7
MONGODB_URI=mongodb://lucid:secret@lucid-mongodb:27017/lucid_auth?authSource=admin
MONGODB_DATABASE=lucid_auth
MONGODB_MAX_POOL_SIZE=100
REDIS_URI=redis://:secret@lucid-redis:6379/1
REDIS_DECODE_RESPONSES=true
BCRYPT_ROUNDS=12
PASSWORD_MIN_LENGTH=12
MAX_LOGIN_ATTEMPTS=5
LOGIN_COOLDOWN_MINUTES=15
ENABLE_HARDWARE_WALLET=True
LEDGER_SUPPORTED=true
TREZOR_SUPPORTED=true
KEEPKEY_SUPPORTED=true
HW_WALLET_TIMEOUT_SECONDS=30
TRON_NETWORK=testnet
TRON_SIGNATURE_MESSAGE=Sign this message to authenticate with Lucid: {timestamp}
TRON_ADDRESS_PREFIX=T
RATE_LIMIT_ENABLED=true
RATE_LIMIT_PUBLIC=100
RATE_LIMIT_AUTHENTICATED=1000
RATE_LIMIT_ADMIN=10000
CORS_ORIGINS=["http://localhost:3000", "http://192.168.0.75:8080", "https://lucid.onion"]
CORS_ALLOW_CREDENTIALS=true
AUDIT_LOG_ENABLED=true
AUDIT_LOG_RETENTION_DAYS=90
AUDIT_LOG_SENSITIVE_FIELDS=["password", "private_key", "signature"]
SESSION_CLEANUP_INTERVAL_HOURS=1
SESSION_MAX_CONCURRENT_PER_USER=5
SESSION_IDLE_TIMEOUT_MINUTES=30
API_GATEWAY_URL=http://api-gateway:8080
SERVICE_MESH_ENABLED=false
CONSUL_HOST=consul:8500
METRICS_ENABLED=true
METRICS_PORT=9090
HEALTH_CHECK_INTERVAL_SECONDS=30
BACKUP_ENABLED=true
BACKUP_INTERVAL_HOURS=24
BACKUP_RETENTION_DAYS=30
"#;

    #[test]
    fn the_old_services_environment_file_starts_it() {
        let lines: Vec<_> = OLD_ENVIRONMENT.lines().filter_map(|line| line.split_once('=')).collect();
        let loaded = load(&lines).unwrap();
        assert_eq!(loaded.config.log_level, tracing::Level::WARN);
        assert_eq!(loaded.config.tron_network, TronNetwork::Shasta);
        assert_eq!(loaded.config.sessions.idle_timeout, Some(Duration::from_secs(1800)));
        let CorsOrigins::These(origins) = loaded.config.cors.origins else { panic!("exact origins") };
        assert_eq!(origins.len(), 3);
        // Each line either is a setting or is named as ignored.
        for (name, _) in &lines {
            let ignored = loaded.notices.iter().any(|notice| notice.name == *name);
            assert_ne!(ignored, Setting::named(name).is_some(), "{name}");
        }
        let said: Vec<_> = loaded.notices.iter().map(ToString::to_string).collect();
        assert!(said.contains(&"BCRYPT_ROUNDS is set, but is ignored: there are no passwords".to_owned()));
        assert!(said.iter().all(|notice| !notice.contains("secret@")), "{said:?}");
    }

    #[test]
    fn a_secret_is_never_shown() {
        let reader = Reader::find_all(&sources(&[HOME, ("MASTER_KEY", "hunter2")]));
        let value = reader.values.iter().find(|value| value.setting.name == "MASTER_KEY").unwrap();
        assert_eq!(value.shown(), Some("[set]"));
        assert!(!format!("{:?}", reader.values).contains("hunter2"));
    }

    /// The name of a variable that is read.
    fn variable() -> impl Strategy<Value = String> {
        let others = ["HOME", "STATE_DIRECTORY", "XDG_DATA_HOME", "CREDENTIALS_DIRECTORY", "MONGODB_URI"];
        let names = SETTINGS.iter().flat_map(|setting| [setting.name.to_owned(), setting.file_variable()]);
        select(names.chain(others.map(str::to_owned)).collect::<Vec<_>>())
    }

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            "(?s).*",
            "[0-9]{1,12}",
            select(vec!["true", "*", "[\"http://a\"]", "http://a", "/x", "::1", "0.0.0.0/0"])
                .prop_map(str::to_owned),
        ]
    }

    proptest! {
        #[test]
        fn no_environment_makes_it_panic(
            environment in btree_map(variable(), text(), 0..12),
            flags in btree_map(select(SETTINGS.iter().map(|setting| setting.name).collect::<Vec<_>>()), text(), 0..4),
            file in prop_oneof![Just(None), any::<Vec<u8>>().prop_map(Some)],
        ) {
            let environment = environment.into_iter().map(|(name, value)| (name, value.into())).collect();
            let read = move |_: &Path| file.clone().ok_or_else(|| io::ErrorKind::NotFound.into());
            match Config::load(&Sources::new(flags, environment, read)) {
                Ok(loaded) => prop_assert_eq!(loaded.values.len(), SETTINGS.len()),
                Err(mistakes) => {
                    prop_assert!(!mistakes.0.is_empty());
                    prop_assert_eq!(mistakes.to_string().lines().count(), mistakes.0.len());
                }
            }
        }
    }
}
