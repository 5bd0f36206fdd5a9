//! The reasons of refused tokens in words, for the log. A client never hears them, and they quote nothing of a token
//! whose signature is not good.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::errors::{Error, ErrorKind};
use serde_json::{Map, Value};

use crate::{
    clock,
    config::{Encryption, SignIn},
};

/// The most characters of a token's own words in a line.
const MAX_SHOWN: usize = 32;

pub(super) const NO_AUDIENCE: &str = "it has no audience (claim aud), which JWT_AUDIENCE asks for";
pub(super) const OTHER_AUDIENCE: &str = "its audience (claim aud) is none of JWT_AUDIENCE";
pub(super) const NO_ISSUER: &str = "it has no issuer (claim iss), which JWT_ISSUER asks for";
pub(super) const OTHER_ISSUER: &str = "its issuer (claim iss) is none of JWT_ISSUER";

/// The parts of a token that is signed, and of one that is encrypted.
const SIGNED_PARTS: usize = 3;
const ENCRYPTED_PARTS: usize = 5;

/// The reason for which the library refused a token.
pub(super) fn explain(error: &Error, token: &str, settings: &SignIn) -> String {
    let text = match error.kind() {
        ErrorKind::InvalidSignature => "signed with another key",
        // The signature is good: the claims are the signer's.
        ErrorKind::ExpiredSignature => {
            return claim(token, "exp").map_or("expired".to_owned(), |exp| expired(exp, settings));
        }
        ErrorKind::ImmatureSignature => {
            return claim(token, "nbf").map_or("not valid yet".to_owned(), immature);
        }
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName | ErrorKind::MissingAlgorithm => {
            return algorithm(token);
        }
        ErrorKind::InvalidAudience => OTHER_AUDIENCE,
        ErrorKind::InvalidIssuer => OTHER_ISSUER,
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => NO_AUDIENCE,
        ErrorKind::MissingRequiredClaim(claim) if claim == "iss" => NO_ISSUER,
        ErrorKind::InvalidClaimFormat(claim) => {
            return format!("its claim {} is not as it must be", printable(claim));
        }
        ErrorKind::Json(_) if has_signed_shape(token) => "its header or its claims are not as they must be",
        _ => return shape(token, settings).to_owned(),
    };
    text.to_owned()
}

/// The reason for which a text is no signed token: what it looks like instead.
pub(super) fn shape(token: &str, settings: &SignIn) -> &'static str {
    let is_encrypted = token.split('.').count() == ENCRYPTED_PARTS;
    match token {
        "" => "there is no token",
        _ if token.starts_with(['"', '\'']) => "not a token: it begins with a quotation mark, as of JSON",
        _ if strip_scheme(token) != token => "not a token: it begins with Bearer more than once",
        _ if is_encrypted && settings.encryption == Encryption::None => {
            "it is encrypted (JWE), as sessions of NextAuth are: see JWT_ENCRYPTION and AUTH_URL"
        }
        "undefined" | "null" | "[object Object]" | "[object Promise]" => {
            "not a token, but what JavaScript makes of a missing one"
        }
        _ => "not a token",
    }
}

fn has_signed_shape(token: &str) -> bool {
    token.split('.').count() == SIGNED_PARTS
}

/// Takes off the scheme `Bearer `, in any case.
pub(super) fn strip_scheme(token: &str) -> &str {
    match token.trim_start().split_at_checked(6) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") && rest.starts_with([' ', '\t']) => {
            rest.trim()
        }
        _ => token,
    }
}

/// The reason for which a token that expired at this time is refused.
pub(super) fn expired(exp: i64, settings: &SignIn) -> String {
    let leeway = settings.leeway.as_secs();
    let allowed = if leeway == 0 { String::new() } else { format!(", and JWT_LEEWAY allows {leeway} s") };
    format!("expired {} ago{allowed}", seconds(now().saturating_sub(exp)))
}

/// The reason for which a token that is valid from this time on is refused.
pub(super) fn immature(nbf: i64) -> String {
    format!("not valid yet, but in {} (claim nbf)", seconds(nbf.saturating_sub(now())))
}

/// The algorithm is the token's own word, so it is shown only if it is one that exists.
fn algorithm(token: &str) -> String {
    const KNOWN: [&str; 14] = [
        "none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
        "ES384", "ES512", "EdDSA",
    ];
    let named = part(token, 0).and_then(|header| header.get("alg")?.as_str().map(str::to_owned));
    match KNOWN.into_iter().find(|known| named.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(known)))
    {
        Some(known) => format!("of the algorithm {known}, which the configured key is not for"),
        None => "of an algorithm that is not taken".to_owned(),
    }
}

fn seconds(seconds: i64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The time in seconds.
pub(super) fn now() -> i64 {
    clock::now().millis() / 1_000
}

/// A claim that is a time, in whole seconds.
fn claim(token: &str, name: &str) -> Option<i64> {
    let value = part(token, 1)?;
    let value = value.get(name)?;
    #[expect(clippy::cast_possible_truncation, reason = "a cast of floating point saturates")]
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
}

fn part(token: &str, index: usize) -> Option<Map<String, Value>> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(index)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The text on one line, cut.
pub(super) fn printable(text: &str) -> String {
    text.chars().take(MAX_SHOWN).map(|char| if char.is_control() { ' ' } else { char }).collect()
}
