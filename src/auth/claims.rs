//! The user of a token, read from its claims.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::refusal::printable;
use crate::{
    chat::{id::UserId, limits::Limits},
    config::{ClaimPath, SignIn},
    protocol::TokenUserView,
};

/// The largest whole number that JavaScript holds exactly: above it, Node would see another id than was signed.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;
/// The most claims that a line in the log names. Each name is cut, too.
const MAX_NAMED: usize = 8;

/// The claims of a token about its user.
#[derive(Clone, Debug)]
pub struct Claims {
    pub sub: UserId,
    pub name: Option<Arc<str>>,
    pub email: Option<String>,
    pub email_verification: Verification,
    /// The URL of a picture.
    pub avatar: Option<String>,
}

/// The statement of the signer about the e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    Verified,
    Unverified,
    /// The signer says nothing.
    Unstated,
}

/// The claims that say whether the address is verified: of OpenID Connect, and of Better Auth.
const VERIFICATION_CLAIMS: [&str; 2] = ["email_verified", "emailVerified"];

impl Claims {
    /// Reads the claims. The error says why there is no user, for the log.
    pub(super) fn read(
        claims: &Map<String, Value>,
        settings: &SignIn,
        limits: &Limits,
    ) -> Result<Self, String> {
        let sub = user_id(claims, settings, limits)?;
        let email = settings.email_claim.iter().filter_map(|name| name.find_with_parent(claims));
        let mut email = email.filter_map(|(value, parent)| Some((text(value)?, parent)));
        let email = email.next().filter(|(email, _)| !email.is_empty());
        let text = |names: &[ClaimPath]| names.iter().filter_map(|name| name.find(claims)).find_map(text);
        Ok(Self {
            sub,
            name: text(&settings.name_claim).map(Into::into),
            email: email.map(|(email, _)| email.to_owned()),
            email_verification: Verification::read(claims, email.and_then(|(_, parent)| parent)),
            avatar: text(&settings.avatar_claim).map(str::to_owned),
        })
    }

    pub fn token_user(&self) -> TokenUserView {
        TokenUserView { id: self.sub.clone(), name: self.name.clone() }
    }
}

impl Verification {
    /// `parent` is the object that has the address. Only a claim in it vouches for the address, because one elsewhere may be
    /// about another address. Any statement in it or among the outermost claims that is not `true` denies it.
    fn read(claims: &Map<String, Value>, parent: Option<&Map<String, Value>>) -> Self {
        let stated = |object: &Map<String, Value>| {
            let values = VERIFICATION_CLAIMS.iter().filter_map(|name| object.get(*name));
            let is_true = |value: &Value| *value == Value::Bool(true) || value == "true";
            values.map(is_true).reduce(|one, other| one && other)
        };
        match (parent.and_then(stated), stated(claims)) {
            (Some(false), _) | (_, Some(false)) => Self::Unverified,
            (Some(true), _) => Self::Verified,
            (None, _) => Self::Unstated,
        }
    }
}

/// A claim that is not text, or that no database could store, counts as absent.
fn text(claim: &Value) -> Option<&str> {
    claim.as_str().filter(|text| !text.contains('\0'))
}

fn user_id(claims: &Map<String, Value>, settings: &SignIn, limits: &Limits) -> Result<UserId, String> {
    let there = |name: &ClaimPath| name.find(claims).map(|value| (name.as_str().to_owned(), value));
    let Some((name, value)) = settings.user_claim.iter().find_map(there) else {
        return Err(lacks_user(claims, settings));
    };
    let id = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(whole) if whole.fract() == 0.0 && whole.abs() <= MAX_SAFE_INTEGER => format!("{whole:.0}"),
            _ => return Err(format!("its claim {name} is a number that JavaScript does not hold exactly")),
        },
        _ => return Err(format!("its claim {name} is neither text nor a number")),
    };
    limits.ensure_id(&format!("its claim {name}"), &id).map_err(|error| error.to_string())?;
    Ok(id.into())
}

/// Names the claims that were looked for and those that are there, but no value.
fn lacks_user(claims: &Map<String, Value>, settings: &SignIn) -> String {
    let wanted: Vec<&str> = settings.user_claim.iter().map(ClaimPath::as_str).collect();
    let there: Vec<String> = claims.keys().take(MAX_NAMED).map(|name| printable(name)).collect();
    let there = if there.is_empty() { "none at all".to_owned() } else { there.join(", ") };
    format!("it has no claim {}, but has {there}: see JWT_USER_CLAIM", wanted.join(" or "))
}
