//! `JWT_JWKS_URL`: the key set (RFC 7517) of the service that signs tokens. A key has one algorithm, which never comes from
//! the token. When the service is away, the keys that were read last go on being used.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use hyper::{StatusCode, body::Bytes};
use jsonwebtoken::{
    Algorithm, DecodingKey, decode_header,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use serde_json::{Map, Value};
use tokio::{sync::Mutex as AsyncMutex, time::Instant};

use super::{Refused, keys::VerifyingKey, refusal};
use crate::{
    config::{HttpUrl, SignIn},
    http_client::HttpClient,
    sync::lock,
};

/// The most keys of a set.
const MAX_KEYS: usize = 64;
/// A set is read again when it is so old, or when a token names a key that is not in it; for such a token at most once in
/// this time.
const FRESH: Duration = Duration::from_secs(600);
const READ_AGAIN: Duration = Duration::from_secs(60);
/// Sign-ins that come so soon after a failure, or have waited for it, fail alike. Each would else wait for its own.
const FAILED_FOR: Duration = Duration::from_secs(1);

/// The keys by their id. A key without one has an empty id.
type KeysById = HashMap<String, VerifyingKey>;

pub(super) struct KeySet {
    client: HttpClient,
    state: Mutex<State>,
    /// Held while the set is read, so that it is read once however many sign in.
    reading: AsyncMutex<()>,
}

#[derive(Default)]
struct State {
    keys: Arc<KeysById>,
    /// The end of the last attempt to read the set.
    tried: Option<Instant>,
    /// The last attempt, if it failed and there are no keys.
    failed: Option<(Instant, String)>,
}

impl KeySet {
    pub(super) fn new(url: HttpUrl, settings: &SignIn) -> Result<Self, String> {
        let client = HttpClient::new(url, settings.timeout)?;
        Ok(Self { client, state: Mutex::default(), reading: AsyncMutex::default() })
    }

    pub(super) async fn verify(&self, token: &str, settings: &SignIn) -> Result<Map<String, Value>, Refused> {
        let denied = |why: String| Refused::Denied(why);
        let header =
            decode_header(token).map_err(|error| denied(refusal::explain(&error, token, settings)))?;
        let id = header.kid.unwrap_or_default();
        let key = self.find(&id).await?;
        key.ok_or_else(|| denied("signed with a key that is not in the set of JWT_JWKS_URL".to_owned()))?
            .verify(token, settings)
            .map_err(denied)
    }

    /// The key with this id. The set is read if it is old, or has no such key.
    async fn find(&self, id: &str) -> Result<Option<VerifyingKey>, Refused> {
        let (keys, is_due) = self.look_up(id);
        let _reading = match (keys.get(id).cloned(), is_due) {
            (Some(key), false) => return Ok(Some(key)),
            (Some(key), true) => match self.reading.try_lock() {
                Ok(reading) => reading,
                // Another sign-in reads the set: the key that is known goes on being used.
                Err(_) => return Ok(Some(key)),
            },
            // The key may be in the set that is being read.
            (None, _) => self.reading.lock().await,
        };
        // Another sign-in may have read it meanwhile.
        let (keys, is_due) = self.look_up(id);
        if !is_due {
            return Ok(keys.get(id).cloned());
        }
        if let Some((at, why)) = &lock(&self.state).failed
            && at.elapsed() < FAILED_FOR
        {
            return Err(Refused::Unavailable(why.clone()));
        }
        match self.read().await {
            Ok(keys) => {
                let found = keys.get(id).cloned();
                let mut state = lock(&self.state);
                (state.keys, state.tried, state.failed) = (Arc::new(keys), Some(Instant::now()), None);
                Ok(found)
            }
            Err(why) => {
                if keys.is_empty() {
                    let mut state = lock(&self.state);
                    (state.tried, state.failed) = (None, Some((Instant::now(), why.clone())));
                    return Err(Refused::Unavailable(why));
                }
                lock(&self.state).tried = Some(Instant::now());
                tracing::warn!(%why, "the key set cannot be read: the keys read before are used");
                Ok(keys.get(id).cloned())
            }
        }
    }

    /// Reads the set.
    pub(super) async fn read(&self) -> Result<KeysById, String> {
        let read = match self.client.get().await {
            Ok((StatusCode::OK, body)) => parse(&body),
            Ok((status, _)) => Err(format!("it answered {}", status.as_u16())),
            Err(why) => Err(why),
        };
        read.map_err(|why| format!("JWT_JWKS_URL ({}): {why}", self.client.url()))
    }

    /// The keys there are, and whether the set is to be read for a token of the key `id`.
    fn look_up(&self, id: &str) -> (Arc<KeysById>, bool) {
        let state = lock(&self.state);
        let age = state.tried.map(|tried| tried.elapsed());
        let is_due = match age {
            None => true,
            Some(age) if state.keys.contains_key(id) => age >= FRESH,
            Some(age) => age >= READ_AGAIN,
        };
        (Arc::clone(&state.keys), is_due)
    }
}

/// Reads the keys that sign. Others, such as those for encryption, are passed over.
fn parse(body: &Bytes) -> Result<KeysById, String> {
    let set: Value = serde_json::from_slice(body).map_err(|_| "its answer is no JSON")?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or("its answer has no keys")?;
    if keys.len() > MAX_KEYS {
        return Err(format!("its set has {} keys, and at most {MAX_KEYS} are taken", keys.len()));
    }
    // A key of a kind that the library does not know must not hide the others.
    let keys = keys.iter().filter_map(|key| serde_json::from_value::<Jwk>(key.clone()).ok());
    let set = JwkSet { keys: keys.collect() };
    let keys: KeysById = set.keys.iter().filter_map(verifying_key).collect();
    if keys.is_empty() { Err("its set has no key that signs tokens".to_owned()) } else { Ok(keys) }
}

/// The key with its id; none for a key that is not public, or is not for signatures.
fn verifying_key(jwk: &Jwk) -> Option<(String, VerifyingKey)> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let named = jwk.common.key_algorithm.map(|algorithm| algorithm.to_string());
    let is_named =
        |algorithm: Algorithm| named.as_deref().is_none_or(|name| name == format!("{algorithm:?}"));
    let fitting: &'static [&'static [Algorithm]] = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => &[&[RS256], &[RS384], &[RS512], &[PS256], &[PS384], &[PS512]],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => &[&[ES256]],
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P384 => &[&[ES384]],
        AlgorithmParameters::OctetKeyPair(_) => &[&[EdDSA]],
        // A shared secret in a public set would let anybody sign.
        _ => return None,
    };
    let algorithms = fitting.iter().find(|algorithms| algorithms.iter().copied().all(is_named))?;
    let key = DecodingKey::from_jwk(jwk).ok()?;
    Some((jwk.common.key_id.clone().unwrap_or_default(), VerifyingKey { key, algorithms }))
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, poll};
    use tokio::net::TcpListener;

    use super::*;
    use crate::{auth::tests::config, config::SigningKeys};

    /// A set of the key `old` that was read so long ago, at a URL that does not answer.
    async fn key_set(age: Duration) -> (KeySet, TcpListener) {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", silent.local_addr().unwrap());
        let config = config(&["--jwt-jwks-url", &url, "--auth-timeout", "30000"]);
        let SigningKeys::KeySet(url) = config.keys else { panic!("no URL") };
        let key_set = KeySet::new(url, &config.sign_in).unwrap();
        let key = VerifyingKey { key: DecodingKey::from_secret(b"x").unwrap(), algorithms: &[] };
        *lock(&key_set.state) = State {
            keys: Arc::new(HashMap::from([("old".to_owned(), key)])),
            tried: Instant::now().checked_sub(age),
            failed: None,
        };
        (key_set, silent)
    }

    #[tokio::test]
    async fn a_new_key_waits_for_the_set_that_is_read_again_and_a_known_one_does_not() {
        for (age, first) in [(READ_AGAIN, "new"), (FRESH, "old")] {
            let (key_set, _silent) = key_set(age).await;
            let mut reader = Box::pin(key_set.find(first));
            assert!(poll!(&mut reader).is_pending(), "{first} lets the set be read");
            let known = key_set.find("old").now_or_never().expect("the known key waits");
            assert!(known.unwrap().is_some());
            assert!(key_set.find("new").now_or_never().is_none(), "the new key does not wait");
        }
    }
}
