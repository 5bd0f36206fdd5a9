//! The ids of sockets. A client may be connected to several namespaces by one connection, and the library gives these
//! sockets one id.

use std::fmt;

/// The place of a namespace in `NAMESPACE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NamespaceIndex(u8);

impl NamespaceIndex {
    /// There are few namespaces.
    pub fn new(index: usize) -> Self {
        Self(u8::try_from(index).unwrap_or(u8::MAX))
    }

    pub(super) fn get(self) -> usize {
        self.0.into()
    }
}

/// The id of a socket: that of its connection, and its namespace.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sid {
    pub(super) connection: socketioxide::socket::Sid,
    pub(super) namespace: NamespaceIndex,
}

impl Sid {
    pub fn namespace(self) -> NamespaceIndex {
        self.namespace
    }

    #[cfg(test)]
    #[expect(clippy::new_without_default, reason = "each is another one")]
    pub fn new() -> Self {
        Self { connection: socketioxide::socket::Sid::new(), namespace: NamespaceIndex(0) }
    }
}

/// The id that clients know.
impl fmt::Display for Sid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connection.fmt(formatter)
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.connection, self.namespace.0)
    }
}
