//! How a person says they will sign.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{DeviceType, Scheme};

/// The kind of wallet that a challenge is made for. The text to sign and the [`Scheme`] follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WalletType {
    /// A wallet in the browser that signs TRON messages, such as TronLink.
    #[default]
    Tron,
    /// A Ledger with the TRON app.
    Ledger,
    /// A KeepKey with firmware 7.14.1 or later, which knows `TronSignMessage`.
    Keepkey,
    /// A KeepKey with older firmware, by `EthereumSignMessage`.
    KeepkeyEth,
    /// A wallet that signs Ethereum messages, such as MetaMask.
    Ethereum,
    /// A Trezor with firmware that knows `TronSignTx` (core 2.11.0 or later; not the Model One).
    Trezor,
    /// Any Trezor, by `EthereumSignMessage`: with the key of its Ethereum account, as it lets no other one sign so.
    TrezorEth,
}

impl WalletType {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Tron,
        Self::Ledger,
        Self::Keepkey,
        Self::KeepkeyEth,
        Self::Ethereum,
        Self::Trezor,
        Self::TrezorEth,
    ];

    /// The name in bodies, such as `keepkey-eth`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tron => "tron",
            Self::Ledger => "ledger",
            Self::Keepkey => "keepkey",
            Self::KeepkeyEth => "keepkey-eth",
            Self::Ethereum => "ethereum",
            Self::Trezor => "trezor",
            Self::TrezorEth => "trezor-eth",
        }
    }

    /// How it hashes and signs a text.
    #[must_use]
    pub const fn scheme(self) -> Scheme {
        match self {
            Self::Tron | Self::Ledger | Self::Keepkey => Scheme::TronV2,
            Self::KeepkeyEth | Self::Ethereum | Self::TrezorEth => Scheme::Eip191,
            Self::Trezor => Scheme::TrezorTx,
        }
    }
}

impl WalletType {
    /// The kind of hardware wallet that alone signs so, if there is one.
    #[must_use]
    pub const fn device(self) -> Option<DeviceType> {
        match self {
            Self::Ledger => Some(DeviceType::Ledger),
            Self::Trezor | Self::TrezorEth => Some(DeviceType::Trezor),
            Self::Keepkey | Self::KeepkeyEth => Some(DeviceType::Keepkey),
            Self::Tron | Self::Ethereum => None,
        }
    }
}

impl fmt::Display for WalletType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No kind of wallet has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected tron, ledger, keepkey, keepkey-eth, ethereum, trezor or trezor-eth")]
pub struct WalletTypeError;

impl FromStr for WalletType {
    type Err = WalletTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|wallet| wallet.name() == text).ok_or(WalletTypeError)
    }
}

impl Serialize for WalletType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for WalletType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    #[rustfmt::skip]
    fn each_kind_has_its_name_and_scheme() {
        let cases = [
            ("tron",        WalletType::Tron,       Scheme::TronV2),
            ("ledger",      WalletType::Ledger,     Scheme::TronV2),
            ("keepkey",     WalletType::Keepkey,    Scheme::TronV2),
            ("keepkey-eth", WalletType::KeepkeyEth, Scheme::Eip191),
            ("ethereum",    WalletType::Ethereum,   Scheme::Eip191),
            ("trezor",      WalletType::Trezor,     Scheme::TrezorTx),
            ("trezor-eth",  WalletType::TrezorEth,  Scheme::Eip191),
        ];
        assert_eq!(cases.map(|(_, wallet, _)| wallet), WalletType::ALL);
        for (name, wallet, scheme) in cases {
            assert_eq!(name.parse(), Ok(wallet));
            assert_eq!(wallet.to_string(), name);
            assert_eq!(wallet.scheme(), scheme, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_written_back(text in ".{0,16}|[a-z-]{4,11}") {
            if let Ok(wallet) = text.parse::<WalletType>() {
                prop_assert_eq!(wallet.name(), text);
            }
        }
    }
}
