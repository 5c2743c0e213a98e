//! HTTP: from a connection to one call of the service, and back.
//!
//! [`server`] accepts, [`answer`] lists the steps of a request, [`routes`] is the table of all that can be asked.
//! Handlers are plain functions from a [`Request`] to a [`Reply`] or a [`Problem`].

mod access;
pub mod answer;
pub mod app;
mod auth;
mod bodies;
mod body;
pub mod client;
pub mod code;
mod connection;
pub mod cors;
mod encoding;
mod forwarded;
mod info;
mod keys;
pub mod limits;
pub mod openapi;
mod operation;
pub mod problem;
mod problems;
mod profile;
mod query;
pub mod reply;
pub mod request;
pub mod request_id;
pub mod route;
pub mod router;
pub mod routes;
mod schemas;
mod seats;
mod security;
pub mod server;
mod strict;
pub mod target;
pub mod web;

pub use app::{About, App, Settings};
pub use code::Code;
pub use limits::Limits;
pub use problem::Problem;
pub use reply::Reply;
pub use request::Request;
pub use server::Server;
