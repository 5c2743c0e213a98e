//! Clients of the service: each asks one thing at a time, over one connection.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    thread,
};

use serde_json::{Value, json};

pub struct Client {
    port: u16,
    connection: BufReader<TcpStream>,
}

impl Client {
    pub fn new(port: u16) -> Self {
        Self::over(TcpStream::connect(("127.0.0.1", port)).unwrap(), port)
    }

    pub fn over(stream: TcpStream, port: u16) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { port, connection: BufReader::new(stream) }
    }

    pub fn get(&mut self, path: &str, token: Option<&str>) -> Value {
        let bearer = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        self.call(&format!("GET {path} HTTP/1.1\r\nHost: localhost:{}\r\n{bearer}\r\n", self.port))
    }

    /// Exchange a refresh token for the next, and for an access token.
    pub fn refresh(&mut self, token: &mut String) -> String {
        let body = json!({"refresh_token": *token}).to_string();
        let reply = self.call(&format!(
            "POST /auth/refresh HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.port,
            body.len()
        ));
        reply["refresh_token"].as_str().unwrap().clone_into(token);
        reply["access_token"].as_str().unwrap().to_owned()
    }

    fn call(&mut self, request: &str) -> Value {
        self.connection.get_mut().write_all(request.as_bytes()).unwrap();
        let (mut line, mut length) = (String::new(), 0);
        self.connection.read_line(&mut line).unwrap();
        assert!(line.starts_with("HTTP/1.1 200 "), "{line}");
        while line != "\r\n" {
            line.clear();
            self.connection.read_line(&mut line).unwrap();
            if let Some(digits) = line.strip_prefix("content-length: ") {
                length = digits.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        self.connection.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }
}

/// Exchange each of `tokens` once, over so many connections at once.
pub fn refresh_all(port: u16, tokens: &mut [String], connections: usize) {
    thread::scope(|scope| {
        for share in tokens.chunks_mut(tokens.len().div_ceil(connections)) {
            scope.spawn(move || {
                let mut client = Client::new(port);
                for token in share {
                    client.refresh(token);
                }
            });
        }
    });
}
