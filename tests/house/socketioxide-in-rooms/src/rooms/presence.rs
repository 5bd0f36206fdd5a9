//! A file of a fixture.

use socketioxide::socket::Sid;
