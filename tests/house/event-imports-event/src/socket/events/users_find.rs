//! A file of a fixture.

pub struct Found;

pub async fn handle() {}
