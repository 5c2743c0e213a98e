//! Reading DER ([X.690]), as far as a certificate goes: tags of one byte, lengths of at most three.
//!
//! [X.690]: https://www.itu.int/rec/T-REC-X.690

pub(super) const BOOLEAN: u8 = 1;
pub(super) const INTEGER: u8 = 2;
pub(super) const OCTET_STRING: u8 = 4;
pub(super) const OBJECT_IDENTIFIER: u8 = 6;
pub(super) const UTC_TIME: u8 = 23;
pub(super) const GENERALIZED_TIME: u8 = 24;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag `[number] EXPLICIT`.
pub(super) const fn explicit(number: u8) -> u8 {
    0xa0 | number
}

/// The tag `[number] IMPLICIT` of a simple type.
pub(super) const fn implicit(number: u8) -> u8 {
    0x80 | number
}

/// Values, one after another.
pub(super) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next value with its tag, or nothing at the end; `None` if it is broken.
    #[expect(clippy::option_option, reason = "the end is no mistake")]
    pub(super) fn next(&mut self) -> Option<Option<(u8, &'a [u8])>> {
        let [tag, rest @ ..] = self.0 else { return Some(None) };
        let (length, rest) = match rest {
            [short @ 0..=0x7f, rest @ ..] => (usize::from(*short), rest),
            [0x81, one, rest @ ..] => (usize::from(*one), rest),
            [0x82, one, two, rest @ ..] => (usize::from(u16::from_be_bytes([*one, *two])), rest),
            _ => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Some((*tag, value)))
    }

    /// The next value, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next()?.filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }

    /// The next value of a list in which each has this tag, or nothing at the end; `None` if it is broken.
    #[expect(clippy::option_option, reason = "the end is no mistake")]
    pub(super) fn next_of(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        match self.next()? {
            None => Some(None),
            Some((found, value)) => (found == tag).then_some(Some(value)),
        }
    }

    /// Step over the next value if it has this tag; `None` if it is broken.
    pub(super) fn optional(&mut self, tag: u8) -> Option<()> {
        if self.0.first() == Some(&tag) {
            self.take(tag)?;
        }
        Some(())
    }
}
