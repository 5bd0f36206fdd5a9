//! A file of a fixture.

pub struct Actor;
