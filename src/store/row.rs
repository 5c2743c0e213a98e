//! How rows are written: a version byte, then JSON.
//!
//! JSON costs half a microsecond and lets a row gain a field without touching the ones on disk.

use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// The first byte of each row: how the rest is to be read.
const VERSION: u8 = 1;

/// What most rows fit into, in bytes: to make room bit by bit costs more than to write them.
const USUAL: usize = 512;

/// The bytes of `row`.
///
/// # Errors
///
/// [`StoreError::Row`] if the row has a part that JSON cannot hold.
pub(super) fn encode<T: Serialize>(table: &'static str, row: &T) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::with_capacity(USUAL);
    bytes.push(VERSION);
    serde_json::to_writer(&mut bytes, row)
        .map_err(|error| StoreError::Row { table, why: error.to_string() })?;
    Ok(bytes)
}

/// The row of these bytes.
///
/// # Errors
///
/// [`StoreError::Row`] if it was not [`encode`] that wrote them.
pub(super) fn decode<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T, StoreError> {
    let Some((&VERSION, json)) = bytes.split_first() else {
        return Err(StoreError::Row { table, why: "its version is unknown".to_owned() });
    };
    // serde's message may quote the row, which may hold a secret: only the place is told.
    serde_json::from_slice(json)
        .map_err(|error| StoreError::Row { table, why: format!("JSON, column {}", error.column()) })
}

/// A key, or a value that is one, of this length.
///
/// # Errors
///
/// [`StoreError::Inconsistent`] if it is of another.
pub(super) fn fixed<const N: usize>(bytes: &[u8]) -> Result<[u8; N], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Inconsistent("a key of another length than keys have there"))
}

/// Bytes of any length in JSON: base64url.
pub(super) mod base64url_any {
    use data_encoding::BASE64URL_NOPAD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
    use zeroize::Zeroizing;

    pub(in crate::store) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(BASE64URL_NOPAD.encode(bytes)))
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Zeroizing<Vec<u8>>, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        BASE64URL_NOPAD.decode(text.as_bytes()).map(Zeroizing::new).map_err(D::Error::custom)
    }
}

/// 32 bytes in JSON: base64url.
pub(super) mod base64url {
    use data_encoding::BASE64URL_NOPAD;
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(in crate::store) fn serialize<S: Serializer>(
        bytes: &[u8; 32],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64URL_NOPAD.encode(bytes))
    }

    pub(in crate::store) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<[u8; 32], D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(deserializer)?);
        let bytes =
            zeroize::Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).map_err(D::Error::custom)?);
        bytes.as_slice().try_into().map_err(|_| D::Error::custom("expected 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_reads_back_and_a_damaged_one_is_an_error_that_quotes_nothing() {
        let bytes = encode("t", &["secret"]).unwrap();
        assert_eq!(decode::<Vec<String>>("t", &bytes).unwrap(), ["secret"]);
        for damaged in
            [&bytes[..0], &bytes[..1], &bytes[..5], &[&[9], &bytes[1..]].concat(), b"\x01{\"secret\":"]
        {
            let error = decode::<Vec<String>>("t", damaged).unwrap_err().to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
