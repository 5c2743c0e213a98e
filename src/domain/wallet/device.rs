//! What a client says about the device that signed.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

/// What a client says about the device that signed. It proves nothing, and is noted as said.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// What kind it is.
    #[serde(rename = "type")]
    pub kind: DeviceType,
    /// How the client tells it from others.
    pub device_id: Option<DeviceId>,
}

/// A kind of hardware wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceType {
    /// A Ledger.
    Ledger,
    /// A Trezor.
    Trezor,
    /// A KeepKey.
    Keepkey,
}

impl DeviceType {
    /// The name in bodies, such as `ledger`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ledger => "ledger",
            Self::Trezor => "trezor",
            Self::Keepkey => "keepkey",
        }
    }
}

/// How a client tells one device from others: 1 to 64 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceId(String);

impl DeviceId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What was checked when it was written down, perhaps by another version's rule.
    #[must_use]
    pub(crate) const fn from_store(text: String) -> Self {
        Self(text)
    }
}

impl<'de> Deserialize<'de> for DeviceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
        {
            Ok(Self(text))
        } else {
            Err(D::Error::custom("expected 1 to 64 printable ASCII characters"))
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind.name();
        match &self.device_id {
            Some(DeviceId(id)) => write!(f, "{kind} {id}"),
            None => f.write_str(kind),
        }
    }
}
