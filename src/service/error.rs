//! Why the service refuses.

/// Why a use case refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no access token of this service.
    #[error("the token is not valid")]
    TokenInvalid,
    /// A failure of ours. Its text is for the log only.
    #[error("{0}")]
    Internal(String),
}
