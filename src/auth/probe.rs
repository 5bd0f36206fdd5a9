//! Asks the program that signs users in without any credentials, so that `chatoxide check` can say whether it answers.

use serde_json::Map;

use super::{Authenticator, Claims, Remote};

/// The answer of the program that `AUTH_URL` or `JWT_JWKS_URL` names, as a clause.
pub enum Probed {
    /// As expected.
    Good(String),
    /// It answers, and not as expected.
    Odd(String),
    /// It cannot be reached, or nobody can sign in by it.
    Unusable { text: String, consequence: &'static str },
}

impl Authenticator {
    /// Asks the program. None: the settings have the key, so nothing is asked.
    pub async fn probe(&self) -> Option<Probed> {
        Some(match self.remote.as_ref()? {
            Remote::KeySet(key_set) => match key_set.read().await {
                Ok(keys) if keys.is_empty() => Probed::Unusable {
                    text: "the set of JWT_JWKS_URL has no key that signs tokens".to_owned(),
                    consequence: "nobody can sign in",
                },
                Ok(keys) => {
                    Probed::Good(format!("the set of JWT_JWKS_URL has {} keys that sign tokens", keys.len()))
                }
                Err(text) => Probed::Unusable { text, consequence: "nobody can sign in until it answers" },
            },
            Remote::Endpoint(endpoint) => match endpoint.probe().await {
                Ok((status, user)) => self.judge(status, user),
                Err(text) => Probed::Unusable { text, consequence: "nobody can sign in until it answers" },
            },
        })
    }

    fn judge(&self, status: u16, user: Option<Map<String, serde_json::Value>>) -> Probed {
        let names_user = |user| Claims::read(&user, &self.settings, &self.limits).is_ok();
        match status {
            200 if user.is_some_and(names_user) => Probed::Odd(
                "AUTH_URL names a user for a client without any credentials: everybody can sign in as that user".to_owned(),
            ),
            200 | 401 | 403 => Probed::Good(format!("AUTH_URL answered {status} to a client without credentials")),
            300..=399 => Probed::Unusable {
                text: format!("AUTH_URL answered {status}, and redirects are not followed"),
                consequence: "nobody can sign in",
            },
            _ => Probed::Odd(format!(
                "AUTH_URL answered {status} to a client without credentials, where 401 is expected: such a client is taken for \
                 one that is to try again"
            )),
        }
    }
}
