//! Whether the service is up.

use std::sync::Arc;

use serde::Serialize;

use super::{app::App, problem::Problem, request::Request};

/// The process runs and answers.
#[derive(Debug, Serialize)]
pub(super) struct Live {
    status: &'static str,
}

/// Say that the process answers.
pub(super) async fn live(_: Arc<App>, _: Request<(), ()>) -> Result<Live, Problem> {
    Ok(Live { status: "alive" })
}
