//! A file of a fixture.

use axum::Json;

pub async fn run() {}
