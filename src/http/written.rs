//! Replies that are written once and told to all who ask the same before anything changes.

use std::{marker::PhantomData, sync::Arc};

use hyper::body::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    problem::Problem,
    reply::{Outcome, Reply, Response, json},
    schemas::Schemas,
    security,
};
use crate::domain::last::Last;

/// A reply that was written. It says what an `R` says.
#[derive(Debug)]
pub(super) struct Written<R>(Arc<[u8]>, PhantomData<fn() -> R>);

impl<R: Serialize> Written<R> {
    /// What `make` says about `about`, or what `last` has, if that is about the same.
    pub(super) fn of<K: PartialEq + Copy>(
        last: &Last<K>,
        about: K,
        make: impl FnOnce(K) -> R,
    ) -> Result<Self, Problem> {
        last.of(about, |about| json(&make(about))).map(|bytes| Self(bytes, PhantomData))
    }
}

impl<R: Serialize + JsonSchema> Reply for Written<R> {
    fn into_response(self) -> Result<Response, Problem> {
        Ok(security::json(Bytes::from_owner(self.0)))
    }

    fn outcomes(schemas: &mut Schemas) -> Vec<Outcome> {
        vec![Outcome::ok("application/json", schemas.reply::<R>()).cached("no-store")]
    }
}
