//! `GET /`: says what runs here.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderName, header},
    response::{Html, IntoResponse},
};

use crate::app::App;

const HEADERS: [(HeaderName, &str); 2] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

pub(super) async fn show(State(app): State<Arc<App>>) -> impl IntoResponse {
    let mode = if app.config.demo {
        "<p>It is in <strong>demo mode</strong>: it answers on this machine only and signs its own tokens. \
         <code>chatoxide token --sub alice --name Alice</code> prints one.</p>"
    } else {
        ""
    };
    let page =
        include_str!("index.html").replace("{version}", env!("CARGO_PKG_VERSION")).replace("{mode}", mode);
    (HEADERS, Html(page))
}
