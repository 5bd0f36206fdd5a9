//! Authentication: verifies tokens and returns their users. It accepts what Node's `jsonwebtoken` accepts, under the
//! algorithms of the configured key.

use std::{fs, io, io::Write, path::Path, sync::Arc, time::Duration};

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, errors::ErrorKind,
};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::{NamedTempFile, PersistError};
use uuid::Uuid;

use crate::{
    chat::{id::UserId, limits::Limits, timestamp::Timestamp},
    config::SigningKeys,
    protocol::TokenUserView,
};

/// The claims of a token about its user.
#[derive(Clone, Debug)]
pub struct Claims {
    pub sub: UserId,
    pub name: Option<Arc<str>>,
    pub email: Option<String>,
    /// The claim `picture`, or else `avatar`.
    pub avatar: Option<String>,
}

impl Claims {
    pub fn token_user(&self) -> TokenUserView {
        TokenUserView { id: self.sub.clone(), name: self.name.clone() }
    }
}

/// The keys that verify tokens and, if we hold the secret, sign them.
pub struct Keys {
    decoding: DecodingKey,
    validation: Validation,
    encoding: Option<EncodingKey>,
}

impl Keys {
    /// Loads the keys. The error is one sentence that names the setting or file.
    pub fn load(keys: &SigningKeys) -> Result<Self, String> {
        match keys {
            SigningKeys::Secret(secret) => Ok(Self::from_secret(secret)),
            SigningKeys::DemoFile(path) => {
                let secret = demo_secret(path)
                    .map_err(|error| format!("{}, which DATA_DIR names: {error}", path.display()))?;
                Ok(Self::from_secret(&secret))
            }
            SigningKeys::Public(pem) => Self::from_public_pem(pem),
            SigningKeys::Missing => {
                Err("nothing says who may sign in: set JWT_SECRET (or JWT_PUBLIC_KEY) to the key that \
                 signs your tokens, or DEMO=true to let anybody on this machine sign in as anybody"
                    .to_owned())
            }
        }
    }

    fn from_secret(secret: &str) -> Self {
        Self {
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            validation: validation(&[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512]),
            encoding: Some(EncodingKey::from_secret(secret.as_bytes())),
        }
    }

    fn from_public_pem(pem: &str) -> Result<Self, String> {
        use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
        let pem = pem.as_bytes();
        let (decoding, algorithms): (_, &[Algorithm]) = if let Ok(key) = DecodingKey::from_rsa_pem(pem) {
            (key, &[RS256, RS384, RS512, PS256, PS384, PS512])
        } else if let Ok(key) = DecodingKey::from_ec_pem(pem) {
            (key, &[ES256, ES384])
        } else if let Ok(key) = DecodingKey::from_ed_pem(pem) {
            (key, &[EdDSA])
        } else {
            return Err("JWT_PUBLIC_KEY is not a public key in PEM (RSA, EC or Ed25519)".to_owned());
        };
        Ok(Self { decoding, validation: validation(algorithms), encoding: None })
    }

    /// Returns the claims if the token is valid now. The error says why it is not; it is for the log, never for the
    /// client. It is worded by us, since the library's error may quote the token.
    pub fn verify(&self, token: &str, limits: &Limits) -> Result<Claims, &'static str> {
        #[derive(Deserialize)]
        struct Payload {
            sub: String,
            name: Option<Value>,
            email: Option<Value>,
            picture: Option<Value>,
            avatar: Option<Value>,
        }
        let payload: Payload =
            decode(token, &self.decoding, &self.validation).map_err(|error| reason(&error))?.claims;
        limits.ensure_id("sub", &payload.sub).map_err(|_| "sub is no id")?;
        // A claim that is not text, or that no database could store, counts as absent.
        let text = |claim: Option<Value>| match claim {
            Some(Value::String(text)) if !text.contains('\0') => Some(text),
            _ => None,
        };
        Ok(Claims {
            sub: payload.sub.into(),
            name: text(payload.name).map(Into::into),
            email: text(payload.email).filter(|email| !email.is_empty()),
            avatar: text(payload.picture).or_else(|| text(payload.avatar)),
        })
    }

    /// Signs a token with HS256, valid for `ttl` from `now`.
    pub fn sign(
        &self,
        sub: &str,
        name: Option<&str>,
        now: Timestamp,
        ttl: Duration,
    ) -> Result<String, String> {
        let Some(key) = &self.encoding else {
            return Err("only whoever holds the private key of JWT_PUBLIC_KEY can sign tokens".to_owned());
        };
        let issued = now.millis() / 1000;
        let mut claims =
            json!({ "sub": sub, "iat": issued, "exp": issued.saturating_add_unsigned(ttl.as_secs()) });
        if let (Some(name), Some(claims)) = (name, claims.as_object_mut()) {
            claims.insert("name".to_owned(), name.into());
        }
        encode(&Header::default(), &claims, key).map_err(|error| error.to_string())
    }
}

fn reason(error: &jsonwebtoken::errors::Error) -> &'static str {
    match error.kind() {
        ErrorKind::InvalidSignature => "signed with another key",
        ErrorKind::ExpiredSignature => "expired",
        ErrorKind::ImmatureSignature => "not valid yet",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::MissingAlgorithm => {
            "of an algorithm that is not taken"
        }
        ErrorKind::Json(_) => "its header or its claims are not as they must be",
        _ => "not a token",
    }
}

/// The rules of Node's `jsonwebtoken` by default: no claim is required, times have no leeway, the audience is not
/// checked.
fn validation(algorithms: &[Algorithm]) -> Validation {
    let mut validation = Validation {
        algorithms: algorithms.to_vec(),
        leeway: 0,
        validate_nbf: true,
        validate_aud: false,
        // A token that expires in this very second has expired.
        reject_tokens_expiring_in_less_than: 1,
        ..Validation::default()
    };
    validation.required_spec_claims.clear();
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
    use crate::clock;

    const HOUR: Duration = Duration::from_secs(3600);

    fn keys() -> Keys {
        Keys::from_secret("a secret that signs the tokens of these tests")
    }

    fn token(algorithm: Algorithm, claims: Value) -> String {
        let key = EncodingKey::from_secret("a secret that signs the tokens of these tests".as_bytes());
        encode(&Header::new(algorithm), &claims, &key).unwrap()
    }

    fn now() -> i64 {
        clock::now().millis() / 1000
    }

    #[test]
    fn signed_tokens_are_accepted_under_all_three_algorithms() {
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let token =
                token(algorithm, json!({"sub": "alice", "name": "Alice", "picture": "a.png", "aud": "x"}));
            let claims = keys().verify(&token, &Limits::default()).unwrap();
            assert_eq!(claims.sub.as_str(), "alice");
            assert_eq!(claims.name.as_deref(), Some("Alice"));
            assert_eq!(claims.avatar.as_deref(), Some("a.png"));
        }
        let token = keys().sign("bob", Some("Bob"), clock::now(), HOUR).unwrap();
        assert_eq!(keys().verify(&token, &Limits::default()).unwrap().sub.as_str(), "bob");
    }

    #[test]
    fn a_token_that_node_refuses_is_refused() {
        let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbGljZSJ9.";
        let other = Keys::from_secret("another secret").sign("alice", None, clock::now(), HOUR).unwrap();
        for bad in [
            String::new(),
            "nonsense".to_owned(),
            none.to_owned(),
            other,
            token(Algorithm::HS256, json!({"name": "nobody"})),
            token(Algorithm::HS256, json!({"sub": 7})),
            token(Algorithm::HS256, json!({"sub": ""})),
            token(Algorithm::HS256, json!({"sub": "a\u{0}b"})),
            token(Algorithm::HS256, json!({"sub": "x".repeat(513)})),
            token(Algorithm::HS256, json!({"sub": "alice", "exp": now() - 1})),
            token(Algorithm::HS256, json!({"sub": "alice", "exp": now()})),
            token(Algorithm::HS256, json!({"sub": "alice", "exp": "soon"})),
            token(Algorithm::HS256, json!({"sub": "alice", "nbf": now() + 60})),
        ] {
            assert!(keys().verify(&bad, &Limits::default()).is_err(), "{bad}");
        }
    }

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
