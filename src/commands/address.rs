//! The server's address: which one reaches it from this machine, and why it cannot be listened on, with the setting to
//! change.

use std::{
    io::{Error, ErrorKind},
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

/// An address of this machine for a client, also where the server listens on all.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}

pub(super) fn explain(error: &Error, address: SocketAddr) -> String {
    let (text, mend) = parts(error, address);
    format!("{text}: {mend}")
}

/// Why the address cannot be listened on, and what to do.
pub(super) fn parts(error: &Error, address: SocketAddr) -> (String, &'static str) {
    let (host, port) = (address.ip(), address.port());
    match error.kind() {
        ErrorKind::AddrInUse => (
            format!("port {port} of {host} is taken by another program"),
            "set PORT (or --port) to a free port, or end that program",
        ),
        ErrorKind::PermissionDenied => (
            format!("port {port} of {host} is not allowed to this user ({error})"),
            "set PORT (or --port) to 1024 or above",
        ),
        ErrorKind::AddrNotAvailable => (
            format!("{host} is no address of this machine ({error})"),
            "set HOST (or --host) to one, or to 0.0.0.0 for all",
        ),
        _ => (
            format!("{address} (HOST and PORT) cannot be listened on: {error}"),
            "set HOST and PORT to a free address of this machine",
        ),
    }
}
