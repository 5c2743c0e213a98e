//! What the machine itself takes while the service is measured: for a byte's way to another thread, to the disk, and back.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::FileExt as _,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// From one answer to the next byte: seldom enough to be no load.
const PAUSE: Duration = Duration::from_millis(20);

/// A connection to a thread that puts a page on the disk for each byte, and sends that back.
pub struct Echo(TcpStream);

impl Echo {
    pub fn new(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        near.set_nodelay(true).unwrap();
        far.set_nodelay(true).unwrap();
        let file = File::create(folder.join("echo")).unwrap();
        // It ends when the other end is dropped.
        thread::spawn(move || {
            let mut byte = [0];
            while far.read(&mut byte).unwrap_or(0) > 0 {
                file.write_all_at(&[byte[0]; 4096], 0).unwrap();
                file.sync_data().unwrap();
                far.write_all(&byte).unwrap();
            }
        });
        Self(near)
    }

    /// Ask for so long, and return how long each answer took.
    pub fn work(&mut self, length: Duration) -> Vec<Duration> {
        let began = Instant::now();
        let (mut took, mut byte) = (Vec::new(), [0_u8]);
        while began.elapsed() < length {
            let asked = Instant::now();
            byte[0] = byte[0].wrapping_add(1);
            self.0.write_all(&byte).unwrap();
            self.0.read_exact(&mut byte).unwrap();
            took.push(asked.elapsed());
            thread::sleep(PAUSE);
        }
        took
    }
}
