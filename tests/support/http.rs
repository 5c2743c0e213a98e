//! A client of a port of this machine: one request at a time, each until its answer.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use lucid_auth::domain::wallet::Scheme;
use serde_json::{Value, json};

use crate::wallet::Wallet;

/// No test waits longer than this for an answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client, with its connection while that is open.
pub struct Http {
    port: u16,
    connection: Option<BufReader<TcpStream>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl Answer {
    /// The status, and the number of the problem's code; 0 if it is none.
    pub fn problem(&self) -> (u16, u16) {
        let code = self.body["error"]["code"].as_str().and_then(|code| code.strip_prefix("LUCID_AUTH_"));
        (self.status, code.map_or(0, |digits| digits.parse().unwrap()))
    }

    /// The body of an answer that has this status.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
}

impl Http {
    pub const fn new(port: u16) -> Self {
        Self { port, connection: None }
    }

    /// The answer to a request. An error means that there was none: what was asked for may be done all the same.
    pub fn call(&mut self, method: &str, path: &str, token: &Value, body: &Value) -> io::Result<Answer> {
        let mut connection = self.connection.take().map_or_else(|| connect(self.port), Ok)?;
        let bearer = token.as_str().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost:{}\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            bearer.unwrap_or_default(),
            body.len()
        );
        connection.get_mut().write_all(request.as_bytes())?;
        let answer = read(&mut connection)?;
        self.connection = Some(connection);
        Ok(answer)
    }

    pub fn get(&mut self, path: &str, token: &Value) -> io::Result<Answer> {
        self.call("GET", path, token, &Value::Null)
    }

    pub fn post(&mut self, path: &str, body: &Value) -> io::Result<Answer> {
        self.call("POST", path, &Value::Null, body)
    }

    /// A signed challenge of `wallet`: the body of a sign-in.
    pub fn signed(&mut self, wallet: &Wallet) -> io::Result<Value> {
        let challenge = self.post("/auth/challenge", &json!({"tron_address": wallet.address}))?.expect(200);
        let message = challenge["message"].as_str().unwrap();
        let signature = wallet.sign(Scheme::TronV2, message);
        Ok(json!({"tron_address": wallet.address, "message": message, "signature": signature}))
    }
}

fn connect(port: u16) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

/// Read one answer, whose length is stated as all of ours are.
fn read(connection: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = line.trim_end();
        if let Some(code) = line.strip_prefix("HTTP/1.1 ") {
            status = code[..3].parse().map_err(io::Error::other)?;
        } else if let Some(digits) = line.strip_prefix("content-length: ") {
            length = digits.parse().map_err(io::Error::other)?;
        } else if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(Answer { status, body: serde_json::from_slice(&body).unwrap_or_default() })
}
