//! Signs a user in by the credentials of a handshake, or of a request.

use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::timeout;

use crate::{
    app::App,
    auth::{Claims, Handshake, Refused},
    config::SameEmail,
};

/// The longest that a sign-in waits for the database to find or create the user.
pub const USER_LOOKUP_TIMEOUT: Duration = Duration::from_secs(1);

/// Finds the user by the `auth` of the CONNECT packet, or what stands for it, and by the handshake of the connection.
pub async fn run(app: &App, auth: Map<String, Value>, handshake: &Handshake) -> Result<Claims, Refused> {
    let claims = app.authenticator.sign_in(auth, handshake).await?;
    link_by_email(app, claims).await
}

/// With `SAME_EMAIL=link`, a user who is not in the database is the one who has the same e-mail address.
async fn link_by_email(app: &App, mut claims: Claims) -> Result<Claims, Refused> {
    if app.config.sign_in.same_email != SameEmail::Link {
        return Ok(claims);
    }
    match timeout(USER_LOOKUP_TIMEOUT, app.access.find_same_email(&claims)).await {
        Ok(Ok(None)) => {}
        Ok(Ok(Some(owner))) => {
            tracing::info!(user = %claims.sub, %owner, "signs in as the user of the same e-mail address");
            claims.sub = owner;
        }
        // A second user is not to be made because the database was away.
        Ok(Err(error)) => return Err(Refused::Unavailable(error.cause())),
        Err(_) => return Err(Refused::Unavailable("the database did not answer in time".to_owned())),
    }
    Ok(claims)
}
