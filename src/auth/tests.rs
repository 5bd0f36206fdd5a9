//! Tests of tokens: those that Node takes and refuses, and the reasons in the log.

use std::time::Duration;

use clap::Parser;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::*;
use crate::{
    clock,
    config::{Settings, SigningKeys},
};

const HOUR: Duration = Duration::from_secs(3600);
const SECRET: &str = "a secret that signs the tokens of these tests";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    settings: Settings,
}

pub(super) fn config(more: &[&str]) -> Config {
    let line = ["chatoxide", "--database-url", "sqlite://x"];
    let line = Line::try_parse_from(line.iter().chain(more)).unwrap();
    Config::from_settings(line.settings).unwrap()
}

fn authenticator(more: &[&str]) -> Authenticator {
    let config = config(&[&["--jwt-secret", SECRET], more].concat());
    Authenticator::new(Keys::load(&config.keys).unwrap(), &config).unwrap()
}

fn verify(authenticator: &Authenticator, token: &str) -> Result<Claims, String> {
    let auth = Map::from_iter([("token".to_owned(), token.into())]);
    let handshake = Handshake::default();
    let signed_in = authenticator.sign_in(auth, &handshake);
    match futures_util::FutureExt::now_or_never(signed_in).unwrap() {
        Ok(claims) => Ok(claims),
        Err(Refused::Denied(why)) => Err(why),
        Err(Refused::Unavailable(why)) => panic!("{why}"),
    }
}

fn token(algorithm: Algorithm, claims: &Value) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes()).unwrap();
    encode(&Header::new(algorithm), claims, &key).unwrap()
}

fn now() -> i64 {
    clock::now().millis() / 1000
}

#[test]
fn signed_tokens_are_accepted_under_all_three_algorithms() {
    let authenticator = authenticator(&[]);
    for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
        let token =
            token(algorithm, &json!({"sub": "alice", "name": "Alice", "picture": "a.png", "aud": "x"}));
        let claims = verify(&authenticator, &token).unwrap();
        assert_eq!(claims.sub.as_str(), "alice");
        assert_eq!(claims.name.as_deref(), Some("Alice"));
        assert_eq!(claims.avatar.as_deref(), Some("a.png"));
    }
    let token = authenticator.keys().sign("bob", Some("Bob"), clock::now(), HOUR).unwrap();
    assert_eq!(verify(&authenticator, &token).unwrap().sub.as_str(), "bob");
}

#[test]
fn a_token_that_node_refuses_is_refused() {
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhbGljZSJ9.";
    let other = Keys::load(&SigningKeys::Secret("another secret".to_owned())).unwrap();
    let other = other.sign("alice", None, clock::now(), HOUR).unwrap();
    for bad in [
        String::new(),
        "nonsense".to_owned(),
        none.to_owned(),
        other,
        token(Algorithm::HS256, &json!({"name": "nobody"})),
        token(Algorithm::HS256, &json!({"sub": ""})),
        token(Algorithm::HS256, &json!({"sub": "a\u{0}b"})),
        token(Algorithm::HS256, &json!({"sub": "x".repeat(513)})),
        token(Algorithm::HS256, &json!({"sub": "alice", "exp": now() - 1})),
        token(Algorithm::HS256, &json!({"sub": "alice", "exp": now()})),
        token(Algorithm::HS256, &json!({"sub": "alice", "exp": "soon"})),
        token(Algorithm::HS256, &json!({"sub": "alice", "nbf": now() + 60})),
        token(Algorithm::HS256, &json!("alice")),
    ] {
        assert!(verify(&authenticator(&[]), &bad).is_err(), "{bad}");
    }
}

#[test]
fn the_first_claim_that_is_there_is_the_user_and_a_number_becomes_text() {
    for (claims, id) in [
        (json!({"sub": "a", "id": "b", "userId": "c"}), Some("a")),
        (json!({"id": "b", "userId": "c"}), Some("b")),
        (json!({"userId": 7}), Some("7")),
        (json!({"userId": 7.0}), Some("7")),
        (json!({"id": 9_007_199_254_740_991_i64}), Some("9007199254740991")),
        (json!({"_id": "665f1c"}), Some("665f1c")),
        (json!({"user": {"id": "d"}}), Some("d")),
        (json!({"sub": null, "id": "b"}), Some("b")),
        // A claim that is there and is no id is not passed over.
        (json!({"sub": "", "id": "b"}), None),
        (json!({"sub": {"contains": ""}, "id": "b"}), None),
        (json!({"sub": true, "id": "b"}), None),
        (json!({"id": 1.5}), None),
        (json!({"id": 9_007_199_254_740_993_i64}), None),
        (json!({"uuid": "x"}), None),
    ] {
        let found = verify(&authenticator(&[]), &token(Algorithm::HS256, &claims));
        assert_eq!(found.ok().map(|claims| claims.sub.to_string()).as_deref(), id, "{claims}");
    }
    let custom =
        authenticator(&["--jwt-user-claim", "https://app.example/uid,/data/id", "--jwt-name-claim", "nick"]);
    for (claims, id) in [
        (json!({"https://app.example/uid": "u", "sub": "a"}), "u"),
        (json!({"data": {"id": 3}, "nick": "Nick", "name": "x"}), "3"),
    ] {
        let found = verify(&custom, &token(Algorithm::HS256, &claims)).unwrap();
        assert_eq!(found.sub.as_str(), id);
        assert_eq!(found.name.as_deref(), claims["nick"].as_str());
    }
}

#[test]
fn an_email_address_is_verified_only_by_a_claim_beside_it_and_by_none_that_denies_it() {
    use Verification::{Unstated, Unverified, Verified};
    let nested = |email: Value| json!({"sub": "a", "user": email});
    for (claims, verification) in [
        (json!({"sub": "a", "email": "a@x"}), Unstated),
        (json!({"sub": "a", "email": "a@x", "email_verified": true}), Verified),
        (json!({"sub": "a", "email": "a@x", "email_verified": "true"}), Verified),
        (json!({"sub": "a", "email": "a@x", "emailVerified": true}), Verified),
        (json!({"sub": "a", "email": "a@x", "email_verified": false}), Unverified),
        (json!({"sub": "a", "email": "a@x", "email_verified": "false"}), Unverified),
        (json!({"sub": "a", "email": "a@x", "email_verified": null}), Unverified),
        (json!({"sub": "a", "email": "a@x", "email_verified": 1}), Unverified),
        (json!({"sub": "a", "email": "a@x", "emailVerified": false}), Unverified),
        (json!({"sub": "a", "email": "a@x", "email_verified": true, "emailVerified": false}), Unverified),
        (nested(json!({"email": "a@x"})), Unstated),
        (nested(json!({"email": "a@x", "email_verified": true})), Verified),
        (nested(json!({"email": "a@x", "email_verified": false})), Unverified),
        (nested(json!({"email": "a@x", "emailVerified": false})), Unverified),
        (json!({"sub": "a", "email_verified": true, "user": {"email": "a@x"}}), Unstated),
        (json!({"sub": "a", "email_verified": false, "user": {"email": "a@x"}}), Unverified),
        (
            json!({"sub": "a", "email_verified": false, "user": {"email": "a@x", "email_verified": true}}),
            Unverified,
        ),
    ] {
        let found = verify(&authenticator(&[]), &token(Algorithm::HS256, &claims)).unwrap();
        assert_eq!(
            (found.email.as_deref(), found.email_verification),
            (Some("a@x"), verification),
            "{claims}"
        );
    }
    let pointer = authenticator(&["--jwt-email-claim", "/user/email"]);
    let claims = nested(json!({"email": "a@x", "email_verified": false}));
    let found = verify(&pointer, &token(Algorithm::HS256, &claims)).unwrap();
    assert_eq!(found.email_verification, Unverified);
}

#[test]
fn leeway_audience_and_issuer_are_checked_as_the_settings_say() {
    let late = token(Algorithm::HS256, &json!({"sub": "a", "exp": now() - 8}));
    let early = token(Algorithm::HS256, &json!({"sub": "a", "nbf": now() + 8}));
    let lenient = authenticator(&["--jwt-leeway", "30"]);
    for token in [&late, &early] {
        assert!(verify(&authenticator(&[]), token).is_err());
        assert!(verify(&lenient, token).is_ok());
    }
    let very_late = token(Algorithm::HS256, &json!({"sub": "a", "exp": now() - 31}));
    assert!(verify(&lenient, &very_late).is_err());

    let rules = ["--jwt-audience", "chat, other", "--jwt-issuer", "https://id.example"];
    let strict = authenticator(&rules);
    let strict_and_encrypted = authenticator(&[&rules[..], &["--jwt-encryption", "nextauth"]].concat());
    for (claims, is_good) in [
        (json!({"sub": "a", "aud": "chat", "iss": "https://id.example"}), true),
        (json!({"sub": "a", "aud": ["x", "other"], "iss": "https://id.example"}), true),
        (json!({"sub": "a", "aud": "x", "iss": "https://id.example"}), false),
        (json!({"sub": "a", "aud": "chat", "iss": "https://evil.example"}), false),
        (json!({"sub": "a", "iss": "https://id.example"}), false),
        (json!({"sub": "a", "aud": "chat"}), false),
    ] {
        let verified = verify(&strict, &token(Algorithm::HS256, &claims));
        assert_eq!(verified.is_ok(), is_good, "{claims}: {verified:?}");
        let decrypted = verify(&strict_and_encrypted, &encrypted::encrypt(&claims, SECRET.as_bytes()));
        assert_eq!(decrypted.is_ok(), is_good, "encrypted {claims}: {decrypted:?}");
        assert_eq!(decrypted.err(), verified.err());
    }
}

#[test]
fn a_refused_token_is_explained_in_words_that_quote_no_unsigned_claim() {
    let signed = |claims: Value| token(Algorithm::HS256, &claims);
    let good = signed(json!({"sub": "alice", "secret-claim": "x"}));
    let payload = good.split('.').nth(1).unwrap();
    for (token, why) in [
        (String::new(), "there is no token in auth.token, auth.accessToken, header"),
        ("Bearer Bearer x".to_owned(), "not a token: it begins with Bearer more than once"),
        (format!("\"{good}\""), "not a token: it begins with a quotation mark, as of JSON"),
        ("undefined".to_owned(), "not a token, but what JavaScript makes of a missing one"),
        ("a.b".to_owned(), "not a token"),
        (
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..a.b.c".to_owned(),
            "it is encrypted (JWE), as sessions of NextAuth are: see JWT_ENCRYPTION and AUTH_URL",
        ),
        (format!("{good}x"), "signed with another key"),
        (
            format!("eyJhbGciOiJSUzI1NiJ9.{payload}.x"),
            "of the algorithm RS256, which the configured key is not for",
        ),
        (signed(json!({"sub": "a", "exp": now() - 3_700})), "expired 61 min ago"),
        (
            signed(json!({"uuid": "7", "role": "x"})),
            "it has no claim sub or id or userId or _id or user.id, but has uuid, role: see JWT_USER_CLAIM",
        ),
        (
            signed(json!({})),
            "it has no claim sub or id or userId or _id or user.id, but has none at all: see JWT_USER_CLAIM",
        ),
        (signed(json!({"id": [1]})), "its claim id is neither text nor a number"),
        (signed(json!({"id": 0.5})), "its claim id is a number that JavaScript does not hold exactly"),
        (signed(json!({"sub": "a", "exp": "soon"})), "its claim exp is not as it must be"),
    ] {
        assert_eq!(verify(&authenticator(&[]), &token).unwrap_err(), why, "{token}");
    }
    let five = verify(&authenticator(&[]), &signed(json!({"sub": "a", "exp": now() - 5}))).unwrap_err();
    assert!(["expired 5 s ago", "expired 6 s ago"].contains(&five.as_str()), "{five}");
}

#[test]
fn bearer_is_taken_off_in_any_case() {
    let good = token(Algorithm::HS256, &json!({"sub": "alice"}));
    for scheme in ["Bearer ", "bearer ", "BEARER  ", " Bearer "] {
        assert_eq!(verify(&authenticator(&[]), &format!("{scheme}{good}")).unwrap().sub.as_str(), "alice");
    }
    assert!(verify(&authenticator(&[]), &format!("Bearer{good}")).is_err());
}
