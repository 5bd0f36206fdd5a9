//! The settings of signing in: where a token is taken from, what its claims are called, and what `AUTH_PRESET` sets.

use std::time::Duration;

use super::{
    ClaimPath, CorsOrigin, Part, TokenSource, non_empty, presets, settings::SignInSettings,
    wrong::WrongSettings,
};

pub use super::{same_email::SameEmail, settings::Encryption};

pub(super) const USER_CLAIM: &str = "sub,id,userId,_id,user.id";
pub(super) const NAME_CLAIM: &str = "name,username,displayName,user.name";
pub(super) const EMAIL_CLAIM: &str = "email,user.email";
pub(super) const AVATAR_CLAIM: &str = "picture,avatar";
pub(super) const TOKEN_FROM: &str = "auth.token,auth.accessToken,header";

/// The checked settings of signing in.
#[derive(Clone, Debug)]
pub struct SignIn {
    pub user_claim: Vec<ClaimPath>,
    pub name_claim: Vec<ClaimPath>,
    pub email_claim: Vec<ClaimPath>,
    pub avatar_claim: Vec<ClaimPath>,
    /// The audiences of which a token must have one; empty: not checked.
    pub audience: Vec<String>,
    /// The issuers of which a token must have one; empty: not checked.
    pub issuer: Vec<String>,
    /// The difference between the clocks of the signer and of this server that is allowed for.
    pub leeway: Duration,
    pub sources: Vec<TokenSource>,
    /// Tokens are encrypted with a key that is derived from the secret.
    pub encryption: Encryption,
    /// The deadline for one answer of `AUTH_URL` or `JWT_JWKS_URL`.
    pub timeout: Duration,
    /// How long an answer of `AUTH_URL` is used again for the same credentials.
    pub cache: Duration,
    pub same_email: SameEmail,
}

impl SignIn {
    /// Checks the settings, and sets those that the preset sets and that are not set themselves.
    pub(super) fn from_settings(
        settings: &mut SignInSettings,
        cors: &CorsOrigin,
        wrong: &mut WrongSettings,
    ) -> Self {
        wrong.or(Part::SignIn, presets::apply(settings), ());
        let list = |value: &Option<String>| {
            let value = non_empty(value.clone()).unwrap_or_default();
            value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
        };
        let token_from = non_empty(settings.token_from.clone());
        let encryption = settings.jwt_encryption.unwrap_or(Encryption::None);
        if encryption != Encryption::None
            && settings.jwt_secret.as_ref().is_none_or(|secret| secret.trim().is_empty())
        {
            let text = "JWT_ENCRYPTION decrypts tokens with a key made from JWT_SECRET: set that too";
            wrong.add(Part::SignIn, text);
        }
        let mut claims = |setting: &str, value: &Option<String>, default: &str| {
            let value = non_empty(value.clone());
            let parsed = ClaimPath::parse_list(setting, value.as_deref().unwrap_or(default));
            wrong.or(Part::SignIn, parsed, Vec::new())
        };
        let user_claim = claims("JWT_USER_CLAIM", &settings.jwt_user_claim, USER_CLAIM);
        let name_claim = claims("JWT_NAME_CLAIM", &settings.jwt_name_claim, NAME_CLAIM);
        let email_claim = claims("JWT_EMAIL_CLAIM", &settings.jwt_email_claim, EMAIL_CLAIM);
        let avatar_claim = claims("JWT_AVATAR_CLAIM", &settings.jwt_avatar_claim, AVATAR_CLAIM);
        let sources = TokenSource::parse_list(token_from.as_deref().unwrap_or(TOKEN_FROM), cors);
        Self {
            user_claim,
            name_claim,
            email_claim,
            avatar_claim,
            audience: list(&settings.jwt_audience),
            issuer: list(&settings.jwt_issuer),
            leeway: Duration::from_secs(settings.jwt_leeway.unwrap_or(0).into()),
            sources: wrong.or(Part::SignIn, sources, Vec::new()),
            encryption,
            timeout: Duration::from_millis(settings.auth_timeout.into()),
            cache: Duration::from_millis(settings.auth_cache.into()),
            same_email: settings.same_email,
        }
    }
}
