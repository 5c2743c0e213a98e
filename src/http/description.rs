//! What a table tells of its handlers' types, beside the handlers.

use super::{
    body::{self, Body},
    operation::{self, Signature},
    problem::Problem,
    reply::Reply,
    route::Route,
    schemas::Schemas,
    target::Target,
};

/// What a table tells of its handlers' types. The one that serves tells nothing: what describes types stays out of the
/// binary, where it would be a twentieth of all.
pub trait Detail {
    /// What it tells of a handler of these types.
    fn of<B: Body, T: Target, R: Reply>() -> Self;
}

impl Detail for () {
    fn of<B: Body, T: Target, R: Reply>() -> Self {}
}

/// Describes what a handler takes and gives, and reads what it takes.
pub struct Description {
    pub(super) signature: fn(&str, &mut Schemas) -> Signature,
    /// What becomes of the bytes of a body.
    body: fn(&[u8]) -> Result<(), Problem>,
    /// What becomes of a target: of the part of the path that varies, and of what follows the question mark.
    target: fn(Option<&str>, &str) -> Result<(), Problem>,
}

impl Detail for Description {
    fn of<B: Body, T: Target, R: Reply>() -> Self {
        Self {
            signature: operation::signature::<B, T, R>,
            body: |bytes| body::read::<B>(bytes).map(drop),
            target: |variable, query| T::read(variable, query).map(drop),
        }
    }
}

impl Route<Description> {
    /// Read these bytes as the handler's body, and no more; none at all are a body that was left out.
    ///
    /// # Errors
    ///
    /// [`Code::JsonInvalid`](super::Code::JsonInvalid) or [`Code::FieldInvalid`](super::Code::FieldInvalid).
    pub fn reads_body(&self, bytes: &[u8]) -> Result<(), Problem> {
        (self.detail.body)(bytes)
    }

    /// The same for the part of the path that varies, and for what follows the question mark.
    ///
    /// # Errors
    ///
    /// As [`Target::read`].
    pub fn reads_target(&self, variable: Option<&str>, query: &str) -> Result<(), Problem> {
        (self.detail.target)(variable, query)
    }
}
