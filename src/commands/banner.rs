//! The banner at the start of the server: where to open the chat, the database, and how to sign in.

use std::{borrow::Cow, net::SocketAddr, path::Path};

use super::address::reachable;
use crate::config::{Config, DEFAULT_DATA_DIR, Encryption, SigningKeys};

/// The banner, for the address that the server listens on.
pub(super) fn banner(config: &Config, has_samples: bool, address: SocketAddr) -> String {
    let mut text = format!(
        "chatoxide {} listens on {address}\n  open      http://{}\n  database  {}\n",
        env!("CARGO_PKG_VERSION"),
        reachable(address),
        config.database.redacted()
    );
    if config.redis_url.is_some() {
        text.push_str("  redis     Node's keys are kept true\n");
    }
    match &config.keys {
        SigningKeys::DemoFile(_) => text.push_str(
            "  demo mode: no JWT_SECRET is set, so tokens are signed with a secret made for this folder, and anybody on this\n\
             \x20            machine, but nobody else, signs in as anybody.\n",
        ),
        SigningKeys::Public(_) => {
            text.push_str("  a token   is signed with the private key of JWT_PUBLIC_KEY, which is not here");
            return text;
        }
        SigningKeys::KeySet(url) => {
            text.push_str(&format!("  a token   is signed with a key of {url}"));
            return text;
        }
        SigningKeys::Endpoint(url) => {
            text.push_str(&format!("  sign-in   {url} is asked who signs in"));
            return text;
        }
        SigningKeys::Secret(_) if config.sign_in.encryption != Encryption::None => {
            text.push_str("  a token   is made by your sign-in: JWT_ENCRYPTION is set");
            return text;
        }
        SigningKeys::Secret(_) | SigningKeys::Missing => {
            text.push_str("  sign-in   with tokens that JWT_SECRET signs; the next command needs it too\n");
        }
    }
    if has_samples {
        text.push_str("  samples   users alice, bob, carol, dave; rooms general, random\n");
    }
    text.push_str("  a token   ");
    text.push_str(&token_command(config));
    text
}

/// The command that prints a token for this server, to be pasted into a shell in the folder that the server runs in.
fn token_command(config: &Config) -> String {
    let program = std::env::args_os().next().unwrap_or_else(|| "chatoxide".into());
    let mut words = vec![quoted(&program.to_string_lossy()), "token --sub alice --name Alice".to_owned()];
    if matches!(config.keys, SigningKeys::DemoFile(_)) {
        if config.data_dir != Path::new(DEFAULT_DATA_DIR) {
            words.push(format!("--data-dir {}", quoted(&config.data_dir.to_string_lossy())));
        }
        if !config.is_embedded_default() {
            words.push("--demo true".to_owned());
        }
    }
    words.join(" ")
}

fn quoted(word: &str) -> String {
    // Only a NUL has no quotes, and no argument and no path has one.
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word)).into_owned()
}
