//! The transaction that a Trezor signs in place of a text: it signs no TRON messages, but shows the memo of a transfer.
//!
//! It is written by hand, for it must be to the byte what the device hashes: [protobuf], each field once, in the order of
//! the numbers. These are of TRON's [`Tron.proto`] (`Transaction.raw`, `Transaction.Contract`) and
//! [`balance_contract.proto`] (`TransferContract`), and of `google.protobuf.Any`.
//!
//! [protobuf]: https://protobuf.dev/programming-guides/encoding/
//! [`Tron.proto`]: https://github.com/tronprotocol/protocol/blob/master/core/Tron.proto
//! [`balance_contract.proto`]: https://github.com/tronprotocol/protocol/blob/master/core/contract/balance_contract.proto

use sha2::{Digest, Sha256};

use super::Address;

/// A transfer of TRX, as it is signed: a `Transaction.raw` with one `TransferContract`.
///
/// None of the numbers is zero: writers of proto3, such as tronweb, leave a zero out, and a Trezor writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Two bytes of the number of a recent block.
    pub ref_block_bytes: [u8; 2],
    /// Eight bytes of its hash.
    pub ref_block_hash: [u8; 8],
    /// From when on no block takes it, in milliseconds since the Unix epoch.
    pub expiration: u64,
    /// When it was made, in milliseconds since the Unix epoch.
    pub timestamp: u64,
    /// Who pays, and signs.
    pub owner: Address,
    /// Who is paid.
    pub to: Address,
    /// How much, in SUN: millionths of a TRX.
    pub amount: u64,
    /// The memo; a Trezor takes 256 bytes at most.
    pub data: Vec<u8>,
}

/// What says which message the parameter of the contract is.
pub const TYPE_URL: &str = "type.googleapis.com/protocol.TransferContract";

/// `TransferContract` among the types of contracts.
const TRANSFER_CONTRACT: u64 = 1;

impl Transfer {
    /// The transfer that carries `memo` and can never take place.
    ///
    /// A node refuses it for each of three reasons: it expired in 1970, whatever any clock says now; it refers to a block
    /// of zeroes, which there is not; and nobody may send TRX to themselves (java-tron: `validateCommon` and
    /// `validateTapos` in `Manager.java`, `validate` in `TransferActuator.java`).
    #[must_use]
    pub fn proof(address: Address, memo: &[u8]) -> Self {
        Self {
            ref_block_bytes: [0; 2],
            ref_block_hash: [0; 8],
            expiration: 1,
            timestamp: 1,
            owner: address,
            to: address,
            amount: 1,
            data: memo.to_vec(),
        }
    }

    /// What is signed: the bytes of the `Transaction.raw`.
    #[must_use]
    pub fn raw_data(&self) -> Vec<u8> {
        let transfer = Message::default()
            .bytes(1, &self.owner.prefixed())
            .bytes(2, &self.to.prefixed())
            .number(3, self.amount);
        let parameter = Message::default().bytes(1, TYPE_URL.as_bytes()).bytes(2, &transfer.0);
        let contract = Message::default().number(1, TRANSFER_CONTRACT).bytes(2, &parameter.0);
        let raw = Message::default()
            .bytes(1, &self.ref_block_bytes)
            .bytes(4, &self.ref_block_hash)
            .number(8, self.expiration)
            .bytes(10, &self.data)
            .bytes(11, &contract.0)
            .number(14, self.timestamp);
        raw.0
    }
}

/// The digest of `message` under `trezor-tx`: the SHA-256 of the transfer of [`Transfer::proof`], as `sign_tx.py` of
/// trezor-firmware (core) does it, and every wallet that signs a TRON transaction.
pub(super) fn digest(address: Address, message: &[u8]) -> [u8; 32] {
    Sha256::digest(Transfer::proof(address, message).raw_data()).into()
}

/// A protobuf message in the making.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    /// Add a field that is a number: wire type 0.
    fn number(mut self, field: u64, value: u64) -> Self {
        self.varint(field << 3);
        self.varint(value);
        self
    }

    /// Add a field that is bytes, a text or a message: wire type 2. An empty one is left out.
    fn bytes(mut self, field: u64, value: &[u8]) -> Self {
        if !value.is_empty() {
            self.varint(field << 3 | 2);
            self.varint(value.len() as u64);
            self.0.extend_from_slice(value);
        }
        self
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn varint(&mut self, mut value: u64) {
        while value > 0x7f {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::domain::wallet::Signature;

    /// A field as it stands in a message.
    #[derive(Debug, PartialEq, Eq)]
    enum Value {
        Number(u64),
        Bytes(Vec<u8>),
    }

    /// Every field of a message, in its order; `None` if it is none. Reads as the specification says, and knows nothing
    /// of how the writer above does it.
    fn fields(mut rest: &[u8]) -> Option<Vec<(u64, Value)>> {
        fn varint(rest: &mut &[u8]) -> Option<u64> {
            let mut value: u128 = 0;
            for place in 0..10 {
                let (byte, after) = rest.split_first()?;
                *rest = after;
                value += u128::from(byte % 128) * 128_u128.pow(place);
                if *byte < 128 {
                    return u64::try_from(value).ok();
                }
            }
            None
        }
        let mut fields = Vec::new();
        while !rest.is_empty() {
            let key = varint(&mut rest)?;
            let value = match key % 8 {
                0 => Value::Number(varint(&mut rest)?),
                2 => {
                    let length = usize::try_from(varint(&mut rest)?).ok()?;
                    let (bytes, after) = rest.split_at_checked(length)?;
                    rest = after;
                    Value::Bytes(bytes.to_vec())
                }
                _ => return None,
            };
            fields.push((key / 8, value));
        }
        Some(fields)
    }

    /// The transfer that is in these bytes, if it is one and nothing else.
    fn read(raw: &[u8]) -> Option<Transfer> {
        fn bytes<const N: usize>(value: &Value) -> Option<[u8; N]> {
            let Value::Bytes(bytes) = value else { return None };
            bytes.as_slice().try_into().ok()
        }
        fn address(value: &Value) -> Option<Address> {
            let [0x41, rest @ ..] = bytes::<21>(value)? else { return None };
            Some(Address::from_bytes(rest))
        }
        let mut raw = fields(raw)?;
        // The memo alone may be left out.
        if raw.len() == 5 {
            raw.insert(3, (10, Value::Bytes(Vec::new())));
        }
        let [(1, block), (4, hash), (8, Value::Number(expiration)), (10, Value::Bytes(data)), rest @ ..] =
            &raw[..]
        else {
            return None;
        };
        let [(11, Value::Bytes(contract)), (14, Value::Number(timestamp))] = rest else { return None };
        let contract = fields(contract)?;
        let [(1, Value::Number(1)), (2, Value::Bytes(parameter))] = &contract[..] else { return None };
        let parameter = fields(parameter)?;
        let [(1, Value::Bytes(url)), (2, Value::Bytes(transfer))] = &parameter[..] else { return None };
        let transfer = fields(transfer)?;
        let [(1, owner), (2, to), (3, Value::Number(amount))] = &transfer[..] else { return None };
        (url == b"type.googleapis.com/protocol.TransferContract").then_some(())?;
        Some(Transfer {
            ref_block_bytes: bytes(block)?,
            ref_block_hash: bytes(hash)?,
            expiration: *expiration,
            timestamp: *timestamp,
            owner: address(owner)?,
            to: address(to)?,
            amount: *amount,
            data: data.clone(),
        })
    }

    #[derive(Deserialize)]
    struct Vectors {
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        raw_data_hex: String,
        signature_hex: String,
        address: Address,
        memo_hex: Option<String>,
    }

    #[test]
    fn what_a_trezor_signed_recovers_its_address_and_is_written_to_the_byte() {
        let vectors: Vectors =
            serde_json::from_str(include_str!("../../../tests/vectors/trezor-tron-transactions.json"))
                .unwrap();
        let (mut recovered, mut written) = (0, 0);
        for vector in vectors.vectors {
            let raw = HEXLOWER.decode(vector.raw_data_hex.as_bytes()).unwrap();
            let signature: Signature = vector.signature_hex.parse().unwrap();
            assert_eq!(
                signature.recover(&Sha256::digest(&raw).into()),
                Ok(vector.address),
                "{}",
                vector.name
            );
            recovered += 1;
            // The others are no transfers.
            let Some(transfer) = read(&raw) else { continue };
            assert_eq!(transfer.owner, vector.address, "{}", vector.name);
            assert_eq!(
                HEXLOWER.encode(&transfer.data),
                vector.memo_hex.unwrap_or_default(),
                "{}",
                vector.name
            );
            assert_eq!(HEXLOWER.encode(&transfer.raw_data()), vector.raw_data_hex, "{}", vector.name);
            written += 1;
        }
        assert_eq!((recovered, written), (12, 5));
    }

    #[test]
    fn a_proof_cannot_take_place() {
        let address = Address::from_bytes([7; 20]);
        let transfer = read(&Transfer::proof(address, b"memo").raw_data()).unwrap();
        assert_eq!(transfer.expiration, 1, "1970");
        assert_eq!((transfer.ref_block_bytes, transfer.ref_block_hash), ([0; 2], [0; 8]), "no block");
        assert_eq!((transfer.owner, transfer.to), (address, address), "to themselves");
        assert_eq!(transfer.data, b"memo");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_by_the_rules_of_protobuf(
            ref_block_bytes: [u8; 2],
            ref_block_hash: [u8; 8],
            expiration: u64,
            timestamp: u64,
            owner: [u8; 20],
            to: [u8; 20],
            amount: u64,
            data in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let (owner, to) = (Address::from_bytes(owner), Address::from_bytes(to));
            let transfer =
                Transfer { ref_block_bytes, ref_block_hash, expiration, timestamp, owner, to, amount, data };
            prop_assert_eq!(read(&transfer.raw_data()), Some(transfer));
        }
    }
}
