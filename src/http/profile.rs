//! `/auth/profile` and `/users/me`: what a user says about themselves.

use std::{borrow::Cow, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};

use super::{app::App, bodies::UserBody, problem::Problem, request::Request};
use crate::{
    domain::{
        profile::{AvatarUrl, DisplayName, Email, Metadata, Profile},
        user::User,
    },
    service::Principal,
};

/// What to change. A part that is left out stays as it is; one that is null goes.
#[derive(Deserialize, JsonSchema, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileRequest {
    #[serde(default)]
    pub(super) display_name: Change<DisplayName>,
    #[serde(default)]
    pub(super) email: Change<Email>,
    #[serde(default)]
    pub(super) avatar_url: Change<AvatarUrl>,
    #[serde(default)]
    pub(super) metadata: Change<Metadata>,
}

/// What becomes of a part.
#[derive(Clone, Default)]
pub(super) enum Change<T> {
    #[default]
    Keep,
    Set(Option<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Set)
    }
}

impl<T: JsonSchema> JsonSchema for Change<T> {
    fn schema_name() -> Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<T>::json_schema(generator)
    }
}

impl<T> Change<T> {
    fn apply(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Keep => before,
            Self::Set(after) => after,
        }
    }
}

impl ProfileRequest {
    pub(super) fn apply(&self, profile: Profile) -> Profile {
        let change = self.clone();
        Profile {
            display_name: change.display_name.apply(profile.display_name),
            email: change.email.apply(profile.email),
            avatar_url: change.avatar_url.apply(profile.avatar_url),
            metadata: change.metadata.apply(Some(profile.metadata)).unwrap_or_default(),
        }
    }
}

/// Read the caller's own profile.
pub(super) async fn get(_: Arc<App>, request: Request<Principal, ()>) -> Result<UserBody, Problem> {
    Ok(User::clone(&request.caller.user).into())
}

/// Change the caller's own profile.
pub(super) async fn put(
    app: Arc<App>,
    request: Request<Principal, ProfileRequest>,
) -> Result<UserBody, Problem> {
    let Request { caller, body, head, .. } = request;
    let user =
        app.service.change_profile(&caller, head.client_info(), move |profile| body.apply(profile)).await?;
    Ok(user.into())
}
