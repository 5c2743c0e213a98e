//! The places of the connections: how many each client has, and who gives one up when all are taken.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use tokio::{sync::Notify, time::Instant};

use crate::domain::client::Network;

/// The connections of each client, up to a limit.
#[derive(Debug)]
pub(super) struct Seats {
    limit: usize,
    /// Ages are counted from here.
    began: Instant,
    taken: Mutex<HashMap<Network, Vec<Arc<Place>>>>,
}

/// One connection's place, free again when dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    client: Network,
    place: Arc<Place>,
}

/// What is known of a connection that has a place.
#[derive(Debug)]
pub(super) struct Place {
    began: Instant,
    /// Whether nothing happens before the client sends more.
    reads: AtomicBool,
    /// Whether nothing happens before it takes more.
    writes: AtomicBool,
    /// When its last answer was ready, or it was accepted: milliseconds after `began`. What trickles in since does not
    /// count, so that a slow sender grows as old as a silent one.
    since: AtomicU64,
    /// Whether it was told to leave.
    told: AtomicBool,
    leave: Notify,
}

impl Seats {
    /// `limit` for each client.
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, began: Instant::now(), taken: Mutex::default() })
    }

    /// A place for a connection from `address`, if its client has one left.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Seat> {
        let client = Network::of(address);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let places = taken.entry(client).or_default();
        if places.len() >= self.limit {
            return None;
        }
        let place = Arc::new(Place {
            began: self.began,
            reads: AtomicBool::new(false),
            writes: AtomicBool::new(false),
            since: AtomicU64::new(0),
            told: AtomicBool::new(false),
            leave: Notify::new(),
        });
        place.answered();
        places.push(place.clone());
        Some(Seat { seats: self.clone(), client, place })
    }

    /// Have one connection end that waits for its client, for another to take its place: of the client that has most,
    /// the one that has gone without an answer for longest. So whoever holds many gives way to whoever comes with one.
    /// While one that was told is still there, no other is.
    pub(super) fn make_room(&self) {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.values().flatten().any(|place| place.told.load(Relaxed)) {
            return;
        }
        let all = taken.values().flat_map(|places| places.iter().map(|place| (places.len(), place)));
        let waiting = all.filter(|(_, place)| place.waits());
        let first = waiting.min_by_key(|(count, place)| (usize::MAX - count, place.since.load(Relaxed)));
        if let Some((_, place)) = first {
            place.told.store(true, Relaxed);
            place.leave.notify_one();
        }
    }
}

impl Seat {
    /// Its connection's.
    pub(super) fn place(&self) -> Arc<Place> {
        self.place.clone()
    }
}

impl Place {
    /// Note whether it waits for what its client sends.
    pub(super) fn reads(&self, waits: bool) {
        self.reads.store(waits, Relaxed);
    }

    /// Note whether it waits for its client to take what was sent.
    pub(super) fn writes(&self, waits: bool) {
        self.writes.store(waits, Relaxed);
    }

    fn waits(&self) -> bool {
        self.reads.load(Relaxed) || self.writes.load(Relaxed)
    }

    /// Note that an answer is ready.
    pub(super) fn answered(&self) {
        let age = self.began.elapsed().as_millis();
        self.since.store(u64::try_from(age).unwrap_or(u64::MAX), Relaxed);
    }

    /// Ends when the connection must. Whoever is being answered by then stays.
    pub(super) async fn must_leave(&self) {
        loop {
            self.leave.notified().await;
            if self.waits() {
                return;
            }
            self.told.store(false, Relaxed);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = taken.get_mut(&self.client) {
            places.retain(|place| !Arc::ptr_eq(place, &self.place));
            if places.is_empty() {
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

    /// Which of these was told to leave.
    fn told(seats: &[Seat]) -> Vec<usize> {
        (0..seats.len()).filter(|at| seats[*at].place.told.load(Relaxed)).collect()
    }

    #[test]
    fn the_oldest_of_whoever_holds_most_gives_way_and_nobody_who_is_being_answered() {
        let seats = Seats::new(9);
        let take = |text: &str, since| {
            let seat = seats.take(text.parse().unwrap()).unwrap();
            seat.place.since.store(since, Relaxed);
            seat.place.reads(true);
            seat
        };
        let mut all =
            vec![take("10.0.0.1", 1), take("10.0.0.2", 7), take("10.0.0.2", 5), take("10.0.0.2", 6)];
        all[2].place.reads(false);
        seats.make_room();
        assert_eq!(told(&all), [3], "it has most, and the older of its two that wait");
        seats.make_room();
        assert_eq!(told(&all), [3], "one is on its way out");
        all.remove(3);
        all[1].place.reads(false);
        seats.make_room();
        assert_eq!(told(&all), [0], "the others are being answered");
        all.remove(0);
        seats.make_room();
        assert!(told(&all).is_empty());
    }

    #[tokio::test]
    async fn who_began_to_be_answered_after_being_told_stays_and_may_be_told_again() {
        let seats = Seats::new(9);
        let seat = seats.take("10.0.0.1".parse().unwrap()).unwrap();
        let place = seat.place();
        place.reads(true);
        seats.make_room();
        place.reads(false);
        tokio::select! {
            biased;
            () = place.must_leave() => panic!("it left while it was being answered"),
            () = std::future::ready(()) => {}
        }
        assert!(told(std::slice::from_ref(&seat)).is_empty());
        place.reads(true);
        seats.make_room();
        place.must_leave().await;
    }
}
