//! Signing in: finds the credentials in a handshake, verifies them, and returns their user.

mod claims;
mod encrypted;
mod endpoint;
mod handshake;
mod key_set;
mod keys;
mod probe;
mod refusal;
mod refusal_log;

use hyper::{HeaderMap, Uri};
use serde_json::{Map, Value};

pub use self::{
    claims::{Claims, Verification},
    handshake::Handshake,
    keys::Keys,
    probe::Probed,
    refusal_log::RefusalLog,
};
use self::{endpoint::Endpoint, key_set::KeySet, keys::Verifier};
use crate::{
    chat::limits::Limits,
    config::{Config, CorsOrigin, Encryption, SignIn},
};

/// The reason for which a client is not signed in. The text is for the log, never for the client.
#[derive(Clone, Debug)]
pub enum Refused {
    /// The credentials are not good.
    Denied(String),
    /// Whether they are could not be found out: the client is to try again.
    Unavailable(String),
}

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self::Denied(why)
    }
}

/// Signs clients in.
pub struct Authenticator {
    keys: Keys,
    settings: SignIn,
    cors: CorsOrigin,
    limits: Limits,
    remote: Option<Remote>,
}

/// Another program that is asked.
enum Remote {
    KeySet(KeySet),
    Endpoint(Endpoint),
}

impl Authenticator {
    /// The error is one sentence.
    pub fn new(keys: Keys, config: &Config) -> Result<Self, String> {
        let settings = config.sign_in.clone();
        let remote = match &keys.verifier {
            Verifier::KeySet(url) => Some(Remote::KeySet(KeySet::new(url.clone(), &settings)?)),
            Verifier::Endpoint(url) => Some(Remote::Endpoint(Endpoint::new(url.clone(), &settings)?)),
            Verifier::Key(_) | Verifier::Secret { .. } => None,
        };
        let (cors, limits) = (config.cors.clone(), config.limits.clone());
        Ok(Self { keys, settings, cors, limits, remote })
    }

    /// The keys, which may sign tokens.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Keeps the parts of a handshake's request that signing in needs.
    pub fn keep(&self, headers: &HeaderMap, uri: &Uri) -> Handshake {
        let is_asked = matches!(self.remote, Some(Remote::Endpoint(_)));
        Handshake::keep(&self.settings, &self.cors, (headers, uri), is_asked)
    }

    /// Finds the user of a handshake and of the `auth` of a CONNECT packet. The `auth` is dropped before anything is waited
    /// for, since as a tree it is far larger than the packet was.
    pub async fn sign_in(&self, auth: Map<String, Value>, handshake: &Handshake) -> Result<Claims, Refused> {
        let settings = &self.settings;
        if let Some(Remote::Endpoint(endpoint)) = &self.remote {
            let user = endpoint.find_user(auth, handshake).await?;
            let claims = Claims::read(&user, settings, &self.limits);
            return claims
                .map_err(|why| Refused::Denied(format!("the answer of AUTH_URL names no user: {why}")));
        }
        let Some((token, cookie)) = handshake.token(settings, &auth) else {
            return Err(handshake.explain_absence(settings).into());
        };
        let token = token.to_owned();
        drop(auth);
        let claims = match (&self.remote, &self.keys.verifier) {
            (Some(Remote::KeySet(key_set)), _) => key_set.verify(&token, settings).await?,
            (_, Verifier::Secret { secret, .. }) if settings.encryption != Encryption::None => {
                encrypted::decrypt(&token, secret, cookie, settings)?
            }
            (_, Verifier::Key(key) | Verifier::Secret { key, .. }) => key.verify(&token, settings)?,
            // Each of these has its remote.
            (_, Verifier::KeySet(_) | Verifier::Endpoint(_)) => {
                return Err(Refused::Unavailable("there is no key".to_owned()));
            }
        };
        Ok(Claims::read(&claims, settings, &self.limits)?)
    }
}

#[cfg(test)]
mod tests;
