//! The only reader of the system's random bytes.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct RandomError;

/// Gives random bytes fit for keys. A copy draws from the same source.
#[derive(Clone)]
pub struct Random(Arc<Source<Fill>>);

type Fill = dyn Fn(&mut [u8]) -> Result<(), RandomError> + Send + Sync;

/// How many bytes are drawn at once where they are no secret.
const STORED: usize = 1536;

struct Source<F: ?Sized> {
    /// What was drawn for names, and how much of it is left.
    names: Mutex<([u8; STORED], usize)>,
    fill: F,
}

impl Random {
    /// The system's source, which waits until the system has gathered enough chance.
    #[must_use]
    pub fn system() -> Self {
        Self::new(|bytes| getrandom::fill(bytes).map_err(|_| RandomError))
    }

    /// A source that fills what `fill` is given, for tests.
    #[must_use]
    pub fn new(fill: impl Fn(&mut [u8]) -> Result<(), RandomError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Source { names: Mutex::new(([0; STORED], 0)), fill }))
    }

    /// `N` fresh bytes.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the system gives none.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], RandomError> {
        let mut bytes = [0; N];
        (self.0.fill)(&mut bytes)?;
        Ok(bytes)
    }

    /// `N` fresh bytes for a name, which is no secret: they are drawn many at once and stay in memory until they are used. To
    /// ask the system for each would be a seventh of what it does for a short request.
    ///
    /// # Errors
    ///
    /// [`RandomError`] if the system gives none.
    pub fn name<const N: usize>(&self) -> Result<[u8; N], RandomError> {
        const { assert!(N <= STORED) };
        let mut names = self.0.names.lock().unwrap_or_else(PoisonError::into_inner);
        let (stored, left) = &mut *names;
        if *left < N {
            (self.0.fill)(stored)?;
            *left = STORED;
        }
        let mut bytes = [0; N];
        bytes.copy_from_slice(&stored[*left - N..*left]);
        *left -= N;
        Ok(bytes)
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering::SeqCst};

    use super::*;

    #[test]
    fn names_come_of_one_draw_until_it_is_used_up_and_none_comes_twice() {
        let draws = Arc::new(AtomicU8::new(0));
        let counted = Arc::clone(&draws);
        let random = Random::new(move |bytes| {
            // The second draw fails.
            let draw = counted.fetch_add(1, SeqCst);
            for (byte, number) in bytes.iter_mut().zip(0_u16..) {
                let [high, low] = number.to_be_bytes();
                *byte = draw.wrapping_mul(7) ^ high ^ low;
            }
            if draw == 1 { Err(RandomError) } else { Ok(()) }
        });
        let of_a_draw = STORED / 12;
        let mut names: Vec<_> = (0..of_a_draw).map(|_| random.clone().name::<12>().unwrap()).collect();
        assert_eq!(draws.load(SeqCst), 1);
        assert_eq!(random.name::<12>(), Err(RandomError), "what it left behind is not used");
        names.push(random.name::<12>().unwrap());
        assert_eq!(draws.load(SeqCst), 3);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), of_a_draw + 1);
    }
}
