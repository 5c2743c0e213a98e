//! The transaction that a Trezor signs: what is written is read back by the rules of protobuf.

use lucid_auth::domain::wallet::{Address, TYPE_URL, Transfer};

use crate::input::Input;

pub fn run(data: &[u8]) {
    let mut input = Input(data);
    // None of the numbers is zero, as the type says.
    let transfer = Transfer {
        ref_block_bytes: input.array(),
        ref_block_hash: input.array(),
        expiration: number(&mut input).max(1),
        timestamp: number(&mut input).max(1),
        owner: Address::from_bytes(input.array()),
        to: Address::from_bytes(input.array()),
        amount: number(&mut input).max(1),
        data: input.0.to_vec(),
    };
    assert_eq!(read(&transfer.raw_data()), Some(transfer.clone()));
    // A proof has what the device shows, and nothing that a node would take.
    let proof = read(&Transfer::proof(transfer.owner, &transfer.data).raw_data()).unwrap();
    assert_eq!((proof.owner, proof.to, &proof.data), (transfer.owner, transfer.owner, &transfer.data));
    assert_eq!((proof.expiration, proof.ref_block_hash), (1, [0; 8]));
}

/// A number of any length.
fn number(input: &mut Input<'_>) -> u64 {
    let bits = u32::from(input.byte() % 64);
    u64::from_le_bytes(input.array()) >> bits
}

/// A field: its number, and its bytes or its value.
enum Field<'a> {
    Number(u64, u64),
    Bytes(u64, &'a [u8]),
}

fn read(bytes: &[u8]) -> Option<Transfer> {
    let mut raw = fields(bytes)?;
    if !raw.iter().any(|field| matches!(field, Field::Bytes(10, _))) {
        raw.insert(3, Field::Bytes(10, &[]));
    }
    let [
        Field::Bytes(1, block),
        Field::Bytes(4, hash),
        Field::Number(8, expiration),
        Field::Bytes(10, data),
        Field::Bytes(11, contract),
        Field::Number(14, timestamp),
    ] = raw[..]
    else {
        return None;
    };
    let contract = fields(contract)?;
    let [Field::Number(1, 1), Field::Bytes(2, parameter)] = contract[..] else { return None };
    let parameter = fields(parameter)?;
    let [Field::Bytes(1, url), Field::Bytes(2, transfer)] = parameter[..] else { return None };
    let transfer = fields(transfer)?;
    let [Field::Bytes(1, owner), Field::Bytes(2, to), Field::Number(3, amount)] = transfer[..] else {
        return None;
    };
    let address = |bytes: &[u8]| Some(Address::from_bytes(bytes.strip_prefix(&[0x41])?.try_into().ok()?));
    (url == TYPE_URL.as_bytes()).then_some(())?;
    Some(Transfer {
        ref_block_bytes: block.try_into().ok()?,
        ref_block_hash: hash.try_into().ok()?,
        expiration,
        timestamp,
        owner: address(owner)?,
        to: address(to)?,
        amount,
        data: data.to_vec(),
    })
}

fn fields(mut bytes: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let value = varint(&mut bytes)?;
        found.push(match tag & 7 {
            0 => Field::Number(tag >> 3, value),
            2 => {
                let (inside, rest) = bytes.split_at_checked(usize::try_from(value).ok()?)?;
                bytes = rest;
                Field::Bytes(tag >> 3, inside)
            }
            _ => return None,
        });
    }
    Some(found)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..70).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

pub fn seeds() -> Vec<Vec<u8>> {
    vec![Vec::new(), vec![0xff; 120], (0..=255).collect(), b"pi.local wants you to sign in".to_vec()]
}
