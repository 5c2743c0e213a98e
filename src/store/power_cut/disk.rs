//! A disk that is recorded, and what it could hold if its power were cut.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex},
};

use redb::StorageBackend;

/// What was asked of the disk.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Write(usize, Vec<u8>),
    Length(usize),
    Sync,
}

/// A disk that remembers all that was asked of it. A copy is the same disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Recorder(Arc<Mutex<(Vec<u8>, Vec<Event>)>>);

impl Recorder {
    pub(super) fn holding(content: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new((content, Vec::new()))))
    }

    /// How much was asked of it so far.
    pub(super) fn position(&self) -> usize {
        self.0.lock().unwrap().1.len()
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().1.clone()
    }

    fn note(&self, event: Event) {
        let (content, events) = &mut *self.0.lock().unwrap();
        match &event {
            Event::Write(at, data) => content[*at..at + data.len()].copy_from_slice(data),
            Event::Length(length) => content.resize(*length, 0),
            Event::Sync => {}
        }
        events.push(event);
    }
}

fn place(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

impl StorageBackend for Recorder {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().0.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        out.copy_from_slice(&self.0.lock().unwrap().0[place(offset)..place(offset) + out.len()]);
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.note(Event::Length(place(length)));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.note(Event::Sync);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note(Event::Write(place(offset), data.to_vec()));
        Ok(())
    }
}

/// Numbers that nobody need guess ([SplitMix64]).
///
/// [SplitMix64]: https://prng.di.unimi.it/splitmix64.c
#[derive(Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }
}

/// What becomes of what was not synced.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Lost,
    Kept,
    /// Each sector of this many bytes is as one of the writes to it left it, or as it was before them all: the newest in so
    /// many of ten, any in the others.
    Torn(usize, usize),
}

/// A disk on the way through what was recorded: at each moment, what it holds for certain, and what it may hold besides.
pub(super) struct Disk<'a> {
    synced: Vec<u8>,
    pending: Vec<&'a Event>,
}

impl<'a> Disk<'a> {
    pub(super) fn holding(synced: Vec<u8>) -> Self {
        Self { synced, pending: Vec::new() }
    }

    pub(super) fn pass(&mut self, event: &'a Event) {
        if matches!(event, Event::Sync) {
            self.synced = self.after_power_cut(Fate::Kept, &mut Random(0));
            self.pending.clear();
        } else {
            self.pending.push(event);
        }
    }

    /// What it holds if power is cut now. Changes of its length are kept in their order, as file systems journal them, and
    /// what was written beyond the length that is kept is lost.
    pub(super) fn after_power_cut(&self, fate: Fate, random: &mut Random) -> Vec<u8> {
        let sector = if let Fate::Torn(sector, _) = fate { sector } else { 4096 };
        let mut writes_to: HashMap<usize, usize> = HashMap::new();
        let mut lengths = 0;
        for event in &self.pending {
            match event {
                Event::Write(at, data) => {
                    pieces(*at, data, sector)
                        .for_each(|(index, ..)| *writes_to.entry(index).or_default() += 1);
                }
                _ => lengths += 1,
            }
        }
        let mut keep = |all: usize| match fate {
            Fate::Lost => 0,
            Fate::Kept => all,
            Fate::Torn(_, of_ten) if random.below(10) < of_ten => all,
            Fate::Torn(..) => random.below(all + 1),
        };
        let mut lengths = keep(lengths);
        let mut sectors: Vec<_> = writes_to.into_iter().collect();
        sectors.sort_unstable();
        let mut kept: HashMap<_, _> = sectors.into_iter().map(|(index, all)| (index, keep(all))).collect();
        let mut content = self.synced.clone();
        for event in &self.pending {
            match event {
                Event::Write(at, data) => {
                    for (index, at, piece) in pieces(*at, data, sector) {
                        let left = kept.entry(index).or_default();
                        if *left > 0 && at < content.len() {
                            let end = content.len().min(at + piece.len());
                            content[at..end].copy_from_slice(&piece[..end - at]);
                        }
                        *left = left.saturating_sub(1);
                    }
                }
                Event::Length(length) if lengths > 0 => {
                    content.resize(*length, 0);
                    lengths -= 1;
                }
                _ => {}
            }
        }
        content
    }
}

/// What of `data`, written at `at`, goes into which sector: the sector, where it begins, and what it is.
fn pieces(at: usize, data: &[u8], sector: usize) -> impl Iterator<Item = (usize, usize, &[u8])> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let (begin, start) = (at + done, done);
        done = data.len().min(start + sector - begin % sector);
        (start < data.len()).then(|| (begin / sector, begin, &data[start..done]))
    })
}
