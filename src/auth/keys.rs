//! The keys that verify tokens, and demo mode's secret. The rules of Node's `jsonwebtoken` apply, under the algorithms of
//! the configured key.

use std::{fs, io, io::Write, path::Path, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Map, Value};
use tempfile::{NamedTempFile, PersistError};
use uuid::Uuid;

use super::refusal;
use crate::{
    chat::timestamp::Timestamp,
    config::{Encryption, HttpUrl, SignIn, SigningKeys},
};

/// The keys that verify tokens and, if we hold the secret, sign them.
pub struct Keys {
    pub(super) verifier: Verifier,
    encoding: Option<EncodingKey>,
}

/// The way in which a token is verified.
pub(super) enum Verifier {
    Key(VerifyingKey),
    /// The secret from which the keys of encrypted tokens are derived.
    Secret {
        secret: Vec<u8>,
        key: VerifyingKey,
    },
    /// The key set at this URL.
    KeySet(HttpUrl),
    /// The endpoint at this URL is asked.
    Endpoint(HttpUrl),
}

/// A key with the algorithms that it may be used with.
#[derive(Clone)]
pub(super) struct VerifyingKey {
    pub(super) key: DecodingKey,
    pub(super) algorithms: &'static [Algorithm],
}

impl Keys {
    /// Loads the keys. The error is one sentence that names the setting or file.
    pub fn load(keys: &SigningKeys) -> Result<Self, String> {
        match keys {
            SigningKeys::Secret(secret) => Self::from_secret(secret),
            SigningKeys::DemoFile(path) => {
                let secret = demo_secret(path)
                    .map_err(|error| format!("{}, which DATA_DIR names: {error}", path.display()))?;
                Self::from_secret(&secret)
            }
            SigningKeys::Public(pem) => Self::from_public_pem(pem),
            SigningKeys::KeySet(url) => Ok(Self { verifier: Verifier::KeySet(url.clone()), encoding: None }),
            SigningKeys::Endpoint(url) => {
                Ok(Self { verifier: Verifier::Endpoint(url.clone()), encoding: None })
            }
            SigningKeys::Missing => {
                Err("nothing says who may sign in: set JWT_SECRET (or JWT_PUBLIC_KEY) to the key that \
                 signs your tokens, or DEMO=true to let anybody on this machine sign in as anybody"
                    .to_owned())
            }
        }
    }

    fn from_secret(secret: &str) -> Result<Self, String> {
        let secret = secret.as_bytes();
        let unusable = |error| format!("JWT_SECRET cannot be used: {error}");
        let key = DecodingKey::from_secret(secret).map_err(unusable)?;
        let key = VerifyingKey { key, algorithms: &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] };
        let encoding = Some(EncodingKey::from_secret(secret).map_err(unusable)?);
        Ok(Self { verifier: Verifier::Secret { secret: secret.to_vec(), key }, encoding })
    }

    fn from_public_pem(pem: &str) -> Result<Self, String> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        let pem = pem.as_bytes();
        let (key, algorithms): (_, &[Algorithm]) = if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
            (key, &[RS256, RS384, RS512, PS256, PS384, PS512])
        } else if let Ok(key) = DecodingKey::from_ec_pem(pem) {
            (key, &[ES256, ES384])
        } else if let Ok(key) = DecodingKey::from_ed_pem(pem) {
            (key, &[EdDSA])
        } else {
            return Err("JWT_PUBLIC_KEY is not a public key in PEM (RSA, EC or Ed25519)".to_owned());
        };
        let verifier = Verifier::Key(VerifyingKey { key, algorithms });
        Ok(Self { verifier, encoding: None })
    }

    /// Signs a token with HS256, valid for `ttl` from `now`.
    pub fn sign(
        &self,
        sub: &str,
        name: Option<&str>,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<String, String> {
        self.sign_claims(&claims(sub, name, now, ttl))
    }

    /// Signs a token as these settings want it.
    pub fn sign_for(
        &self,
        settings: &SignIn,
        (sub, name): (&str, Option<&str>),
        now: Timestamp,
        ttl: Duration,
    ) -> Result<String, String> {
        if settings.encryption != Encryption::None {
            return Err("JWT_ENCRYPTION is set: only your sign-in makes such tokens".to_owned());
        }
        let mut claims = claims(sub, name, now, ttl);
        if let Some(claim) = settings.user_claim.first() {
            claims.insert(claim.key().to_owned(), sub.into());
        }
        for (claim, values) in [("aud", &settings.audience), ("iss", &settings.issuer)] {
            if let Some(value) = values.first() {
                claims.insert(claim.to_owned(), value.as_str().into());
            }
        }
        self.sign_claims(&claims)
    }

    fn sign_claims(&self, claims: &Map<String, Value>) -> Result<String, String> {
        let key = self.encoding.as_ref();
        let key = key.ok_or(
            "these settings have no secret that signs tokens (JWT_SECRET): tokens come from your sign-in",
        )?;
        encode(&Header::default(), claims, key).map_err(|error| error.to_string())
    }
}

fn claims(sub: &str, name: Option<&str>, now: Timestamp, ttl: Duration) -> Map<String, Value> {
    let issued = now.millis() / 1_000;
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), sub.into());
    claims.insert("iat".to_owned(), issued.into());
    claims.insert("exp".to_owned(), issued.saturating_add_unsigned(ttl.as_secs()).into());
    if let Some(name) = name {
        claims.insert("name".to_owned(), name.into());
    }
    claims
}

impl VerifyingKey {
    /// Returns the claims if the token is valid now. The error says why it is not, for the log.
    pub(super) fn verify(&self, token: &str, settings: &SignIn) -> Result<Map<String, Value>, String> {
        let validation = validation(self.algorithms, settings);
        match decode(token, &self.key, &validation) {
            Ok(token) => Ok(token.claims),
            Err(error) => Err(refusal::explain(&error, token, settings)),
        }
    }
}

/// The rules of Node's `jsonwebtoken` by default: no claim is required, times have no leeway, the audience and the issuer
/// are not checked. A setting that checks one of these requires the claim.
fn validation(algorithms: &[Algorithm], settings: &SignIn) -> Validation {
    let list = |items: &[String]| Some(items.iter().cloned().collect()).filter(|_| !items.is_empty());
    let mut validation = Validation {
        algorithms: algorithms.to_vec(),
        leeway: settings.leeway.as_secs(),
        validate_nbf: true,
        validate_aud: !settings.audience.is_empty(),
        aud: list(&settings.audience),
        iss: list(&settings.issuer),
        // A token that expires in this very second has expired.
        reject_tokens_expiring_in_less_than: 1,
        ..Validation::default()
    };
    let required = [("aud", &settings.audience), ("iss", &settings.issuer)];
    let required = required.into_iter().filter(|(_, items)| !items.is_empty());
    validation.required_spec_claims = required.map(|(claim, _)| claim.to_owned()).collect();
    validation
}

/// Reads demo mode's secret, or creates it: random, in a file that only its owner can read. The file is created
/// atomically, so that servers that start at once in one folder share one secret.
fn demo_secret(path: &Path) -> io::Result<String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    if !path.try_exists()? {
        let mut file = NamedTempFile::new_in(folder)?;
        write!(file, "{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())?;
        file.as_file().sync_all()?;
        if let Err(PersistError { error, .. }) = file.persist_noclobber(path)
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
    }
    let secret = fs::read_to_string(path)?.trim().to_owned();
    if secret.len() < 32 {
        return Err(io::Error::other("is damaged: remove it, and a new one is made"));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, iter, sync::Barrier, thread};

    use super::*;

    #[test]
    fn the_demo_secret_is_made_once_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/demo-secret");
        let first = demo_secret(&path).unwrap();
        assert_eq!(demo_secret(&path).unwrap(), first);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path().join("data")).unwrap().count(), 1);
    }

    #[test]
    fn servers_that_start_together_have_one_demo_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/demo-secret");
        let all = Barrier::new(16);
        let secrets: HashSet<String> = thread::scope(|scope| {
            let start = || {
                all.wait();
                demo_secret(&path).unwrap()
            };
            let servers: Vec<_> = iter::repeat_with(|| scope.spawn(start)).take(16).collect();
            servers.into_iter().map(|server| server.join().unwrap()).collect()
        });
        assert_eq!(secrets.len(), 1);
    }
}
