//! `chatoxide verify`: plays the contract's events against a Node server and against chatoxide, and lists the differences.

mod compare;
mod connections;
mod differences;
mod endpoint;
mod line;
mod player;
mod report;
mod script;
mod setup;

use std::time::Duration;

use clap::{Args, value_parser};
use uuid::Uuid;

use self::{
    compare::{Comparison, Names, compare, normalise},
    connections::Connections,
    endpoint::Endpoint,
    line::{Step, Who},
    player::{Player, Side, Stage},
    report::Left,
    script::{Tokens, play},
    setup::{Scratch, set_up},
};
use super::{Failure, print_line, token};
use crate::{
    config::{Config, DatabaseUrl},
    db::{self, Db},
};

/// The names of all users and rooms of a run begin with this.
const PREFIX: &str = "verify-";
/// How long the tokens are valid that this command signs.
const TTL: Duration = Duration::from_secs(60 * 60);

#[derive(Args, Debug)]
pub(super) struct VerifyArgs {
    /// The Node server; a path in the URL is the namespace, as for socket.io-client
    #[arg(long, value_name = "URL")]
    node: String,

    /// The chatoxide server, on the same database
    #[arg(long, value_name = "URL")]
    ours: String,

    /// Where Socket.IO is on both servers
    #[arg(long, default_value = "/socket.io")]
    path: String,

    /// A token that signs a user in on both servers; given twice, for two users. Without it JWT_SECRET signs two tokens
    #[arg(long = "token", value_name = "TOKEN")]
    tokens: Vec<String>,

    /// A public room that is on both servers, in place of scratch rooms that chatoxide makes
    #[arg(long, value_name = "ID")]
    room: Option<String>,

    /// The database, from which the users and rooms that the command made are removed at its end
    #[arg(long, value_name = "URL")]
    database: Option<String>,

    /// How long an answer may take, in seconds
    #[arg(long, default_value_t = 5, value_parser = value_parser!(u16).range(1..=60))]
    patience: u16,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// The rows that a run has made, by their ids.
#[derive(Default)]
struct Made {
    users: Vec<String>,
    rooms: Vec<String>,
    /// The direct room of users of somebody else's: it may have been there before, and so is never removed.
    direct: Option<String>,
}

pub(super) async fn run(mut config: Config, args: VerifyArgs) -> Result<(), Failure> {
    let parse = |flag, url| Endpoint::parse(flag, url, &args.path).map_err(Failure::Setting);
    let endpoints = [parse("--node", &args.node)?, parse("--ours", &args.ours)?];
    let run = format!("{PREFIX}{}", &Uuid::new_v4().simple().to_string().split_off(20));
    let mut made = Made::default();
    let tokens = tokens(&config, &args, &run, &mut made)?;
    let db = match &args.database {
        None => None,
        Some(url) => {
            config.database =
                DatabaseUrl::parse(url).map_err(|why| Failure::Setting(format!("--database {why}")))?;
            let db = Db::open(&config).map_err(Failure::Setting)?;
            let ready = db::scratch::ensure_ready(&db).await;
            ready
                .map_err(|error| Failure::Setting(format!("--database cannot be used: {}", error.cause())))?;
            Some(db)
        }
    };
    // Before anything is made.
    for endpoint in &endpoints {
        let mut connections = Connections::new(endpoint, Duration::from_secs(args.patience.into()));
        connections.connect(Who::First, &tokens[0]).await.map_err(Failure::Setting)?;
    }
    let compared = play_both(&endpoints, &tokens, &args, &run, &mut made).await;
    if let Some(db) = db {
        match db::scratch::remove(&db, &made.users, &made.rooms).await {
            Ok(()) => (made.users, made.rooms) = Default::default(),
            Err(error) => super::print_error(&format!(
                "what was made cannot be removed: {}. In mapped tables, delete it in your own",
                error.cause()
            )),
        }
    }
    let left = Left { users: &made.users, rooms: &made.rooms, direct: made.direct.as_deref(), run: &run };
    let comparison = match compared {
        Ok(comparison) => comparison,
        Err(why) => {
            left.print();
            return Err(Failure::Failed(why));
        }
    };
    if args.json {
        let report = serde_json::to_string_pretty(&report::as_json(&comparison, &left))
            .map_err(|error| Failure::Failed(format!("the report cannot be written as JSON: {error}")))?;
        print_line(&report);
    } else {
        report::print(&comparison);
        left.print();
    }
    match comparison.found.iter().filter(|found| found.number.is_none()).count() {
        0 => Ok(()),
        number => Err(Failure::Failed(format!("{number} differences from Node that are not deliberate"))),
    }
}

/// The tokens that were given, or two that are signed for users of this run.
fn tokens(config: &Config, args: &VerifyArgs, run: &str, made: &mut Made) -> Result<Tokens, Failure> {
    match args.tokens.as_slice() {
        [first, second] => Ok([first.clone(), second.clone()]),
        [] => {
            let users = ["1", "2"].map(|number| format!("{run}-{number}"));
            let sign = |user: &String| token::sign(config, (user, Some("Verify")), TTL, false);
            let [first, second] = users.each_ref().map(sign);
            made.users = users.to_vec();
            Ok([first?, second?])
        }
        _ => Err(Failure::Setting("--token has to be given twice, for two users, or not at all".to_owned())),
    }
}

/// Plays the script on Node and on chatoxide. The error is one sentence.
async fn play_both(
    endpoints: &[Endpoint; 2],
    tokens: &Tokens,
    args: &VerifyArgs,
    run: &str,
    made: &mut Made,
) -> Result<Comparison, String> {
    let patience = Duration::from_secs(args.patience.into());
    let [node, ours] = endpoints;
    let connections = Connections::new(ours, patience);
    let scratch = set_up(connections, tokens, run, args.room.as_deref(), &mut made.rooms).await?;
    let [on_node, on_ours] = &scratch.stages;
    let direct = on_ours.direct.as_ref().map(|(id, _)| id.clone());
    match made.users.is_empty() {
        true => made.direct = direct,
        false => made.rooms.extend(direct),
    }
    let node = record(node, (Side::Node, on_node), tokens, &scratch, patience).await?;
    let ours = record(ours, (Side::Ours, on_ours), tokens, &scratch, patience).await?;
    Ok(compare(&node, &ours))
}

/// Plays the script on one server and returns its record, normalised.
async fn record(
    endpoint: &Endpoint,
    (side, stage): (Side, &Stage),
    tokens: &Tokens,
    scratch: &Scratch,
    patience: Duration,
) -> Result<Vec<Step>, String> {
    let mut player = Player::new(Connections::new(endpoint, patience), stage, side);
    play(&mut player, tokens).await?;
    let names =
        Names { ids: scratch.names(stage, &player.messages), deleted: player.deleted.into_iter().collect() };
    let mut steps = player.steps;
    normalise(&mut steps, &names);
    Ok(steps)
}
