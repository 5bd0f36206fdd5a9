//! A file of a fixture.

pub async fn handle() {}
