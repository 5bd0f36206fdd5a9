//! `JWT_SECRET`, `JWT_PUBLIC_KEY` and `DEMO`: the keys that verify tokens, and the rules that keep demo mode from being
//! enabled by mistake.

use std::path::{Path, PathBuf};

use super::non_empty;

/// The source of the keys that verify tokens.
#[derive(Clone)]
pub enum SigningKeys {
    /// `JWT_SECRET`, exactly as written: HS256, HS384, HS512.
    Secret(String),
    /// `JWT_PUBLIC_KEY`, PEM: RS*, PS*, ES256, ES384 or EdDSA, depending on the key.
    Public(String),
    /// Demo mode: a random secret that is kept in this file.
    DemoFile(PathBuf),
    /// No key is set, and demo mode would expose a database that somebody configured: nobody can sign in. Migrating
    /// needs no key.
    Missing,
}

/// The shortest secret, in bytes: a shorter one can be guessed from a single token (RFC 7518, 3.2).
const SHORTEST_SECRET: usize = 32;

impl SigningKeys {
    /// Chooses the keys. The error is one sentence that names the setting.
    pub(super) fn choose(
        secret: Option<String>,
        public: Option<String>,
        demo: Option<bool>,
        names_database: bool,
        data_dir: &Path,
    ) -> Result<Self, String> {
        // Node uses the variable as it is: white space in a secret is part of it.
        let secret = secret.filter(|secret| !secret.trim().is_empty());
        let public = non_empty(public);
        if demo == Some(true) && (secret.is_some() || public.is_some()) {
            let key = if secret.is_some() { "JWT_SECRET" } else { "JWT_PUBLIC_KEY" };
            return Err(format!("DEMO is true, but {key} says who may sign in: set one of the two"));
        }
        match (secret, public) {
            (Some(_), Some(_)) => Err("set JWT_SECRET or JWT_PUBLIC_KEY, not both".to_owned()),
            (Some(secret), None) if secret.contains("-----BEGIN") => {
                Err("JWT_SECRET holds a key in PEM: set JWT_PUBLIC_KEY to the public key instead".to_owned())
            }
            (Some(secret), None) => Ok(Self::Secret(secret)),
            (None, Some(pem)) => Ok(Self::Public(pem.replace("\\n", "\n"))),
            (None, None) if demo.unwrap_or(!names_database) => {
                Ok(Self::DemoFile(data_dir.join("demo-secret")))
            }
            (None, None) => Ok(Self::Missing),
        }
    }

    /// Warnings about likely mistakes that are no reason to stop, one sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let Self::Secret(secret) = self else { return Vec::new() };
        let mut warnings = Vec::new();
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
        SigningKeys::choose(text(secret), text(public), demo, names_database, Path::new("data"))
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
