//! Accepts connections, serves them, and stops without cutting anyone off.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    net::TcpListener,
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    answer::answer,
    app::App,
    connection::{Answered, Connection},
    guest::{Arrival, Guest, greet, must_leave},
    limits::Limits,
    route::Route,
    router::{Router, RouterError},
    scrape,
    seats::{Seat, Seats},
    seldom::Seldom,
    slices::Slices,
    socket::{Channel, Peer, Socket},
    tls::Tls,
};
use crate::metrics::{Exposition, Traffic};

/// How long to wait before accepting again when the system could not give a connection, for lack of descriptors or
/// memory.
const PAUSE: Duration = Duration::from_millis(200);
/// How long to wait for a place before another connection is asked for its own.
const MAKE_ROOM: Duration = Duration::from_millis(50);

/// An application and its table, ready to serve.
#[derive(Debug)]
pub struct Server {
    app: Arc<App>,
    desk: Desk,
    traffic: Traffic,
    room: Arc<Semaphore>,
    seats: Arc<Seats>,
    tls: Option<Arc<Tls>>,
    /// When it was last said that no connection can be accepted.
    cannot_accept: Seldom,
}

/// Who answers the requests of a listener.
#[derive(Debug, Clone)]
enum Desk {
    /// The table.
    Table(Arc<Router>),
    /// The metrics alone.
    Metrics(Arc<Exposition>),
}

impl Server {
    /// Serve `routes` for `app`.
    ///
    /// # Errors
    ///
    /// [`RouterError`] if two rows cannot stand together.
    pub fn new(app: Arc<App>, routes: Vec<Route>) -> Result<Self, RouterError> {
        let (limits, traffic) = (&app.settings.limits, Traffic::default());
        Ok(Self {
            room: Arc::new(Semaphore::new(limits.connections)),
            seats: Seats::new(limits.connections_per_client),
            desk: Desk::Table(Arc::new(Router::new(routes, &traffic)?)),
            traffic,
            tls: None,
            cannot_accept: Seldom::default(),
            app,
        })
    }

    /// Speak HTTPS and nothing else.
    #[must_use]
    pub fn with_tls(mut self, tls: Arc<Tls>) -> Self {
        self.tls = Some(tls);
        self
    }

    /// What the log calls this listener.
    const fn name(&self) -> &'static str {
        match self.desk {
            Desk::Table(_) => "service",
            Desk::Metrics(_) => "metrics",
        }
    }

    /// What serves the metrics of this server, its service and its store to Prometheus, at [`scrape::PATH`]. It counts
    /// nothing itself.
    #[must_use]
    pub fn metrics(&self) -> Self {
        let App { service, about, .. } = &*self.app;
        let build = (about.service_name.as_str(), env!("CARGO_PKG_VERSION"));
        let exposition = Exposition::new(build, service.commits(), service.counts(), &self.traffic);
        Self {
            room: Arc::new(Semaphore::new(scrape::CONNECTIONS)),
            // One client may have them all: a further one takes the place of the one that has waited longest.
            seats: Seats::new(usize::MAX),
            desk: Desk::Metrics(Arc::new(exposition)),
            traffic: Traffic::default(),
            tls: None,
            cannot_accept: Seldom::default(),
            app: self.app.clone(),
        }
    }

    /// Serve whoever connects to `listener` until `stop` ends; then accept no more, and return when all requests in
    /// flight were answered, or after [`Limits::shutdown_time`].
    pub async fn serve(&self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let limits = &self.app.settings.limits;
        let (graceful, mut connections) = (GracefulShutdown::new(), JoinSet::new());
        let mut handshakes = JoinSet::new();
        let mut stop = pin!(stop);
        // Who is here and waits for a place; until then nobody else is accepted.
        let mut arrival = None;
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(_) = connections.join_next() => {}
                Some(greeted) = handshakes.join_next() => {
                    if let Ok(Some(guest)) = greeted {
                        connections.spawn(self.attend(guest, graceful.watcher()));
                    }
                }
                accepted = self.accept(&listener), if arrival.is_none() => {
                    arrival = accepted;
                    if arrival.is_some() && self.room.available_permits() == 0 {
                        self.seats.make_room();
                    }
                }
                Ok(room) = self.room.clone().acquire_owned(), if arrival.is_some() => {
                    let Some(Arrival { socket, peer, seat }) = arrival.take() else { continue };
                    let places = (room, seat, self.traffic.connection());
                    let peer = Peer { address: peer, channel: Channel::Plain };
                    if let Some(tls) = &self.tls {
                        let guest = Guest { socket, peer, places };
                        handshakes.spawn(greet(guest, tls.clone(), limits.handshake_time));
                    } else {
                        let guest = Guest { socket: Socket::Plain(socket), peer, places };
                        connections.spawn(self.attend(guest, graceful.watcher()));
                    }
                }
                () = sleep(MAKE_ROOM), if arrival.is_some() => self.seats.make_room(),
            }
        }
        // Who has not finished a handshake has not asked for anything yet.
        drop((listener, handshakes));
        let open = graceful.count();
        tracing::info!(connections = open, listener = self.name(), "stopping: accepting no more connections");
        if timeout(limits.shutdown_time, graceful.shutdown()).await.is_err() {
            tracing::warn!("stopped with requests unfinished: they took too long");
        }
        // What is left is aborted when `connections` is dropped.
    }

    /// The next connection. Further ones wait in the system's queue until it has a place, so that however many come,
    /// no more descriptors are open than [`Limits::connections`], one, and the listener's.
    async fn accept(&self, listener: &TcpListener) -> Option<Arrival> {
        let (socket, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => return None,
            Err(error) => {
                if self.cannot_accept.is_due() {
                    tracing::warn!(%error, "cannot accept connections; trying again until it can");
                } else {
                    tracing::debug!(%error, "still cannot accept connections");
                }
                sleep(PAUSE).await;
                return None;
            }
        };
        let peer = address.ip().to_canonical();
        let seat = if self.app.settings.trusted_proxies.contains(peer) {
            None
        } else {
            let seat = self.seats.take(peer);
            if seat.is_none() {
                tracing::debug!(client = %peer, "closed a connection: this client has too many");
                return None;
            }
            seat
        };
        // Replies are written whole, so there is nothing to gain from waiting for more.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        Some(Arrival { socket, peer, seat })
    }

    /// Serve one connection to its end.
    fn attend(&self, guest: Guest<Socket>, watcher: Watcher) -> impl Future<Output = ()> + use<> {
        let Guest { socket, peer, places } = guest;
        let (app, desk) = (self.app.clone(), self.desk.clone());
        async move {
            let place = places.1.as_ref().map(Seat::place);
            let answered = Answered::at(place.clone());
            let unread = match &desk {
                Desk::Table(router) => Some(router.unmatched().clone()),
                Desk::Metrics(_) => None,
            };
            let connection = Connection::new(socket, peer.address, app.clone(), answered.clone(), unread);
            let http = builder(&app.settings.limits);
            let service = service_fn(move |request| {
                let (app, desk, answered) = (app.clone(), desk.clone(), answered.clone());
                async move {
                    let response = match desk {
                        Desk::Table(router) => answer(app, router, peer, request).await,
                        Desk::Metrics(exposition) => scrape::answer(app, exposition, request).await,
                    };
                    answered.set();
                    Ok::<_, Infallible>(response.map(Slices::new))
                }
            });
            let served = watcher.watch(http.serve_connection(TokioIo::new(connection), service));
            tokio::select! {
                served = served => if let Err(error) = served {
                    tracing::debug!(client = %peer.address, %error, "connection ended early");
                },
                () = must_leave(place) => {
                    tracing::debug!(client = %peer.address, "closed a connection: another needs its place");
                }
            }
            drop(places);
        }
    }
}

/// hyper, within `limits`. Its limit on the time for a head is also the one on idle connections: it starts to count
/// when the response before was sent.
fn builder(limits: &Limits) -> http1::Builder {
    /// The least that hyper takes.
    const MIN_BUFFER: usize = 8192;
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .half_close(true)
        .header_read_timeout(limits.header_time)
        .max_headers(limits.headers)
        .max_header_size(limits.header_bytes)
        .max_buf_size(limits.header_bytes.max(MIN_BUFFER));
    builder
}

/// Whether the client went away before it was accepted, which says nothing of the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
