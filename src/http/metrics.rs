//! `GET /metrics`: the metrics for Prometheus, in the OpenMetrics text format. It exists only if `METRICS` enables it.

use std::sync::Arc;

use axum::{
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use crate::{
    app::App,
    chat::{Error, Result},
};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) async fn show(State(app): State<Arc<App>>) -> Result<Response> {
    if !app.config.metrics {
        return Err(Error::NotFound);
    }
    let text = app.metrics.encode(app.rooms.stats());
    let text = text.map_err(|error| Error::Internal(error.to_string()))?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}
