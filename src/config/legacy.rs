//! Variables of the Python service that this one replaces, which mean nothing any more.

/// Each variable, or the beginning of its name before `*`, and why it is ignored.
#[rustfmt::skip]
const IGNORED: &[(&str, &str)] = &[
    ("MONGODB_*",                      "users are kept in DATA_DIR, in the service's own database"),
    ("MONGO_*",                        "users are kept in DATA_DIR, in the service's own database"),
    ("REDIS_*",                        "sessions and limits are kept by the service itself"),
    ("SESSION_STORAGE",                "sessions are kept by the service itself"),
    ("SESSION_CLEANUP_INTERVAL_HOURS", "expired sessions are removed as they expire"),
    ("JWT_SECRET",                     "tokens are signed with Ed25519 keys that the service makes and rotates"),
    ("JWT_SECRET_KEY",                 "tokens are signed with Ed25519 keys that the service makes and rotates"),
    ("JWT_ALGORITHM",                  "tokens are signed with EdDSA, always"),
    ("JWT_EXPIRATION*",                "ACCESS_TOKEN_EXPIRE_MINUTES says how long a token is good"),
    ("JWT_EXPIRY_HOURS",               "ACCESS_TOKEN_EXPIRE_MINUTES says how long a token is good"),
    ("JWT_REFRESH_*",                  "REFRESH_TOKEN_EXPIRE_DAYS says how long a refresh token is good"),
    ("ENCRYPTION_KEY*",                "MASTER_KEY is the one key that seals the database's"),
    ("BCRYPT_ROUNDS",                  "there are no passwords"),
    ("PASSWORD_*",                     "there are no passwords"),
    ("LOCKOUT_DURATION_MINUTES",       "LOGIN_COOLDOWN_MINUTES says how long a lock lasts"),
    ("API_RATE_LIMIT",                 "RATE_LIMIT_PUBLIC, _AUTHENTICATED and _ADMIN are the limits"),
    ("RATE_LIMITING_ENABLED",          "RATE_LIMIT_ENABLED switches the limits"),
    ("CORS_CREDENTIALS",               "CORS_ALLOW_CREDENTIALS says whether pages may send cookies"),
    ("CORS_METHODS",                   "the methods are those of the routes"),
    ("CORS_HEADERS",                   "the headers are those that the routes read"),
    ("ADMIN_ADDRESSES*",               "SUPER_ADMIN_ADDRESSES, or SUPER_ADMIN_ADDRESSES_FILE, names them"),
    ("DEFAULT_USER_ROLE",              "a new user is a USER"),
    ("ROLE_BASED_ACCESS",              "roles always decide"),
    ("RBAC_ENABLED",                   "roles always decide"),
    ("HARDWARE_WALLET_SUPPORT",        "ENABLE_HARDWARE_WALLET switches hardware wallets"),
    ("LEDGER_SUPPORT",                 "LEDGER_SUPPORTED switches it"),
    ("TREZOR_SUPPORT",                 "TREZOR_SUPPORTED switches it"),
    ("KEEPKEY_SUPPORT",                "KEEPKEY_SUPPORTED switches it"),
    ("HW_WALLET_TIMEOUT_SECONDS",      "the browser speaks to the device, and waits for the person"),
    ("HARDWARE_TIMEOUT_SECONDS",       "the browser speaks to the device, and waits for the person"),
    ("TRON_SIGNATURE_MESSAGE",         "the text to sign is fixed, so that a Ledger can sign it"),
    ("SIGNATURE_MESSAGE_PREFIX",       "the text to sign is fixed, so that a Ledger can sign it"),
    ("MESSAGE_EXPIRY_MINUTES",         "a challenge is good for five minutes"),
    ("TRON_ADDRESS_PREFIX",            "every TRON address begins with T"),
    ("TRON_NODE_URL",                  "no node is asked: signatures are checked here"),
    ("TRON_API_URL",                   "no node is asked: signatures are checked here"),
    ("TRON_GRID_API_KEY",              "no node is asked: signatures are checked here"),
    ("AUDIT_LOG_SENSITIVE_FIELDS",     "secrets never reach the audit log"),
    ("AUTH_SERVICE_HOST",              "AUTH_SERVICE_BIND is the address to listen on"),
    ("AUTH_SERVICE_URL",               "PUBLIC_URL is what browsers see"),
    ("API_GATEWAY_URL",                "the service calls no other"),
    ("SERVICE_MESH_*",                 "the service registers nowhere"),
    ("CONSUL_*",                       "the service registers nowhere"),
    ("HEALTH_CHECK_*",                 "health is checked when /health is asked"),
    ("UVICORN_*",                      "there is no Python"),
    ("ENVIRONMENT",                    "it runs the same everywhere"),
    ("DEBUG",                          "LOG_LEVEL=DEBUG logs more"),
    ("LOG_FILE_PATH",                  "logs go to stderr"),
];

/// Why the variable `name` is ignored, if the old service read it and this one does not.
pub(super) fn why_ignored(name: &str) -> Option<&'static str> {
    let matches = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    };
    IGNORED.iter().find(|(pattern, _)| matches(pattern)).map(|(_, why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SETTINGS;

    #[test]
    fn no_setting_of_today_is_ignored() {
        for setting in SETTINGS {
            assert_eq!(why_ignored(setting.name), None, "{}", setting.name);
            assert_eq!(why_ignored(&setting.file_variable()), None, "{}", setting.name);
        }
        assert_eq!(why_ignored("PATH"), None);
        assert!(why_ignored("MONGODB_URI").is_some());
    }

    #[test]
    fn a_reason_that_names_a_setting_names_one_that_exists() {
        for (pattern, why) in IGNORED {
            let words = why.split(|c: char| !c.is_ascii_uppercase() && c != '_');
            for word in words.filter(|word| word.len() > 4 && word.contains('_') && !word.starts_with('_')) {
                let name = word.strip_suffix("_FILE").unwrap_or(word);
                assert!(SETTINGS.iter().any(|setting| setting.name == name), "{pattern}: {word}");
            }
        }
    }
}
