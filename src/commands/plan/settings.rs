//! The settings for a move from Node: those that have to be set, and what they are now. No secret is shown.

use serde::Serialize;

use super::Item;
use crate::config::{Config, CorsOrigin, Part, SigningKeys, WrongSetting};

#[derive(Serialize)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    /// The value, or `set` where that is a secret; none if it is not set.
    pub(super) value: Option<String>,
    /// The reason for which to set it.
    pub(super) text: &'static str,
}

/// The faults of settings that serve without Node, but not in its place.
pub(super) fn faults(config: &Config, wrong: &[WrongSetting]) -> Vec<Item> {
    let is_right = |part| wrong.iter().all(|wrong| wrong.part != part);
    let mut faults = Vec::new();
    let mut add = |text: &str, mend: &str| {
        faults.push(Item { mend: mend.to_owned(), ..Item::new("settings", text.to_owned()) });
    };
    if config.is_embedded_default() && is_right(Part::Database) {
        add(
            "DATABASE_URL is not set: the server would use an empty database of its own",
            "set it as Node has it",
        );
    }
    if matches!(config.keys, SigningKeys::DemoFile(_) | SigningKeys::Missing) && is_right(Part::SignIn) {
        add(
            "nothing says who may sign in: tokens of your users would be refused",
            "set JWT_SECRET to the secret that signs them, or JWT_PUBLIC_KEY, JWT_JWKS_URL or AUTH_URL \
             (docs/sign-in.md)",
        );
    }
    faults
}

pub(super) fn list(config: &Config) -> Vec<Setting> {
    let secret = || Some("set".to_owned());
    let (name, value) = match &config.keys {
        SigningKeys::Secret(_) => ("JWT_SECRET", secret()),
        SigningKeys::Public(_) => ("JWT_PUBLIC_KEY", secret()),
        SigningKeys::KeySet(url) => ("JWT_JWKS_URL", Some(url.to_string())),
        SigningKeys::Endpoint(url) => ("AUTH_URL", Some(url.to_string())),
        SigningKeys::DemoFile(_) | SigningKeys::Missing => ("JWT_SECRET", None),
    };
    let cors = match &config.cors {
        CorsOrigin::Any => "*".to_owned(),
        CorsOrigin::List(origins) if origins.len() == 1 => "1 origin".to_owned(),
        CorsOrigin::List(origins) => format!("{} origins", origins.len()),
    };
    let database = (!config.is_embedded_default()).then(|| config.database.redacted());
    let sockets = &config.sockets;
    let setting = |name, value, text| Setting { name, value, text };
    vec![
        setting("DATABASE_URL", database, "as Node has it"),
        setting(name, value, "the key that your users' tokens are checked with"),
        setting(
            "REDIS_URL",
            config.redis_url.as_ref().and_then(|_| secret()),
            "the Redis of Node, whose keys stay correct for the way back; ioredis by itself uses redis://localhost:6379",
        ),
        setting("CORS_ORIGIN", Some(cors), "as Node has it"),
        setting("HOST", Some(config.host.to_string()), "127.0.0.1 behind a proxy on this machine"),
        setting("PORT", Some(config.port.to_string()), "another one than Node's, until Node is gone"),
        setting("SOCKET_PATH", Some(sockets.path.clone()), "the path of new Server(.., { path })"),
        setting("NAMESPACE", Some(sockets.namespaces.join(",")), "the name in io.of(..)"),
    ]
}
