//! HTTP: from a connection to one call of the service, and back.
//!
//! [`server`] accepts, [`answer`] lists the steps of a request, [`routes`] is the table of all that can be asked.
//! Handlers are plain functions from a [`Request`] to a [`Reply`] or a [`Problem`].

mod access;
pub mod answer;
pub mod app;
pub mod audit;
mod auth;
mod bodies;
mod body;
pub mod branding;
pub mod client;
pub mod code;
mod connection;
mod cookie_session;
pub mod cookies;
pub mod cors;
mod encoding;
mod export;
mod forward;
mod forwarded;
mod handover;
mod hw;
mod info;
mod keys;
pub mod limits;
pub mod openapi;
mod operation;
mod original;
mod page;
mod permissions;
pub mod problem;
mod problems;
mod profile;
mod query;
pub mod quotas;
pub mod reply;
pub mod request;
pub mod request_id;
pub mod route;
pub mod router;
pub mod routes;
pub mod same_origin;
mod schemas;
mod seats;
mod security;
pub mod server;
mod sessions;
mod socket;
mod strict;
mod system;
pub mod target;
pub mod tls;
mod transfer;
mod users;
pub mod web;

pub use app::{About, App, Settings};
pub use branding::Branding;
pub use code::Code;
pub use limits::Limits;
pub use problem::Problem;
pub use quotas::{Quotas, Rates};
pub use reply::Reply;
pub use request::Request;
pub use server::Server;
pub use tls::Tls;
