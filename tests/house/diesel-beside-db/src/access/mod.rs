//! A file of a fixture.

use diesel::prelude::*;
