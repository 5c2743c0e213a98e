//! The load: connections that each ask one thing at a time, and how long each answer took.

use std::{
    cell::RefCell,
    collections::VecDeque,
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::LocalSet,
};

use crate::process::Server;

/// What is asked.
#[derive(Clone)]
pub enum Requests {
    /// Each connection its own, again and again for so long.
    Again(Vec<Vec<u8>>, Duration),
    /// Each once, by whichever connection is free.
    Once(Vec<Vec<u8>>),
}

/// What came of it.
pub struct Outcome {
    /// Microseconds that each answer took, in order of size.
    pub took: Vec<f64>,
    /// The answers' bodies, if they were to be kept.
    pub bodies: Vec<Vec<u8>>,
    pub seconds: f64,
    /// Microseconds of the server's processor time for each request.
    pub cpu: f64,
}

impl Outcome {
    pub fn per_second(&self) -> f64 {
        self.took.len() as f64 / self.seconds
    }

    /// The time that so much of 1 of the answers kept under.
    pub fn quantile(&self, part: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = (self.took.len() as f64 * part) as usize;
        self.took[index.min(self.took.len() - 1)]
    }
}

#[derive(Default)]
struct Told {
    took: Vec<f64>,
    bodies: Vec<Vec<u8>>,
}

/// Ask `server` over so many connections, from one thread.
pub fn drive(server: &Server, connections: usize, requests: Requests, keep: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    LocalSet::new().block_on(&runtime, async {
        let mut sockets = Vec::new();
        for _ in 0..connections {
            let mut socket = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
            socket.set_nodelay(true).unwrap();
            ask(&mut socket, &get("/health", ""), &mut Vec::new()).await;
            sockets.push(socket);
        }
        let told = Rc::new(RefCell::new(Told::default()));
        let (own, once, length) = match requests {
            Requests::Again(own, length) => (own, VecDeque::new(), length),
            Requests::Once(once) => (Vec::new(), once.into(), Duration::MAX),
        };
        let (own, once) = (Rc::new(own), Rc::new(RefCell::new(once)));
        let (cpu, began) = (server.cpu(), Instant::now());
        let mut tasks = Vec::new();
        for (index, mut socket) in sockets.into_iter().enumerate() {
            let (told, own, once) = (told.clone(), own.clone(), once.clone());
            tasks.push(tokio::task::spawn_local(async move {
                let mut reply = Vec::new();
                loop {
                    let next;
                    let request = if own.is_empty() {
                        let popped = once.borrow_mut().pop_front();
                        let Some(popped) = popped else { return };
                        next = popped;
                        &next
                    } else {
                        &own[index % own.len()]
                    };
                    let asked = Instant::now();
                    let body = ask(&mut socket, request, &mut reply).await;
                    let mut told = told.borrow_mut();
                    told.took.push(asked.elapsed().as_secs_f64() * 1e6);
                    if keep {
                        told.bodies.push(reply[body..].to_vec());
                    }
                    if began.elapsed() >= length {
                        return;
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        let (seconds, cpu) = (began.elapsed().as_secs_f64(), server.cpu() - cpu);
        let Told { mut took, bodies } = Rc::try_unwrap(told).ok().unwrap().into_inner();
        took.sort_by(f64::total_cmp);
        Outcome { cpu: cpu / took.len() as f64, took, bodies, seconds }
    })
}

/// Send `request` and read the answer into `reply`, which must be 200; returns where its body begins.
async fn ask(socket: &mut TcpStream, request: &[u8], reply: &mut Vec<u8>) -> usize {
    socket.write_all(request).await.unwrap();
    reply.clear();
    loop {
        assert!(socket.read_buf(reply).await.unwrap() > 0, "the server closed the connection");
        let Some(end) = reply.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = std::str::from_utf8(&reply[..end]).unwrap();
        let length = head.split("\r\n").find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        if reply.len() == end + 4 + length {
            assert!(head.starts_with("HTTP/1.1 200 "), "{}", String::from_utf8_lossy(reply));
            return end + 4;
        }
    }
}

/// A request without a body. `fields` are whole lines.
pub fn get(path: &str, fields: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost:8089\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n{fields}\r\n"
    )
    .into_bytes()
}

/// A request with a body of JSON, from a client of this address.
pub fn post(path: &str, client: std::net::Ipv4Addr, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost:8089\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n\
         X-Forwarded-For: {client}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
