//! The folder of the authority on disk: what is in it is whole, or not there.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;

use crate::random::Random;

/// For the owner alone.
pub(super) const PRIVATE: u32 = 0o600;
/// For everyone to read.
pub(super) const PUBLIC: u32 = 0o644;

/// One file: its name, who may read it, and what is in it.
pub(super) type Content<'a> = (&'a str, u32, &'a [u8]);

/// Make `folder` with these files, all at once: one that is there already and not empty stays as it is, and is an
/// [`io::ErrorKind::DirectoryNotEmpty`] or an [`io::ErrorKind::AlreadyExists`].
pub(super) fn make(folder: &Path, files: &[Content<'_>], random: &Random) -> io::Result<()> {
    let parent = folder.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    let fresh = fresh(folder, random)?;
    let fill = || {
        DirBuilder::new().mode(0o700).create(&fresh)?;
        for (name, mode, bytes) in files {
            write(&fresh.join(name), *mode, bytes)?;
        }
        sync(&fresh)?;
        fs::rename(&fresh, folder)?;
        sync(parent)
    };
    fill().inspect_err(|_| drop(fs::remove_dir_all(&fresh)))
}

/// Write a file in `folder`, in place of one of its name: whoever reads sees the old one or the new one.
pub(super) fn replace(folder: &Path, (name, mode, bytes): Content<'_>, random: &Random) -> io::Result<()> {
    let path = folder.join(name);
    let fresh = fresh(&path, random)?;
    let swap = || {
        write(&fresh, mode, bytes)?;
        fs::rename(&fresh, &path)?;
        sync(folder)
    };
    swap().inspect_err(|_| drop(fs::remove_file(&fresh)))
}

/// A name beside `path` that no other process takes: in containers, every process may have the same number.
fn fresh(path: &Path, random: &Random) -> io::Result<PathBuf> {
    let bytes: [u8; 8] = random.bytes().map_err(io::Error::other)?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{}", HEXLOWER.encode(&bytes)));
    Ok(name.into())
}

fn write(path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    // The process may have been told to hide what it makes (umask), which is right for all but what others shall read.
    file.set_permissions(Permissions::from_mode(mode))?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [Content<'static>; 2] = [("key", PRIVATE, b"secret"), ("cert", PUBLIC, b"told")];

    fn listed(folder: &Path) -> Vec<(String, u32)> {
        let entry = |entry: io::Result<fs::DirEntry>| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().permissions().mode() & 0o777)
        };
        let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(entry).collect();
        all.sort();
        all
    }

    #[test]
    fn a_folder_is_made_whole_and_only_once() {
        let random = Random::system();
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("data/tls");
        make(&folder, &FILES, &random).unwrap();
        assert_eq!(listed(&folder), [("cert".into(), 0o644), ("key".into(), 0o600)]);
        assert_eq!(listed(folder.parent().unwrap()), [("tls".into(), 0o700)]);
        assert_eq!(listed(place.path()), [("data".into(), 0o700)]);

        let again = make(&folder, &[("key", PRIVATE, b"another")], &random).unwrap_err();
        assert!([io::ErrorKind::DirectoryNotEmpty, io::ErrorKind::AlreadyExists].contains(&again.kind()));
        assert_eq!(fs::read(folder.join("key")).unwrap(), b"secret");
        assert_eq!(listed(folder.parent().unwrap()), [("tls".into(), 0o700)], "nothing is left of it");

        let empty = place.path().join("empty");
        fs::create_dir(&empty).unwrap();
        make(&empty, &FILES, &random).unwrap();
        assert_eq!(listed(&empty).len(), 2);
    }

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let random = Random::system();
        let place = tempfile::tempdir().unwrap();
        for bytes in [b"one", b"two"] {
            replace(place.path(), ("file", PRIVATE, bytes), &random).unwrap();
            assert_eq!(fs::read(place.path().join("file")).unwrap(), bytes);
        }
        assert_eq!(listed(place.path()), [("file".into(), 0o600)]);
        fs::create_dir(place.path().join("folder")).unwrap();
        replace(place.path(), ("folder", PRIVATE, b"no"), &random).unwrap_err();
        assert_eq!(listed(place.path()).len(), 2);
    }
}
