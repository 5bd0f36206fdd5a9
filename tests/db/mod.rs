//! Mirrors src/db: the database of a team that comes from Node, TLS, what happens when it is away.

mod in_place;
mod outage;
mod tls;
