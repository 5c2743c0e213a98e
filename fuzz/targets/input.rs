//! Takes values off the front of an input, and chooses among inputs.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

/// Whether this input is one of a few that something slow is done with: of so many, one. The same input always is, or never.
pub fn is_one_in(count: u64, data: &[u8]) -> bool {
    BuildHasherDefault::<DefaultHasher>::new().hash_one(data).is_multiple_of(count)
}

/// What is left of an input.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// The next byte; zero at the end.
    pub fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    /// The next bytes; zeros after the end.
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self.0.split_at(N.min(self.0.len()));
        self.0 = rest;
        let mut array = [0; N];
        array[..head.len()].copy_from_slice(head);
        array
    }

    /// All that is left, if it is UTF-8.
    pub fn text(self) -> Option<&'a str> {
        str::from_utf8(self.0).ok()
    }
}
