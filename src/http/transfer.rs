//! The JSON of the transaction that a Trezor signs.

use data_encoding::HEXLOWER;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::wallet::{TYPE_URL, Transfer};

/// A TRON transaction that cannot take place, in the form in which TRON's nodes give one to be signed. Trezor Connect's
/// `tronSignTransaction` takes what is in `raw_data`; bytes are hex.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Transfer")]
pub(super) struct TransferBody {
    raw_data: RawData,
    /// The same in protobuf, in hex: its SHA-256 is the digest.
    raw_data_hex: String,
}

/// What is signed. Times are milliseconds since the Unix epoch.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct RawData {
    contract: [Contract; 1],
    ref_block_bytes: String,
    ref_block_hash: String,
    expiration: u64,
    timestamp: u64,
    /// The message, as the memo.
    data: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Contract {
    #[serde(rename = "type")]
    kind: &'static str,
    parameter: Parameter,
}

#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Parameter {
    type_url: &'static str,
    value: TransferContract,
}

/// Who pays whom, each as 21 bytes, and how much, in SUN.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct TransferContract {
    owner_address: String,
    to_address: String,
    amount: u64,
}

impl From<Transfer> for TransferBody {
    fn from(transfer: Transfer) -> Self {
        let value = TransferContract {
            owner_address: HEXLOWER.encode(&transfer.owner.prefixed()),
            to_address: HEXLOWER.encode(&transfer.to.prefixed()),
            amount: transfer.amount,
        };
        let parameter = Parameter { type_url: TYPE_URL, value };
        Self {
            raw_data_hex: HEXLOWER.encode(&transfer.raw_data()),
            raw_data: RawData {
                contract: [Contract { kind: "TransferContract", parameter }],
                ref_block_bytes: HEXLOWER.encode(&transfer.ref_block_bytes),
                ref_block_hash: HEXLOWER.encode(&transfer.ref_block_hash),
                expiration: transfer.expiration,
                timestamp: transfer.timestamp,
                data: HEXLOWER.encode(&transfer.data),
            },
        }
    }
}
