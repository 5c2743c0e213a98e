//! `/auth/profile` and `/users/me`: what a user says about themselves.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::{app::App, bodies::UserBody, problem::Problem, request::Request};
use crate::{
    domain::profile::{AvatarUrl, DisplayName, Email, Metadata, Profile},
    service::Principal,
};

/// What to change. A part that is left out stays as it is; one that is null goes.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileRequest {
    #[serde(default, deserialize_with = "given")]
    display_name: Option<Option<DisplayName>>,
    #[serde(default, deserialize_with = "given")]
    email: Option<Option<Email>>,
    #[serde(default, deserialize_with = "given")]
    avatar_url: Option<Option<AvatarUrl>>,
    #[serde(default, deserialize_with = "given")]
    metadata: Option<Option<Metadata>>,
}

/// Tell null, which is something, from a part that is left out.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ProfileRequest {
    fn apply(&self, profile: Profile) -> Profile {
        let change = self.clone();
        Profile {
            display_name: change.display_name.unwrap_or(profile.display_name),
            email: change.email.unwrap_or(profile.email),
            avatar_url: change.avatar_url.unwrap_or(profile.avatar_url),
            metadata: change.metadata.map_or(profile.metadata, Option::unwrap_or_default),
        }
    }
}

/// Read the caller's own profile.
pub(super) async fn get(_: Arc<App>, request: Request<Principal, ()>) -> Result<UserBody, Problem> {
    Ok(request.caller.user.into())
}

/// Change the caller's own profile.
pub(super) async fn put(
    app: Arc<App>,
    request: Request<Principal, ProfileRequest>,
) -> Result<UserBody, Problem> {
    let Request { caller, body, head } = request;
    let user =
        app.service.change_profile(&caller, head.client_info(), move |profile| body.apply(profile)).await?;
    Ok(user.into())
}
