//! A file of a fixture.

pub struct Webhook;
