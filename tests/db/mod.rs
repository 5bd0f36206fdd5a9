//! Mirrors src/db: the database of a team that comes from Node, its connections, the cost of statements, TLS, outages, and a
//! database that is far away.

mod append;
mod changed_tables;
mod connections;
mod deviations;
mod far_away;
mod first_look;
mod flat_cost;
mod in_place;
mod lacking_rows;
mod language;
mod locks;
mod outage;
mod own_rules;
mod read_markers;
mod readers;
mod refused_rows;
mod room_list;
mod round_trips;
mod rows;
pub mod session;
mod sqlite;
mod start_locks;
mod statements;
mod tls;
mod uuid_direct;
mod watch;
