//! Users: the caller, and finding others.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{caller::Caller, input::Query};
use crate::{
    actions::users_find::{self, MAX_USERS},
    app::App,
    chat::Result,
    http::problem::ProblemView,
    protocol::MemberView,
};

#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    id: String,
    /// The name in the database, which others are shown.
    name: String,
}

/// Shows the user of the token
#[utoipa::path(get, path = "/me", tag = "users", operation_id = "showMe", responses(
    (status = 200, body = Me),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn me(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Me>> {
    let name = app.access.user_name(caller.id()).await?;
    Ok(Json(Me { id: caller.id().to_string(), name: name.to_string() }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Find {
    /// A part of a name or an id, in upper or lower case. Empty: anybody.
    #[serde(default)]
    query: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Users {
    /// The users, sorted by name; at most 20.
    users: Vec<MemberView>,
}

/// Finds users by a part of their name or id
#[utoipa::path(get, path = "/users", tag = "users", operation_id = "findUsers", params(Find), responses(
    (status = 200, body = Users),
    (status = "default", body = ProblemView, content_type = "application/problem+json")
))]
pub(super) async fn find(
    State(app): State<Arc<App>>,
    _: Caller,
    Query(Find { query }): Query<Find>,
) -> Result<Json<Users>> {
    app.config.limits.ensure_query(&query)?;
    Ok(Json(Users { users: users_find::run(&app, &query, MAX_USERS).await? }))
}
