//! A file that can be written to without being changed: what is written stays in memory.
//!
//! Opening a redb file that was not closed well repairs it, which writes to it. A file that turns out to be damaged, or
//! not ours, must stay as it is; so it is first opened through this.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use redb::StorageBackend;

const BLOCK: usize = 4096;

#[derive(Debug)]
pub(super) struct Overlay {
    file: File,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    length: u64,
    /// How much of the file still shows: what was cut off once reads as zeroes if the storage grows again.
    shown: u64,
    blocks: BTreeMap<u64, Box<[u8; BLOCK]>>,
}

impl Overlay {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self { file, written: Mutex::new(Written { length, shown: length, blocks: BTreeMap::new() }) })
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Block `index` as the file has it; zeroes beyond its first `shown` bytes.
    fn file_block(&self, index: u64, shown: u64) -> io::Result<Box<[u8; BLOCK]>> {
        let mut block = Box::new([0; BLOCK]);
        let offset = index * BLOCK as u64;
        let length = usize::try_from(shown.saturating_sub(offset)).unwrap_or(BLOCK).min(BLOCK);
        self.file.read_exact_at(&mut block[..length], offset)?;
        Ok(block)
    }
}

/// The parts of `offset..offset + length`, cut at the blocks' ends: block, where in it, and how much.
fn parts(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        (done < length).then(|| {
            let at = offset + done as u64;
            #[expect(clippy::cast_possible_truncation, reason = "less than BLOCK")]
            let within = (at % BLOCK as u64) as usize;
            let part = (BLOCK - within).min(length - done);
            done += part;
            (at / BLOCK as u64, within, part)
        })
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().length)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.lock();
        if offset.saturating_add(out.len() as u64) > written.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut rest = out;
        for (index, within, length) in parts(offset, rest.len()) {
            let (part, after) = rest.split_at_mut(length);
            if let Some(block) = written.blocks.get(&index) {
                part.copy_from_slice(&block[within..within + length]);
            } else {
                let block = self.file_block(index, written.shown)?;
                part.copy_from_slice(&block[within..within + length]);
            }
            rest = after;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut written = self.lock();
        // Costs nothing for what was never written, however long the file is: a damaged one may be a terabyte of holes.
        drop(written.blocks.split_off(&length.div_ceil(BLOCK as u64)));
        if let Some(last) = written.blocks.get_mut(&(length / BLOCK as u64)) {
            #[expect(clippy::cast_possible_truncation, reason = "less than BLOCK")]
            last[(length % BLOCK as u64) as usize..].fill(0);
        }
        written.shown = written.shown.min(length);
        written.length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.lock();
        let shown = written.shown;
        let mut rest = data;
        for (index, within, length) in parts(offset, data.len()) {
            let (part, after) = rest.split_at(length);
            let block = match written.blocks.entry(index) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(self.file_block(index, shown)?),
            };
            block[within..within + length].copy_from_slice(part);
            rest = after;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Write(u64, Vec<u8>),
        SetLength(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..20_000_u64, proptest::collection::vec(any::<u8>(), 0..9000))
                .prop_map(|(at, data)| Step::Write(at, data)),
            (0..30_000_u64).prop_map(Step::SetLength),
        ]
    }

    #[test]
    fn a_file_of_a_terabyte_of_holes_is_cut_short_without_filling_the_memory() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(1 << 40).unwrap();
        let overlay = Overlay::new(file).unwrap();
        overlay.write((1 << 40) - 1, &[7]).unwrap();
        overlay.set_len(5000).unwrap();
        overlay.set_len(1 << 40).unwrap();
        assert!(overlay.lock().blocks.len() <= 2);
        let mut end = [9];
        overlay.read((1 << 40) - 1, &mut end).unwrap();
        assert_eq!(end, [0]);
    }

    proptest! {
        #[test]
        fn it_reads_as_a_plain_file_would_and_leaves_the_file_alone(
            start in proptest::collection::vec(any::<u8>(), 0..15_000),
            steps in proptest::collection::vec(step(), 0..12),
        ) {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&start).unwrap();
            let overlay = Overlay::new(file.reopen().unwrap()).unwrap();
            let mut model = start.clone();
            for step in steps {
                match step {
                    Step::Write(at, data) => {
                        let end = usize::try_from(at).unwrap() + data.len();
                        if end > model.len() {
                            model.resize(end, 0);
                            overlay.set_len(end as u64).unwrap();
                        }
                        overlay.write(at, &data).unwrap();
                        model[end - data.len()..end].copy_from_slice(&data);
                    }
                    Step::SetLength(length) => {
                        overlay.set_len(length).unwrap();
                        model.resize(usize::try_from(length).unwrap(), 0);
                    }
                }
                let mut seen = vec![0; model.len()];
                overlay.read(0, &mut seen).unwrap();
                prop_assert_eq!(&seen, &model);
                prop_assert_eq!(overlay.len().unwrap(), model.len() as u64);
                prop_assert!(overlay.read(model.len() as u64, &mut [0]).is_err());
            }
            prop_assert_eq!(std::fs::read(file.path()).unwrap(), start);
        }
    }
}
