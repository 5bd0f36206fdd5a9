//! The command line of `load`: a subcommand for each scenario, and what they share.

use std::{io, net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

/// Drives a chat server over Socket.IO and prints one JSON object that says what was measured.
///
/// User `u<room>-<member>` of the file of tokens has to be a member of `room<room>`.
#[derive(Parser, Clone, Debug)]
#[command(name = "load", max_term_width = 110)]
pub struct Options {
    #[command(subcommand)]
    pub scenario: Scenario,
}

#[derive(Subcommand, Clone, Debug)]
pub enum Scenario {
    /// Senders send, everybody in their rooms listens; proves exactly-once and order as well
    Messages(Messages),
    /// One sender a room says that it types, the others are told
    Typing(Typing),
    /// Clients leave and join rooms that hold more than a page of messages
    Joins(Joins),
    /// Connections are opened and join a room as fast as the server lets them
    Storm(Storm),
    /// Connections do nothing: what does each cost
    Idle(Idle),
}

#[derive(Args, Clone, Debug)]
pub struct Target {
    /// Where the server listens, host:port
    #[arg(long)]
    pub address: SocketAddr,

    /// Process whose CPU time and memory are the server's
    #[arg(long)]
    pub server_pid: u32,

    /// Process whose CPU time, with that of its children, is the database's (PostgreSQL's postmaster)
    #[arg(long)]
    pub database_pid: Option<u32>,

    /// File with a line `<user id> <token>` for each user, those of room 0 first
    #[arg(long)]
    pub tokens: PathBuf,
}

#[derive(Args, Clone, Debug)]
pub struct Times {
    /// Measured seconds
    #[arg(long, default_value = "8", value_parser = seconds)]
    pub seconds: Duration,

    /// Seconds under load before that
    #[arg(long, default_value = "2", value_parser = seconds)]
    pub warm_up: Duration,
}

#[derive(Args, Clone, Debug)]
pub struct Rooms {
    /// Number of rooms
    #[arg(long, default_value_t = 10)]
    pub rooms: usize,

    /// Clients in each
    #[arg(long, default_value_t = 20)]
    pub members: usize,
}

#[derive(Args, Clone, Debug)]
pub struct Messages {
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub times: Times,
    #[command(flatten)]
    pub rooms: Rooms,

    /// Clients of each room that send
    #[arg(long, default_value_t = 1)]
    pub senders: usize,

    /// Closed loop: messages that each sender keeps in flight
    #[arg(long, required_unless_present = "rate", conflicts_with = "rate")]
    pub window: Option<usize>,

    /// Open loop: messages a second of all senders together, at fixed moments
    #[arg(long)]
    pub rate: Option<f64>,
}

#[derive(Args, Clone, Debug)]
pub struct Typing {
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub times: Times,
    #[command(flatten)]
    pub rooms: Rooms,

    /// Events a second of all rooms together, at fixed moments
    #[arg(long)]
    pub rate: f64,
}

#[derive(Args, Clone, Debug)]
pub struct Joins {
    #[command(flatten)]
    pub target: Target,
    #[command(flatten)]
    pub times: Times,
    #[command(flatten)]
    pub rooms: Rooms,

    /// Clients that are busy joining at any moment
    #[arg(long, default_value_t = 8)]
    pub in_flight: usize,

    /// Seconds between filling the rooms and joining them. After more than a ping and its time-out chatoxide can be sure
    /// that the clients have seen what the rooms hold, and shows a page and not all
    #[arg(long, default_value = "0", value_parser = seconds)]
    pub settle: Duration,
}

#[derive(Args, Clone, Debug)]
pub struct Storm {
    #[command(flatten)]
    pub target: Target,

    /// Connections; users are used again when there are fewer
    #[arg(long)]
    pub connections: usize,

    /// Connections that are being opened at any moment [default: all]
    #[arg(long)]
    pub in_flight: Option<usize>,

    /// Join without waiting for the server to say that it is connected. No client does so, and Node and chatoxide close
    /// such a connection
    #[arg(long)]
    pub early_join: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Idle {
    #[command(flatten)]
    pub target: Target,

    /// Connections; users are used again when there are fewer
    #[arg(long)]
    pub connections: usize,
}

impl Messages {
    pub fn check(&self) -> io::Result<()> {
        self.rooms.check()?;
        match (self.window, self.senders) {
            (Some(0), _) => Err(io::Error::other("--window 0 sends nothing")),
            (_, 0) => Err(io::Error::other("--senders 0 sends nothing")),
            (_, senders) if senders > self.rooms.members => {
                Err(io::Error::other("there are more senders than members"))
            }
            _ => Ok(()),
        }
    }
}

impl Rooms {
    pub fn check(&self) -> io::Result<()> {
        if self.rooms == 0 || self.members == 0 {
            return Err(io::Error::other("there has to be a room with a member"));
        }
        Ok(())
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is wanted".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Options::command().debug_assert();
    }
}
