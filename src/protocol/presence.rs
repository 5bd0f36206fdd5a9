//! Presence of users over all of their devices, as clients are told of it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::chat::{id::UserId, status::Status, timestamp::Timestamp};

/// Whether a user is there.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, JsonSchema, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// A device of the user is active.
    Online,
    /// The user's devices are connected, and none is active.
    Away,
    Offline,
}

/// A user's presence, in `presence:update` and in answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, JsonSchema, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UserPresence)]
#[schemars(rename = "UserPresence")]
pub struct PresenceView {
    #[schema(value_type = String)]
    pub user_id: UserId,
    pub state: Presence,
    /// When the user was last online; absent while they are, if they never were, and if they hide it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Status>)]
    pub status: Option<Arc<Status>>,
}

/// `presence:update`: the users whose presence has changed.
#[derive(Debug, JsonSchema, Serialize)]
pub struct PresenceUpdateView<'a> {
    pub users: &'a [PresenceView],
}
