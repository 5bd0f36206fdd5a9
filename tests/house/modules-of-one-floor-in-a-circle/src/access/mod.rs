//! A file of a fixture.

use crate::log::Log;
