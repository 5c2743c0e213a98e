//! The only reader of the system's random bytes.

use std::{fmt, sync::Arc};

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct RandomError;

/// Gives random bytes fit for keys. A copy draws from the same source.
#[derive(Clone)]
pub struct Random(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) -> Result<(), RandomError> + Send + Sync;

impl Random {
    /// The system's source, which waits until the system has gathered enough chance.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|bytes| getrandom::fill(bytes).map_err(|_| RandomError))
    }

    /// A source that fills what `fill` is given, for tests.
    #[must_use]
    pub fn new(fill: impl Fn(&mut [u8]) -> Result<(), RandomError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// `N` fresh bytes.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the system gives none.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], RandomError> {
        let mut bytes = [0; N];
        (self.0)(&mut bytes)?;
        Ok(bytes)
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}
