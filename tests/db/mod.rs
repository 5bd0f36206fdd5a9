//! Mirrors src/db: the database of a team that comes from Node, what questions cost it, TLS, what happens when it is away.

mod flat_cost;
mod in_place;
mod outage;
mod tls;
