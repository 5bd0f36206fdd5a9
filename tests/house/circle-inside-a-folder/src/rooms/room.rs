//! A file of a fixture.

use super::presence::Presence;
