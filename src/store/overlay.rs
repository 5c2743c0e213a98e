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
    file_length: u64,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    length: u64,
    blocks: BTreeMap<u64, Box<[u8; BLOCK]>>,
}

impl Overlay {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Self {
            file,
            file_length: length,
            written: Mutex::new(Written { length, blocks: BTreeMap::new() }),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Block `index` as the file has it; zeroes beyond its end.
    fn file_block(&self, index: u64) -> io::Result<Box<[u8; BLOCK]>> {
        let mut block = Box::new([0; BLOCK]);
        let offset = index * BLOCK as u64;
        let length = usize::try_from(self.file_length.saturating_sub(offset)).unwrap_or(BLOCK).min(BLOCK);
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
            match written.blocks.get(&index) {
                Some(block) => part.copy_from_slice(&block[within..within + length]),
                None => part.copy_from_slice(&self.file_block(index)?[within..within + length]),
            }
            rest = after;
        }
        Ok(())
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        let mut written = self.lock();
        if length < written.length {
            // What is cut off must read as zeroes if the storage grows again.
            let first = length / BLOCK as u64;
            if !length.is_multiple_of(BLOCK as u64) && !written.blocks.contains_key(&first) {
                let block = self.file_block(first)?;
                written.blocks.insert(first, block);
            }
            for index in first..written.length.div_ceil(BLOCK as u64) {
                let from = usize::try_from(length.saturating_sub(index * BLOCK as u64)).unwrap_or(0);
                let block = written.blocks.entry(index).or_insert_with(|| Box::new([0; BLOCK]));
                block[from.min(BLOCK)..].fill(0);
            }
        }
        written.length = length;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.lock();
        let mut rest = data;
        for (index, within, length) in parts(offset, data.len()) {
            let (part, after) = rest.split_at(length);
            let block = match written.blocks.entry(index) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(self.file_block(index)?),
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
