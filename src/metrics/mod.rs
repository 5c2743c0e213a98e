//! What the service tells Prometheus of itself.
//!
//! Each layer owns what it counts: the store its [`Commits`], the service its [`UseCases`], a listener its [`Traffic`].
//! [`Exposition`] gathers them and writes the text. No label and no value is of a user: no address, no identifier, no IP.

mod commits;
mod exposition;
mod process;
mod traffic;
mod use_cases;

pub use commits::Commits;
pub use exposition::{Backups, Exposition, Stock};
pub use traffic::{Meter, OpenConnection, Traffic};
pub use use_cases::{Refresh, SignIn, TokenRefusal, UseCases};
