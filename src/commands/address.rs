//! Explains why the server cannot listen on its address, and names the setting to change.

use std::{
    io::{Error, ErrorKind},
    net::SocketAddr,
};

pub(super) fn explain(error: &Error, address: SocketAddr) -> String {
    let (host, port) = (address.ip(), address.port());
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} of {host} is taken by another program: set PORT (or --port) to a free port, or end that program"
        ),
        ErrorKind::PermissionDenied => format!(
            "port {port} of {host} is not allowed to this user ({error}): set PORT (or --port) to 1024 or above"
        ),
        ErrorKind::AddrNotAvailable => format!(
            "{host} is no address of this machine ({error}): set HOST (or --host) to one, or to 0.0.0.0 for all"
        ),
        _ => format!("{address} (HOST and PORT) cannot be listened on: {error}"),
    }
}
