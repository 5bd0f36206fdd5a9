//! A file of a fixture.

use socketioxide::SocketIo;
