//! `JWT_SECRET`, `JWT_PUBLIC_KEY`, `JWT_JWKS_URL`, `AUTH_URL` and `DEMO`: who decides that a token is good, and the rules
//! that keep demo mode from being enabled by mistake.

use std::path::{Path, PathBuf};

use super::{HttpUrl, non_empty};

/// The source of the keys that verify tokens.
#[derive(Clone)]
pub enum SigningKeys {
    /// `JWT_SECRET`, exactly as written: HS256, HS384, HS512.
    Secret(String),
    /// `JWT_PUBLIC_KEY`, PEM: RS*, PS*, ES256, ES384 or EdDSA, depending on the key.
    Public(String),
    /// `JWT_JWKS_URL`: the key set of the program that signs the tokens.
    KeySet(HttpUrl),
    /// `AUTH_URL`: the endpoint that is asked about each sign-in.
    Endpoint(HttpUrl),
    /// Demo mode: a random secret that is kept in this file.
    DemoFile(PathBuf),
    /// No key is set, and demo mode would expose a database that somebody configured: nobody can sign in. Migrating
    /// needs no key.
    Missing,
}

/// The shortest secret, in bytes: a shorter one can be guessed from a single token (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

/// The settings that say who may sign in, as they are written.
#[derive(Default)]
pub(super) struct KeySources {
    pub(super) secret: Option<String>,
    pub(super) public: Option<String>,
    pub(super) key_set: Option<String>,
    pub(super) endpoint: Option<String>,
    pub(super) demo: Option<bool>,
}

impl SigningKeys {
    /// Chooses the keys. The error is one sentence that names the setting.
    pub(super) fn choose(sources: KeySources, names_database: bool, data_dir: &Path) -> Result<Self, String> {
        let KeySources { secret, public, key_set, endpoint, demo } = sources;
        // Node uses the variable as it is: white space in a secret is part of it.
        let secret = secret.filter(|secret| !secret.trim().is_empty());
        let named = [
            ("JWT_SECRET", secret),
            ("JWT_PUBLIC_KEY", non_empty(public)),
            ("JWT_JWKS_URL", non_empty(key_set)),
            ("AUTH_URL", non_empty(endpoint)),
        ];
        let mut set = named.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let Some((name, value)) = set.next() else {
            return Ok(if demo.unwrap_or(!names_database) {
                Self::DemoFile(data_dir.join("demo-secret"))
            } else {
                Self::Missing
            });
        };
        if demo == Some(true) {
            return Err(format!("DEMO is true, but {name} says who may sign in: set one of the two"));
        }
        if let Some((other, _)) = set.next() {
            return Err(format!("set {name} or {other}, not both"));
        }
        match name {
            "JWT_SECRET" if value.contains("-----BEGIN") => {
                Err("JWT_SECRET holds a key in PEM: set JWT_PUBLIC_KEY to the public key instead".to_owned())
            }
            "JWT_SECRET" => Ok(Self::Secret(value)),
            "JWT_PUBLIC_KEY" => Ok(Self::Public(value.replace("\\n", "\n"))),
            "JWT_JWKS_URL" => HttpUrl::parse(name, &value).map(Self::KeySet),
            _ => HttpUrl::parse(name, &value).map(Self::Endpoint),
        }
    }

    /// The setting that the keys come from.
    fn setting(&self) -> &'static str {
        match self {
            SigningKeys::Secret(_) | SigningKeys::Missing => "JWT_SECRET",
            SigningKeys::Public(_) => "JWT_PUBLIC_KEY",
            SigningKeys::KeySet(_) => "JWT_JWKS_URL",
            SigningKeys::Endpoint(_) => "AUTH_URL",
            SigningKeys::DemoFile(_) => "DEMO",
        }
    }

    /// Warnings about likely mistakes that are no reason to stop, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let (Self::KeySet(url), name) | (Self::Endpoint(url), name) = (self, self.setting())
            && url.is_readable_by_others()
        {
            warnings.push(format!(
                "{name} is {url}, which is not encrypted: use it only on a network that nobody else reaches"
            ));
        }
        let Self::Secret(secret) = self else { return warnings };
        if secret.len() < SHORTEST_SECRET {
            warnings.push(format!(
                "JWT_SECRET has {} bytes: with less than {SHORTEST_SECRET} it can be guessed from a token",
                secret.len()
            ));
        }
        if secret.trim() != secret {
            warnings.push(
                "JWT_SECRET begins or ends with white space, which is part of it as in Node: was it meant?"
                    .to_owned(),
            );
        }
        warnings
    }
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SigningKeys::Secret(_) => "Secret(..)",
            SigningKeys::Public(_) => "Public(..)",
            SigningKeys::KeySet(_) => "KeySet(..)",
            SigningKeys::Endpoint(_) => "Endpoint(..)",
            SigningKeys::DemoFile(_) => "DemoFile(..)",
            SigningKeys::Missing => "Missing",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(
        secret: &str,
        public: &str,
        demo: Option<bool>,
        names_database: bool,
    ) -> Result<SigningKeys, String> {
        let text = |text: &str| Some(text.to_owned());
        let sources =
            KeySources { secret: text(secret), public: text(public), demo, ..KeySources::default() };
        SigningKeys::choose(sources, names_database, Path::new("data"))
    }

    #[test]
    fn demo_mode_needs_the_embedded_database_or_the_setting() {
        for (demo, names_database, is_demo) in [
            (None, false, true),
            (None, true, false),
            (Some(true), true, true),
            (Some(true), false, true),
            (Some(false), false, false),
            (Some(false), true, false),
        ] {
            for blank in ["", "  ", "\n"] {
                let keys = choose(blank, blank, demo, names_database).unwrap();
                assert_eq!(matches!(keys, SigningKeys::DemoFile(_)), is_demo, "{demo:?} {names_database}");
                assert_eq!(matches!(keys, SigningKeys::Missing), !is_demo, "{demo:?} {names_database}");
            }
        }
        for (secret, public, named) in [("a secret", "", "JWT_SECRET"), ("", "a key", "JWT_PUBLIC_KEY")] {
            let why = choose(secret, public, Some(true), false).unwrap_err();
            assert!(why.contains("DEMO") && why.contains(named), "{why}");
        }
    }

    #[test]
    fn one_setting_says_who_may_sign_in_and_two_are_refused() {
        let text = |text: &str| Some(text.to_owned());
        let url = text("https://app.example/x");
        let choose = |sources| SigningKeys::choose(sources, true, Path::new("data"));
        let endpoint = KeySources { endpoint: url.clone(), ..KeySources::default() };
        assert!(matches!(choose(endpoint), Ok(SigningKeys::Endpoint(_))));
        let key_set = KeySources { key_set: url.clone(), ..KeySources::default() };
        assert!(matches!(choose(key_set), Ok(SigningKeys::KeySet(_))));
        for (sources, names) in [
            (
                KeySources { secret: text("s"), endpoint: url.clone(), ..KeySources::default() },
                ["JWT_SECRET", "AUTH_URL"],
            ),
            (
                KeySources { key_set: url.clone(), endpoint: url.clone(), ..KeySources::default() },
                ["JWT_JWKS_URL", "AUTH_URL"],
            ),
            (
                KeySources { demo: Some(true), endpoint: url.clone(), ..KeySources::default() },
                ["DEMO", "AUTH_URL"],
            ),
        ] {
            let why = choose(sources).unwrap_err();
            assert!(names.iter().all(|name| why.contains(name)), "{why}");
        }
    }

    #[test]
    fn a_secret_is_taken_to_the_last_byte_and_warned_of_where_it_looks_wrong() {
        let long = "x".repeat(SHORTEST_SECRET);
        for (secret, warnings) in [
            (long.clone(), 0),
            (format!("{long}\n"), 1),
            (format!(" {long}"), 1),
            ("x".repeat(SHORTEST_SECRET - 1), 1),
            ("short\n".to_owned(), 2),
        ] {
            let keys = choose(&secret, "", None, true).unwrap();
            assert!(matches!(&keys, SigningKeys::Secret(taken) if *taken == secret), "{secret:?}");
            assert_eq!(keys.warnings().len(), warnings, "{secret:?}");
            assert!(
                keys.warnings()
                    .iter()
                    .all(|line| line.contains("JWT_SECRET") && !line.contains(secret.trim()))
            );
        }
    }

    #[test]
    fn a_key_in_pem_is_no_secret() {
        for pem in [
            "-----BEGIN PUBLIC KEY-----\nx",
            "\n-----BEGIN PRIVATE KEY-----",
            "'-----BEGIN RSA PUBLIC KEY-----",
        ] {
            let why = choose(pem, "", None, true).unwrap_err();
            assert!(why.contains("JWT_SECRET") && why.contains("JWT_PUBLIC_KEY"), "{why}");
        }
    }

    #[test]
    fn a_backslash_and_an_n_in_a_public_key_are_the_end_of_a_line() {
        let one_line = "-----BEGIN PUBLIC KEY-----\\nMFkw\\nEwYH\\n-----END PUBLIC KEY-----\\n";
        let lines = "-----BEGIN PUBLIC KEY-----\nMFkw\nEwYH\n-----END PUBLIC KEY-----\n";
        for written in [one_line, lines] {
            let Ok(SigningKeys::Public(pem)) = choose("", written, None, true) else { panic!("{written}") };
            assert_eq!(pem.trim_end(), lines.trim_end());
        }
        // A secret is not PEM, so there these are two characters.
        let Ok(SigningKeys::Secret(secret)) = choose("a\\nb", "", None, true) else { panic!("no secret") };
        assert_eq!(secret, "a\\nb");
    }
}
