//! Mirrors src/db: the database of a team that comes from Node, its connections, what questions cost it, TLS, what happens when it is away.

mod connections;
mod flat_cost;
mod in_place;
mod outage;
mod read_markers;
mod sqlite;
mod tls;
