//! What files need so that they survive a power cut, and belong to the service also when root made them.

use std::{
    ffi::OsString,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown},
    path::{Path, PathBuf},
};

/// `path` with `.ending` after its whole name.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".");
    name.push(ending);
    name.into()
}

/// The folder that holds `path`.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Put on disk which names the folder of `path` holds.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

/// Have `file` belong to whom the file or folder `owner` belongs to.
pub(super) fn give(file: &File, owner: &Path) -> io::Result<()> {
    let (ours, theirs) = (file.metadata()?, fs::metadata(owner)?);
    if (ours.uid(), ours.gid()) == (theirs.uid(), theirs.gid()) {
        return Ok(());
    }
    fchown(file, Some(theirs.uid()), Some(theirs.gid()))
}

/// Make `folder` if it is not there: for its owner alone, who is that of the file or folder `owner`.
pub(super) fn make_folder(folder: &Path, owner: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    make_folders(folder)?;
    give(&File::open(folder)?, owner)
}

/// Make `folder` and those above it that are not there, for this user alone, so that a power cut takes none of them away with
/// what is put into it.
pub(super) fn make_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let above = folder_of(folder);
    if above != folder {
        make_folders(above)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => match File::open(above) {
            Ok(above) => above.sync_all(),
            // Who may make folders in it need not be able to read it.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            Err(error) => Err(error),
        },
    }
}

/// Write `bytes` to `path` so that it holds them or what it held before, whatever happens. It belongs to whom `owner`
/// belongs to, and only they read it.
pub(super) fn replace(path: &Path, bytes: &[u8], owner: &Path) -> io::Result<()> {
    let fresh = beside(path, "new");
    // Left by a process that was killed; a link that stands there instead would be written through.
    drop(fs::remove_file(&fresh));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        give(&file, owner)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        sync_folder_of(path)
    };
    let written = write();
    if written.is_err() {
        // It may not even be there.
        drop(fs::remove_file(&fresh));
    }
    written
}
