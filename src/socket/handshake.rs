//! The payload of a client's CONNECT packet.

use std::{convert::Infallible, sync::Arc};

use serde_json::Map;
use socketioxide::{
    adapter::LocalAdapter,
    handler::{FromConnectParts, Value},
    socket::Socket,
};

/// A client's word for itself in its CONNECT packet.
#[derive(Default)]
pub(super) struct Presented {
    /// Empty if there is none.
    pub(super) token: String,
    /// The version of this server's additions that the client says it knows; 0: none, as a client of the original.
    pub(super) protocol: u64,
    /// The client was connected before: it has a `pid` from then. Clients of Socket.IO 4.6 and later say so by themselves.
    pub(super) has_returned: bool,
}

/// The payload of a CONNECT packet.
pub(super) enum Auth {
    Presented(Presented),
    /// Not what any client library sends.
    Garbage,
}

impl FromConnectParts<LocalAdapter> for Auth {
    type Error = Infallible;

    fn from_connect_parts(_: &Arc<Socket>, auth: &Option<Value>) -> Result<Self, Infallible> {
        let Some(Value::Str(text, _)) = auth else { return Ok(Auth::Presented(Presented::default())) };
        Ok(match serde_json::from_str::<Map<String, serde_json::Value>>(text.as_str()) {
            Ok(auth) => {
                let token = auth.get("token").and_then(|token| token.as_str()).unwrap_or("").to_owned();
                let protocol = auth.get("protocol").and_then(serde_json::Value::as_u64).unwrap_or(0);
                let has_returned = auth.get("pid").is_some_and(serde_json::Value::is_string);
                Auth::Presented(Presented { token, protocol, has_returned })
            }
            Err(_) => Auth::Garbage,
        })
    }
}
