//! The table: everything that can be asked of this service.

use super::{
    health, problems,
    route::{Public, Quota::Unlimited, Route, get},
    web,
};

/// Every row.
#[must_use]
#[rustfmt::skip]
pub fn routes() -> Vec<Route> {
    vec![
        //   operation         path               who may call  quota      handler        summary
        get("getLiveness",     "/health/live",    Public,       Unlimited, health::live,  "Tell whether the process answers"),
        get("explainProblem",  "/problems/{code}", Public,      Unlimited, problems::get, "Explain a refusal"),
        get("getFile",         "/web/{*path}",    Public,       Unlimited, web::get,      "Read a file of the pages"),
    ]
}
