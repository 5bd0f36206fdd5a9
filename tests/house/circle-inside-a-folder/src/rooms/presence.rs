//! A file of a fixture.

use super::outbox::Outbox;
