//! A file of a fixture.

use crate::access::Access;
