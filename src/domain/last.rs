//! What was written last, for whoever asks the same again.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// The bytes that were written last, and what they are about.
pub struct Last<K>(Mutex<Option<(K, Arc<[u8]>)>>);

impl<K: PartialEq + Copy> Last<K> {
    /// What `write` writes about `about`; not anew, if the last was about the same.
    ///
    /// # Errors
    ///
    /// That of `write`.
    pub fn of<E>(&self, about: K, write: impl FnOnce(K) -> Result<Vec<u8>, E>) -> Result<Arc<[u8]>, E> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = last.as_ref().filter(|(known, _)| *known == about) {
            return Ok(Arc::clone(bytes));
        }
        let bytes = Arc::<[u8]>::from(write(about)?);
        *last = Some((about, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

impl<K> Default for Last<K> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<K> fmt::Debug for Last<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Last")
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible};

    use super::*;

    #[test]
    fn it_is_written_anew_when_it_is_about_something_else() {
        let (last, written) = (Last::default(), Cell::new(0));
        let ask = |about: u8| {
            let bytes = last.of(about, |about| {
                written.set(written.get() + 1);
                Ok::<_, Infallible>(vec![about])
            });
            (bytes.unwrap()[0], written.get())
        };
        for (about, times) in [(1, 1), (1, 1), (2, 2), (1, 3)] {
            assert_eq!(ask(about), (about, times));
        }
        assert!(last.of(3, |_| Err::<Vec<u8>, _>(())).is_err());
        assert_eq!(ask(1), (1, 3), "what failed left the last as it was");
    }
}
