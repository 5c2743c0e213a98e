//! The socket between a command and the running service: one line of JSON there, one back.
//!
//! It stands in the data folder, which is the service's alone (mode 0700), with mode 0600: whoever may use it may change
//! the database anyway.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    time::timeout,
};

use super::{Command, Outcome, execute};
use crate::service::Service;

/// A command fits; so does a page of users.
const MAX_LINE: u64 = 4 << 20;
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}

/// Answer commands until the returned future is dropped. The caller has the database open, so that a socket which
/// stands there already is that of a process which is gone.
///
/// # Errors
///
/// An I/O error if the socket cannot be made.
pub(in crate::cli) fn listen(
    data_dir: &Path,
    service: Service,
) -> io::Result<impl Future<Output = ()> + Send + use<>> {
    let path = path(data_dir);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(answer(stream, service.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "the admin socket accepts nobody");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    })
}

/// Remove the socket, when nobody listens any more. One that stays does no harm: the next service replaces it.
pub(in crate::cli) fn forget(data_dir: &Path) {
    let _ = fs::remove_file(path(data_dir));
}

async fn answer(stream: UnixStream, service: Service) {
    let mut stream = BufReader::new(stream);
    let Ok(Ok(line)) = timeout(PATIENCE, read_line(&mut stream)).await else { return };
    let outcome = match serde_json::from_str(&line) {
        Ok(command) => execute(&service, command).await,
        Err(_) => Outcome::Refused(
            "the running service does not know this command: it is of another version".into(),
        ),
    };
    if let Ok(mut reply) = serde_json::to_vec(&outcome) {
        reply.push(b'\n');
        // A command that was interrupted reads no answer.
        let _ = timeout(PATIENCE, stream.get_mut().write_all(&reply)).await;
    }
}

/// Have a command done by the service that runs on `data_dir`; `None` if none does.
///
/// # Errors
///
/// An I/O error if there is a service, but it does not answer as one.
pub(super) async fn ask(data_dir: &Path, command: &Command) -> io::Result<Option<Outcome>> {
    let stream = match UnixStream::connect(path(data_dir)).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut stream = BufReader::new(stream);
    let exchange = async {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        stream.get_mut().write_all(&line).await?;
        read_line(&mut stream).await
    };
    let reply = timeout(PATIENCE, exchange).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    if reply.is_empty() {
        // It stopped between accepting and answering; nothing is known to be done.
        return Err(io::Error::other(
            "the service stopped while it was asked; see whether it was done, and repeat",
        ));
    }
    Ok(Some(serde_json::from_str(&reply)?))
}

async fn read_line(stream: &mut BufReader<UnixStream>) -> io::Result<String> {
    let mut line = String::new();
    stream.take(MAX_LINE).read_line(&mut line).await?;
    Ok(line)
}
