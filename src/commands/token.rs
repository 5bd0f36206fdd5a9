//! `chatoxide token`: prints a token signed with the configured secret.

use std::time::Duration;

use clap::Args;

use super::say;
use crate::{auth::Keys, clock, config::Config};

#[derive(Args, Debug)]
pub(super) struct TokenArgs {
    /// The user's id
    #[arg(long)]
    sub: String,

    /// The user's name
    #[arg(long)]
    name: Option<String>,

    /// How long it is good for, such as 90s, 15m, 1h, 7d
    #[arg(long, default_value = "1h", value_parser = humantime::parse_duration)]
    ttl: Duration,
}

pub(super) fn run(config: &Config, args: &TokenArgs) -> Result<(), String> {
    config.limits.ensure_id("--sub", &args.sub).map_err(|error| error.to_string())?;
    let token = Keys::load(&config.keys)?.sign(&args.sub, args.name.as_deref(), clock::now(), args.ttl)?;
    say(&token);
    Ok(())
}
