//! How the OpenAPI document describes the values that write and read themselves: a schema says exactly what the type's
//! `FromStr` takes, as far as a schema can, and its `format` names a rule that goes further.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    audit::{Action, Actor, Outcome},
    handover,
    id::Id,
    permission::Permission,
    profile::{AvatarUrl, DisplayName, Email, Metadata},
    redirect,
    role::Role,
    timestamp::Timestamp,
    wallet::{Address, DerivationPath, DeviceId, Scheme, WalletType},
};

/// Each line: a type, the name that the document knows it by, and its schema.
macro_rules! schemas {
    ($($kind:ty $([$generic:ident])?, $name:literal, $schema:expr;)+) => {$(
        impl$(<$generic>)? JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )+};
}

#[rustfmt::skip]
schemas! {
    Id<T> [T],   "Id",          text("An identifier. It means nothing, but later ones sort after earlier ones.",
                                     "uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", (36, 36));
    Timestamp,   "Timestamp",   text("A point in time, in UTC.",
                                     "date-time", "^(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", (20, 20));
    Address,     "Address",     text("A TRON address: base58check, so its last characters are a checksum.",
                                     "tron-address", "^T[1-9A-HJ-NP-Za-km-z]{33}$", (Address::CHARS, Address::CHARS));
    DeviceId,    "DeviceId",    text("How a client tells one device from others.",
                                     "device-id", "^[ -~]+$", (1, 64));
    DerivationPath, "DerivationPath", text("Where in a wallet a key lies (BIP-32, BIP-44): m and 1 to 10 numbers below 2^31.",
                                     "derivation-path", "^m(/(0|[1-9][0-9]{0,9})'?){1,10}$", (3, 122));
    DisplayName, "DisplayName", text("A name for people: nothing invisible, and no space at either end.",
                                     "display-name", VISIBLE, (1, 64));
    Email,       "Email",       text("A mail address with a dot in its domain, of at most 254 bytes. Nobody has checked whose it is.",
                                     "mail-address", r"^[^\s@]+@[^\s@]+\.[^\s@]+$", (5, 254));
    AvatarUrl,   "AvatarUrl",   text("Where a picture is.",
                                     "https-address", r"^https://[!$-.0-;=A-\[\]^_a-~]+([/?#][!#-;=?-\[\]^_a-~]*)?$", (9, 2048));
    redirect::Address, "ReturnAddress", text("An address to go back to. Its origin must be this service's own or one of ALLOWED_REDIRECT_ORIGINS.",
                                     "return-address", r"^https?://[A-Za-z0-9.:_\[\]-]+(/([!-.0-\[\]-~][!-\[\]-~]*)?)?$", (8, redirect::MAX_ADDRESS));
    redirect::Path, "ReturnPath", text("A path to go back to, with its query.",
                                     "return-path", r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$", (1, redirect::MAX_ADDRESS));
    handover::StateHash, "StateHash", text("The SHA-256, in base64url, of what the browser keeps for the host to go back to.",
                                     "sha-256", SECRET, (43, 43));
    handover::Code, "HandoverCode", text("Brings a session to one host, once.",
                                     "handover-code", SECRET, (43, 43));
    Metadata,    "Metadata",    json_schema!({"type": "object", "description": "What the platform's pages keep with a user, of at most 4096 bytes. This service reads nothing from it."});
    Role,        "Role",        names("What a user is to the platform. Each holds what the ones before it hold.", Role::ALL.map(Role::name));
    Permission,  "Permission",  names("One thing that a role may allow.", Permission::all().map(Permission::name));
    WalletType,  "WalletType",  names("How a person signs.", WalletType::ALL.map(WalletType::name));
    Action,      "Action",      names("What was done, or tried.", Action::all().map(Action::name));
    Outcome,     "Outcome",     names("How something ended.", [Outcome::Success, Outcome::Refused].map(Outcome::name));
    Actor,       "Actor",       json_schema!({"type": "string", "description": "Who did something: `anonymous`, `operator` (on the machine), `service` (by itself), or the identifier of a user."});
    Scheme,      "Scheme",      names("What a wallet hashes when it signs a text.", Scheme::ALL.map(Scheme::name));
}

/// Neither blank at an end nor invisible within. The tags of U+E0000, which no regular expression writes in the same way
/// everywhere, are left to the format.
const VISIBLE: &str = r"^(?!\s)[^\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+(?<!\s)$";

/// 256 bits in base64url: the last character holds four of them.
const SECRET: &str = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$";

fn text(description: &str, format: &str, pattern: &str, (least, most): (usize, usize)) -> Schema {
    json_schema!({
        "type": "string", "description": description, "format": format, "pattern": pattern,
        "minLength": least, "maxLength": most
    })
}

fn names(description: &str, names: impl IntoIterator<Item = &'static str>) -> Schema {
    json_schema!({"type": "string", "description": description, "enum": names.into_iter().collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, string::string_regex};
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    use super::*;

    /// What the pattern of a `T` makes, in as many characters as it may have.
    fn made<T: JsonSchema>() -> impl Strategy<Value = String> {
        let schema = T::json_schema(&mut SchemaGenerator::default());
        let pattern = schema.get("pattern").and_then(Value::as_str).unwrap();
        let most = usize::try_from(schema.get("maxLength").and_then(Value::as_u64).unwrap()).unwrap();
        let bare = pattern.trim_start_matches('^').trim_end_matches('$');
        string_regex(bare).unwrap().prop_filter("too long", move |text| text.chars().count() <= most)
    }

    fn reads<T: DeserializeOwned>(text: &str) -> bool {
        serde_json::from_value::<T>(json!(text)).is_ok()
    }

    proptest! {
        /// Of the types whose pattern is the whole rule.
        #[test]
        fn what_a_pattern_makes_is_read(
            id in made::<Id<()>>(),
            device in made::<DeviceId>(),
            picture in made::<AvatarUrl>(),
            path in made::<redirect::Path>(),
            state in made::<handover::StateHash>(),
        ) {
            prop_assert!(reads::<Id<()>>(&id), "{}", id);
            prop_assert!(reads::<DeviceId>(&device), "{}", device);
            prop_assert!(reads::<AvatarUrl>(&picture), "{}", picture);
            prop_assert!(reads::<redirect::Path>(&path), "{}", path);
            prop_assert!(reads::<handover::StateHash>(&state), "{}", state);
        }
    }

    #[test]
    fn every_name_of_a_list_is_read() {
        fn listed<T: JsonSchema>() -> Vec<String> {
            let schema = T::json_schema(&mut SchemaGenerator::default());
            schema
                .get("enum")
                .unwrap()
                .as_array()
                .unwrap()
                .iter()
                .map(|name| name.as_str().unwrap().into())
                .collect()
        }
        assert!(listed::<Role>().iter().all(|name| reads::<Role>(name)));
        assert!(listed::<WalletType>().iter().all(|name| reads::<WalletType>(name)));
        assert!(listed::<Permission>().iter().all(|name| name.parse::<Permission>().is_ok()));
        assert!(listed::<Scheme>().iter().all(|name| name.parse::<Scheme>().is_ok()));
    }
}
