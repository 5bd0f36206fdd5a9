//! A file of a fixture.

use crate::socket::connect;
