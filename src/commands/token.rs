//! `chatoxide token`: prints a token signed with the configured secret.

use std::time::Duration;

use clap::Args;

use super::{Failure, print_line};
use crate::{auth::Keys, clock, config::Config};

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
}

pub(super) fn run(config: &Config, args: &TokenArgs) -> Result<(), Failure> {
    config.limits.ensure_id("--sub", &args.sub).map_err(|error| Failure::Setting(error.to_string()))?;
    let keys = Keys::load(&config.keys).map_err(Failure::Setting)?;
    let token =
        keys.sign(&args.sub, args.name.as_deref(), clock::now(), args.ttl).map_err(Failure::Setting)?;
    print_line(&token);
    Ok(())
}
