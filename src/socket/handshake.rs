//! The payload of a client's CONNECT packet.

use std::{convert::Infallible, sync::Arc};

use serde_json::{Map, Value as Json};
use socketioxide::{
    adapter::LocalAdapter,
    handler::{FromConnectParts, Value},
    socket::Socket,
};

use crate::protocol::Bodies;

/// The fields of a client's CONNECT payload.
#[derive(Default)]
pub(super) struct Presented {
    /// All fields. Which of them is the token is a setting.
    pub(super) auth: Map<String, Json>,
    /// The version of this server's protocol additions that the client says it knows; 0 if none, as for a client of the
    /// original.
    protocol: u64,
    /// How the client takes the contents of long messages.
    pub(super) bodies: Bodies,
    /// The client has been connected before, so it has a `pid` from then. Clients of Socket.IO 4.6 and later send it by
    /// themselves.
    pub(super) has_returned: bool,
}

impl Presented {
    /// The client says that it knows this server's additions to the protocol.
    pub(super) fn knows_additions(&self) -> bool {
        self.protocol >= 1
    }
}

/// The decoded payload of a CONNECT packet.
pub(super) enum Auth {
    Presented(Presented),
    /// A payload that no client library sends.
    Malformed,
}

impl FromConnectParts<LocalAdapter> for Auth {
    type Error = Infallible;

    fn from_connect_parts(_: &Arc<Socket>, auth: &Option<Value>) -> Result<Self, Infallible> {
        let Some(Value::Str(text, _)) = auth else { return Ok(Auth::Presented(Presented::default())) };
        Ok(match serde_json::from_str::<Map<String, Json>>(text.as_str()) {
            Ok(auth) => {
                let protocol = auth.get("protocol").and_then(Json::as_u64).unwrap_or(0);
                let has_returned = auth.get("pid").is_some_and(Json::is_string);
                // A front end of somebody else's may have a field of this name: it does not say that it knows the protocol.
                let takes_excerpts = protocol >= 1 && auth.get("excerpts") == Some(&Json::Bool(true));
                let bodies = if takes_excerpts { Bodies::Excerpts } else { Bodies::Whole };
                Auth::Presented(Presented { auth, protocol, bodies, has_returned })
            }
            Err(_) => Auth::Malformed,
        })
    }
}
