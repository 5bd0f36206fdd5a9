//! `GET /healthz` is the liveness probe: the process runs. `GET /readyz` is the readiness probe: the database answers,
//! and the server is not shutting down.

use std::sync::Arc;

use axum::{Json, extract::State};
use serde::Serialize;

use crate::{app::App, chat::Result, db};

#[derive(Serialize)]
pub(super) struct Health {
    status: &'static str,
}

pub(super) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

pub(super) async fn ready(State(app): State<Arc<App>>) -> Result<Json<Health>> {
    app.ensure_open()?;
    db::health::version(&app.db).await?;
    Ok(Json(Health { status: "ok" }))
}
