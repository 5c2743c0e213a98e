//! The table of settings: every variable, its default and what it means.

/// One setting: an environment variable with a flag of the same meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The environment variable, such as `AUTH_SERVICE_PORT`.
    pub name: &'static str,
    /// What holds when nobody sets it.
    pub fallback: Fallback,
    /// One sentence: what it is, what is allowed, and the unit.
    pub help: &'static str,
    /// The heading above it in lists, if it begins a group.
    pub heading: Option<&'static str>,
    /// Whether its value must never be shown.
    pub secret: bool,
}

/// What holds when nobody sets a [`Setting`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// This value.
    Value(&'static str),
    /// No fixed value; the text says what happens instead.
    Means(&'static str),
}

impl Setting {
    /// The flag without its two hyphens: `port` for `AUTH_SERVICE_PORT`, `data-dir` for `DATA_DIR`.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.strip_prefix("AUTH_SERVICE_").unwrap_or(self.name).to_ascii_lowercase().replace('_', "-")
    }

    /// The variable that names a file with the value: `AUTH_SERVICE_PORT_FILE`.
    #[must_use]
    pub fn file_variable(&self) -> String {
        format!("{}_FILE", self.name)
    }

    /// The default as text for people.
    #[must_use]
    pub const fn default_text(&self) -> &'static str {
        match self.fallback {
            Fallback::Value(text) | Fallback::Means(text) => text,
        }
    }

    /// The setting of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

const fn row(name: &'static str, fallback: Fallback, help: &'static str) -> Setting {
    Setting { name, fallback, help, heading: None, secret: false }
}

/// A setting with a default value.
const fn value(name: &'static str, default: &'static str, help: &'static str) -> Setting {
    row(name, Fallback::Value(default), help)
}

/// A setting without one: `otherwise` says what holds instead.
const fn unset(name: &'static str, otherwise: &'static str, help: &'static str) -> Setting {
    row(name, Fallback::Means(otherwise), help)
}

/// The same setting, as the first of its group.
const fn under(heading: &'static str, mut setting: Setting) -> Setting {
    setting.heading = Some(heading);
    setting
}

/// Every setting. Help, the environment file in `packaging/` and the table in `README.md` come from here.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    under("Service",
    unset("SETTINGS_FILE",              "none",      "File of settings: lines NAME=value as in packaging/lucid-auth.env; the environment wins over it; SIGHUP reads it again")),
    value("SERVICE_NAME",               "lucid-auth-service", "Name in /health, logs and metrics: 1 to 64 printable ASCII characters"),
    value("AUTH_SERVICE_BIND",          "0.0.0.0",   "Address to listen on: IPv4 or IPv6"),
    value("AUTH_SERVICE_PORT",          "8089",      "Port to listen on: 0 to 65535, 0 lets the system choose"),
    unset("PUBLIC_URL",                 "from the request's Host", "What browsers see, such as https://auth.example.org: the host in the message to sign, the issuer, cookies and redirects"),
    unset("DATA_DIR",                   "$STATE_DIRECTORY, else the XDG data folder", "Folder that holds auth.redb: a path of at most 90 bytes"),

    under("Accounts",
    unset("SUPER_ADMIN_ADDRESSES",      "none",      "TRON addresses that are SUPER_ADMIN from their first sign-in, separated by commas")),
    value("REGISTRATION",               "open",      "open: a first sign-in makes a USER; closed: only accounts that an admin added"),

    under("Tokens",
    value("ACCESS_TOKEN_EXPIRE_MINUTES", "15",       "How long an access token is good, in minutes: 1 to 60")),
    value("REFRESH_TOKEN_EXPIRE_DAYS",  "7",         "How long a refresh token is good, in days: 1 to 90"),
    unset("JWT_ISSUER",                 "PUBLIC_URL", "The claim iss: 1 to 255 printable ASCII characters without spaces"),
    unset("JWT_AUDIENCE",               "none",      "The claim aud: 1 to 255 printable ASCII characters without spaces"),
    value("JWT_KEY_ROTATION_DAYS",      "30",        "Days between new signing keys: 0 to 3650, 0 means only by hand"),

    under("Limits",
    value("MAX_LOGIN_ATTEMPTS",         "5",         "Failed sign-ins in a row that lock sign-in of an address for the client that failed, and slow that client: 1 to 1000")),
    value("LOGIN_COOLDOWN_MINUTES",     "15",        "How long such a lock lasts, in minutes, unless the service is started again: 1 to 10080"),
    value("RATE_LIMIT_ENABLED",         "true",      "Whether requests are limited: true or false"),
    value("RATE_LIMIT_PUBLIC",          "100",       "Requests a minute by client address, of callers who are not signed in: 1 to 1000000; challenges and sign-ins are 30 of their own, or fewer if this is less"),
    value("RATE_LIMIT_AUTHENTICATED",   "1000",      "Requests a minute by user: 1 to 1000000; changes are a tenth of that"),
    value("RATE_LIMIT_ADMIN",           "10000",     "Requests a minute by user who is ADMIN or above: 1 to 1000000; changes are a tenth of that"),

    under("Sessions",
    value("SESSION_MAX_CONCURRENT_PER_USER", "5",    "Sessions of one user: 1 to 1000; the oldest ends when one more begins")),
    value("SESSION_IDLE_TIMEOUT_MINUTES", "0",       "Ends a session that was not refreshed for so many minutes: 0 to 129600, 0 means never"),

    under("Browsers and proxies",
    unset("CORS_ORIGINS",               "none",      "Origins whose pages may call the API, separated by commas; * only without credentials")),
    value("CORS_ALLOW_CREDENTIALS",     "true",      "Whether those pages may send cookies: true or false"),
    unset("ALLOWED_REDIRECT_ORIGINS",   "none",      "Origins of apps that browsers are sent back to after they signed in, exactly, separated by commas; goes with PUBLIC_URL"),
    unset("TRUSTED_PROXIES",            "none",      "Addresses or CIDR networks whose X-Forwarded-For and Forwarded count, separated by commas"),

    under("Wallets",
    value("ENABLE_HARDWARE_WALLET",     "true",      "Whether the login page offers hardware wallets: true or false")),
    value("LEDGER_SUPPORTED",           "true",      "Whether it offers Ledger: true or false"),
    value("TREZOR_SUPPORTED",           "true",      "Whether it offers Trezor: true or false"),
    value("KEEPKEY_SUPPORTED",          "true",      "Whether it offers KeepKey: true or false"),
    value("TRON_NETWORK",               "mainnet",   "The network shown in /meta/info: mainnet, shasta or nile"),

    under("Audit log",
    value("AUDIT_LOG_ENABLED",          "true",      "Whether what happens is recorded: true or false; that it was switched off or on is recorded in any case")),
    value("AUDIT_LOG_RETENTION_DAYS",   "90",        "How long it is kept, in days: 1 to 3650; also what was recorded before it was switched off"),

    under("HTTPS",
    unset("TLS_CERT_FILE",              "none",      "Certificate chain, a PEM file: HTTPS on the same port; goes with TLS_KEY_FILE; SIGHUP reads both again")),
    unset("TLS_KEY_FILE",               "none",      "Private key of the certificate, a PEM file"),
    value("TLS_SELF_SIGNED",            "false",     "HTTPS with a certificate by an authority of this machine's own, which browsers have to be told to trust: true or false"),

    under("Metrics",
    value("METRICS_ENABLED",            "true",      "Whether Prometheus may read metrics: true or false")),
    value("METRICS_BIND",               "127.0.0.1", "Address to serve metrics on: IPv4 or IPv6; whoever reaches it may read them"),
    value("METRICS_PORT",               "9090",      "Port to serve metrics on: 0 to 65535, 0 lets the system choose; not the service's own"),

    under("Backups",
    value("BACKUP_ENABLED",             "true",      "Whether verified copies are made while the service runs: true or false")),
    unset("BACKUP_DIR",                 "DATA_DIR/backups", "Folder for the copies: a path"),
    value("BACKUP_INTERVAL_HOURS",      "24",        "Hours between copies: 1 to 8760"),
    value("BACKUP_RETENTION_DAYS",      "30",        "How long a copy is kept, in days: 1 to 3650"),

    under("Keys",
    unset("MASTER_KEY",                 "none",      "Seals the signing keys in the database: 32 bytes in base64; without it a copy of the file can mint tokens").secret()),

    under("Logs",
    value("LOG_LEVEL",                  "INFO",      "The least that is logged: TRACE, DEBUG, INFO, WARN or ERROR; WARNING and CRITICAL are understood; SIGHUP changes it. Requests for health, keys and token checks that succeed are logged at DEBUG")),
    value("LOG_FORMAT",                 "auto",      "json, text, or auto: JSON unless stderr is a terminal"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_flags_are_unique_and_no_file_variable_is_another_setting() {
        let names: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.name).collect();
        let flags: BTreeSet<_> = SETTINGS.iter().map(Setting::flag).collect();
        assert_eq!((names.len(), flags.len()), (SETTINGS.len(), SETTINGS.len()));
        for setting in SETTINGS {
            assert!(!names.contains(setting.file_variable().as_str()), "{}", setting.name);
        }
    }

    #[test]
    fn flags_are_the_variables_without_the_service() {
        let flag = |name| Setting::named(name).unwrap().flag();
        assert_eq!(flag("AUTH_SERVICE_PORT"), "port");
        assert_eq!(flag("AUTH_SERVICE_BIND"), "bind");
        assert_eq!(flag("DATA_DIR"), "data-dir");
    }
}
