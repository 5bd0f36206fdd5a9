//! Encrypted session tokens of NextAuth 4 and Auth.js 5: a JWE in compact form (RFC 7516) with `alg: dir`, whose key is
//! derived from the secret by HKDF-SHA256.

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, Payload},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use cbc::cipher::{BlockModeDecrypt, KeyInit, KeyIvInit, block_padding::Pkcs7};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use serde_json::{Map, Value};
use sha2::{Sha256, Sha512};

use super::refusal;
use crate::config::{Encryption, SignIn};

const NEXTAUTH_INFO: &str = "NextAuth.js Generated Encryption Key";
const AUTHJS_INFO: &str = "Auth.js Generated Encryption Key";
/// The cookies of Auth.js, one of whose names is in the key of a token that did not come in a cookie.
const AUTHJS_COOKIES: [&str; 2] = ["__Secure-authjs.session-token", "authjs.session-token"];

const BAD_KEY: &str = "it cannot be decrypted with the key made from JWT_SECRET";

/// The parts of a JWE.
struct Jwe<'a> {
    protected: &'a str,
    encryption: String,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

/// Returns the claims of an encrypted token that is valid now. `cookie` is the name of the cookie that it came in. The
/// error says why it is not, for the log.
pub(super) fn decrypt(
    token: &str,
    secret: &[u8],
    cookie: Option<&str>,
    settings: &SignIn,
) -> Result<Map<String, Value>, String> {
    let jwe = Jwe::parse(token).ok_or_else(|| {
        let is_signed = token.split('.').count() == 3;
        let shape = refusal::shape(token, settings);
        if is_signed { "it is signed, and not encrypted as JWT_ENCRYPTION says" } else { shape }.to_owned()
    })?;
    let claims = match settings.encryption {
        Encryption::Nextauth => decrypt_gcm(&jwe, &derive::<32>(secret, "", NEXTAUTH_INFO)),
        _ => {
            let names = cookie.map_or(AUTHJS_COOKIES.to_vec(), |cookie| vec![cookie]);
            let info = |name: &str| format!("{AUTHJS_INFO} ({name})");
            names.iter().find_map(|name| decrypt_cbc(&jwe, &derive::<64>(secret, name, &info(name))))
        }
    };
    let claims = claims.ok_or(BAD_KEY)?;
    let claims = serde_json::from_slice(&claims).map_err(|_| "its claims are not an object")?;
    ensure_current(&claims, settings)?;
    ensure_listed(&claims, ("aud", &settings.audience), (refusal::NO_AUDIENCE, refusal::OTHER_AUDIENCE))?;
    ensure_listed(&claims, ("iss", &settings.issuer), (refusal::NO_ISSUER, refusal::OTHER_ISSUER))?;
    Ok(claims)
}

impl<'a> Jwe<'a> {
    fn parse(token: &'a str) -> Option<Self> {
        let parts: Vec<&str> = token.split('.').collect();
        let [protected, "", iv, ciphertext, tag] = *parts.as_slice() else { return None };
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        let header: Map<String, Value> = serde_json::from_slice(&decode(protected)?).ok()?;
        let is_understood = header.get("alg").is_some_and(|alg| alg == "dir")
            && !header.contains_key("crit")
            && !header.contains_key("zip");
        if !is_understood {
            return None;
        }
        let encryption = header.get("enc")?.as_str()?.to_owned();
        Some(Self {
            protected,
            encryption,
            iv: decode(iv)?,
            ciphertext: decode(ciphertext)?,
            tag: decode(tag)?,
        })
    }
}

fn derive<const BYTES: usize>(secret: &[u8], salt: &str, info: &str) -> [u8; BYTES] {
    let mut key = [0; BYTES];
    // It fails only for keys that are longer than 255 hashes.
    let _infallible = Hkdf::<Sha256>::new(Some(salt.as_bytes()), secret).expand(info.as_bytes(), &mut key);
    key
}

fn decrypt_gcm(jwe: &Jwe<'_>, key: &[u8; 32]) -> Option<Vec<u8>> {
    // A tag that is cut short would be easier to forge.
    if jwe.encryption != "A256GCM" || jwe.tag.len() != 16 {
        return None;
    }
    let sealed = [jwe.ciphertext.as_slice(), &jwe.tag].concat();
    let nonce: [u8; 12] = jwe.iv.as_slice().try_into().ok()?;
    let payload = Payload { msg: &sealed, aad: jwe.protected.as_bytes() };
    Aes256Gcm::new_from_slice(key).ok()?.decrypt(&Nonce::from(nonce), payload).ok()
}

/// A256CBC-HS512 (RFC 7518, 5.2): the first half of the key authenticates, the second encrypts.
fn decrypt_cbc(jwe: &Jwe<'_>, key: &[u8; 64]) -> Option<Vec<u8>> {
    let (mac_key, encryption_key) = key.split_at(32);
    if jwe.encryption != "A256CBC-HS512" || jwe.tag.len() != 32 {
        return None;
    }
    let bits = u64::try_from(jwe.protected.len()).ok()?.checked_mul(8)?;
    let mut mac = Hmac::<Sha512>::new_from_slice(mac_key).ok()?;
    for part in [jwe.protected.as_bytes(), &jwe.iv, &jwe.ciphertext, &bits.to_be_bytes()] {
        mac.update(part);
    }
    mac.verify_truncated_left(&jwe.tag).ok()?;
    let cipher = cbc::Decryptor::<aes::Aes256>::new_from_slices(encryption_key, &jwe.iv).ok()?;
    cipher.decrypt_padded_vec::<Pkcs7>(&jwe.ciphertext).ok()
}

/// The times of a token are checked as those of a signed one are.
fn ensure_current(claims: &Map<String, Value>, settings: &SignIn) -> Result<(), String> {
    let now = refusal::now();
    let leeway = i64::try_from(settings.leeway.as_secs()).unwrap_or(i64::MAX);
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(format!("its claim {name} is not as it must be")),
    };
    if let Some(exp) = time("exp")?
        && exp <= now - leeway
    {
        return Err(refusal::expired(exp, settings));
    }
    if let Some(nbf) = time("nbf")?
        && nbf > now + leeway
    {
        return Err(refusal::immature(nbf));
    }
    Ok(())
}

/// The audience and the issuer of a token are checked as those of a signed one are: the claim, or one item of it if it is a
/// list, must be in the setting.
fn ensure_listed(
    claims: &Map<String, Value>,
    (name, allowed): (&str, &[String]),
    (absent, other): (&str, &str),
) -> Result<(), String> {
    if allowed.is_empty() {
        return Ok(());
    }
    let claim = claims.get(name).filter(|claim| !claim.is_null()).ok_or(absent)?;
    let items = claim.as_array().map_or(std::slice::from_ref(claim), Vec::as_slice);
    let is_allowed = |item: &Value| item.as_str().is_some_and(|item| allowed.iter().any(|one| one == item));
    if items.iter().any(is_allowed) { Ok(()) } else { Err(other.to_owned()) }
}

/// Encrypts claims as NextAuth 4 does.
#[cfg(test)]
pub(super) fn encrypt(claims: &Value, secret: &[u8]) -> String {
    let protected = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A256GCM"}"#);
    let (key, iv) = (derive::<32>(secret, "", NEXTAUTH_INFO), [7; 12]);
    let text = claims.to_string();
    let payload = Payload { msg: text.as_bytes(), aad: protected.as_bytes() };
    let sealed = Aes256Gcm::new_from_slice(&key).unwrap().encrypt(&Nonce::from(iv), payload).unwrap();
    let (text, tag) = sealed.split_at(sealed.len() - 16);
    let [iv, text, tag] = [&iv[..], text, tag].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    format!("{protected}..{iv}.{text}.{tag}")
}
