//! The socket between a command and the running service: a greeting, one line of JSON there, one back.
//!
//! The service greets whom it will answer, and does not end before it has. A command that was not greeted has not said
//! yet what it wants, so it may ask again, or open the database itself, without doing anything twice.
//!
//! It stands in the data folder, which is the service's alone (mode 0700), with mode 0600: whoever may use it may change
//! the database anyway. Where the folder was made by somebody else and is open to others, so is the socket between its
//! making and its mode; so each who connects is asked of the system who they are.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::timeout,
};

use super::{Command, Outcome, execute, waiting};
use crate::{http::client::TrustedProxies, service::Service};

/// A command fits; so does a page of users.
const MAX_LINE: u64 = 4 << 20;
/// What the service says first.
const GREETING: &str = "lucid-auth\n";
/// How long either side waits for the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the service waits for a command: whoever connects has it ready. A service that stops waits as long.
const COMMAND_TIME: Duration = Duration::from_secs(2);

pub(super) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("admin.sock")
}

/// Answer commands until `stop` ends; then remove the socket, and end when all who were greeted are answered. The
/// caller has the database open, so that a socket which stands there already is that of a process which is gone.
///
/// # Errors
///
/// An I/O error if the socket cannot be made.
pub(in crate::cli) fn listen<S: Future<Output = ()> + Send>(
    data_dir: &Path,
    service: Service,
    proxies: TrustedProxies,
    stop: S,
) -> io::Result<impl Future<Output = ()> + Send + use<S>> {
    let path = path(data_dir);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    let owner = fs::symlink_metadata(&path)?.uid();
    Ok(async move {
        let (mut stop, mut answers) = (pin!(stop), JoinSet::new());
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = answers.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => match stream.peer_cred() {
                        Ok(peer) if may_command(peer.uid(), owner) => {
                            answers.spawn(answer(stream, service.clone(), proxies.clone()));
                        }
                        Ok(peer) => tracing::warn!(uid = peer.uid(), "a stranger at the admin socket was sent away"),
                        Err(error) => tracing::warn!(%error, "it is not known who is at the admin socket"),
                    },
                    Err(error) => {
                        tracing::warn!(%error, "the admin socket accepts nobody");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                },
            }
        }
        // While this service has the database, no other can have made a socket of this name. One that cannot be removed
        // does no harm: the next service replaces it.
        drop(fs::remove_file(&path));
        drop(listener);
        while answers.join_next().await.is_some() {}
    })
}

/// Whether the user `uid` may change the database of the user `owner`.
const fn may_command(uid: u32, owner: u32) -> bool {
    uid == owner || uid == 0
}

async fn answer(stream: UnixStream, service: Service, proxies: TrustedProxies) {
    let mut stream = BufReader::new(stream);
    if stream.get_mut().write_all(GREETING.as_bytes()).await.is_err() {
        return;
    }
    let Ok(Ok(line)) = timeout(COMMAND_TIME, read_line(&mut stream)).await else { return };
    let outcome = match serde_json::from_str(&line) {
        Ok(Command::Proxies) => Outcome::Proxies { ignored: proxies.ignored() },
        Ok(command) => {
            let mut work = pin!(execute(&service, command));
            loop {
                match waiting::next(&service, work.as_mut()).await {
                    // Whoever asked may have gone; what they asked for is done all the same.
                    working @ Outcome::Working { .. } => drop(send(stream.get_mut(), &working).await),
                    outcome => break outcome,
                }
            }
        }
        Err(_) => Outcome::Refused(
            "the running service does not know this command: it is of another version".into(),
        ),
    };
    // A command that was interrupted reads no answer.
    let _ = send(stream.get_mut(), &outcome).await;
}

async fn send(stream: &mut UnixStream, outcome: &Outcome) -> io::Result<()> {
    let mut line = serde_json::to_vec(outcome)?;
    line.push(b'\n');
    timeout(PATIENCE, stream.write_all(&line)).await?
}

/// Have a command done by the service that runs on `data_dir`; `None` if none does.
///
/// # Errors
///
/// An I/O error if there is a service, but it does not answer as one.
pub(super) async fn ask(data_dir: &Path, command: &Command) -> io::Result<Option<Outcome>> {
    let nobody_is_there = |error: &io::Error| {
        use io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
        // A service that stops resets those it did not greet.
        matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset)
    };
    let stream = match UnixStream::connect(path(data_dir)).await {
        Err(error) if nobody_is_there(&error) => return Ok(None),
        stream => stream?,
    };
    let mut stream = BufReader::new(stream);
    let no_answer = |_| io::Error::new(io::ErrorKind::TimedOut, "the running service does not answer");
    match timeout(PATIENCE, read_line(&mut stream)).await.map_err(no_answer)? {
        Ok(greeting) if greeting == GREETING => {}
        Ok(nothing) if nothing.is_empty() => return Ok(None),
        Err(error) if nobody_is_there(&error) => return Ok(None),
        Ok(_) => {
            return Err(io::Error::other("what listens on the admin socket is not this version's service"));
        }
        Err(error) => return Err(error),
    }
    let ended =
        || io::Error::other("the service ended while it was asked; see whether it was done, and repeat");
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    let put = timeout(PATIENCE, stream.get_mut().write_all(&line)).await.map_err(no_answer)?;
    put.map_err(|_| ended())?;
    loop {
        match timeout(PATIENCE, read_line(&mut stream)).await.map_err(no_answer)? {
            Ok(reply) if !reply.is_empty() => match serde_json::from_str(&reply)? {
                Outcome::Working { rows, of } => waiting::show(rows, of),
                outcome => return Ok(Some(outcome)),
            },
            // It was killed, or has failed: nothing is known to be done.
            _ => return Err(ended()),
        }
    }
}

async fn read_line(stream: &mut BufReader<UnixStream>) -> io::Result<String> {
    let mut line = String::new();
    stream.take(MAX_LINE).read_line(&mut line).await?;
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owner_of_the_database_and_root_may_command() {
        for (uid, owner, expected) in
            [(1000, 1000, true), (0, 1000, true), (1001, 1000, false), (1000, 0, false)]
        {
            assert_eq!(may_command(uid, owner), expected, "{uid} of {owner}");
        }
    }
}
