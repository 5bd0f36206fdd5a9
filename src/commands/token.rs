//! `chatoxide token`: prints a token signed with the configured secret.

use std::{path::Path, time::Duration};

use clap::Args;

use super::{Failure, print_line};
use crate::{
    auth::Keys,
    clock,
    config::{Config, SigningKeys},
};

#[derive(Args, Debug)]
pub(super) struct TokenArgs {
    /// The user's id
    #[arg(long)]
    sub: String,

    /// The user's name
    #[arg(long)]
    name: Option<String>,

    /// How long it is valid, such as 90s, 15m, 1h, 7d
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    ttl: Duration,

    /// Make demo mode's secret if there is none, for a server that is yet to be started
    #[arg(long)]
    new_secret: bool,
}

pub(super) fn run(config: &Config, args: &TokenArgs) -> Result<(), Failure> {
    config.limits.ensure_id("--sub", &args.sub).map_err(|error| Failure::Setting(error.to_string()))?;
    print_line(&sign(config, (&args.sub, args.name.as_deref()), args.ttl, args.new_secret)?);
    Ok(())
}

/// Signs a token for a user, by id and name. `may_make_secret`: demo mode's secret is made if there is none.
pub(super) fn sign(
    config: &Config,
    user: (&str, Option<&str>),
    ttl: Duration,
    may_make_secret: bool,
) -> Result<String, Failure> {
    if let SigningKeys::DemoFile(path) = &config.keys
        && !may_make_secret
    {
        ensure_made(path)?;
    }
    let keys = Keys::load(&config.keys).map_err(Failure::Setting)?;
    keys.sign_for(&config.sign_in, user, clock::now(), ttl).map_err(Failure::Setting)
}

/// A secret that only this command knew would sign tokens that no server accepts.
fn ensure_made(secret: &Path) -> Result<(), Failure> {
    let name = std::path::absolute(secret).unwrap_or_else(|_| secret.to_owned()).display().to_string();
    match secret.try_exists() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Setting(format!(
            "no server has made a secret here: there is no {name}. Run this command in the folder of your server, or \
             set DATA_DIR to the server's or JWT_SECRET to its secret. For a server that is yet to be started here, \
             --new-secret makes one"
        ))),
        Err(error) => Err(Failure::Setting(format!("{name}, which DATA_DIR names, cannot be read: {error}"))),
    }
}
