//! Counts the connections of each client.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::domain::client::Network;

/// The connections of each client, up to a limit.
#[derive(Debug)]
pub(super) struct Seats {
    limit: usize,
    taken: Mutex<HashMap<Network, usize>>,
}

/// One connection's place, free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    client: Network,
}

impl Seats {
    /// `limit` for each client.
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: Mutex::default() })
    }

    /// A place for a connection from `address`, if its client has one left.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let client = Network::of(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(client).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Seat { seats: self.clone(), client })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_so_many_and_gets_one_back_when_one_ends() {
        let seats = Seats::new(2);
        let take = |text: &str| seats.take(text.parse().unwrap());
        let (first, _second) = (take("2001:db8::1").unwrap(), take("2001:db8::2").unwrap());
        assert!(take("2001:db8::3").is_none(), "the same network");
        assert!(take("2001:db8:0:1::3").is_some(), "another network");
        drop(first);
        let third = take("2001:db8::3");
        assert!(third.is_some());
        let (_a, _b) = (take("10.0.0.1"), take("::ffff:10.0.0.1"));
        assert!(take("10.0.0.1").is_none(), "one address written in two ways");
        assert!(take("10.0.0.2").is_some());
        drop(third);
        assert_eq!(seats.taken.lock().unwrap().len(), 2);
    }
}
