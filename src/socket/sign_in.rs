//! Finds the user of a client that signs in.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    actions::user_sign_in,
    app::App,
    auth::{Claims, Handshake, Refused},
    broadcast::ClientSocket,
};

/// Finds the user by the `auth` of the CONNECT packet and by the handshake of the connection.
pub(super) async fn find_user(
    app: &App,
    client: &ClientSocket,
    auth: Map<String, Value>,
) -> Result<Claims, Refused> {
    let handshake = client.handshake::<Arc<Handshake>>().cloned().unwrap_or_default();
    user_sign_in::run(app, auth, &handshake).await
}
