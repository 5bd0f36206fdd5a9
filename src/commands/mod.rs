//! The command line: one file per command.

mod check;
mod demo;
mod migrate;
mod serve;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{Config, LogFormat, Settings};

/// A chat server that takes the place of a Node Socket.IO backend without the front end noticing.
#[derive(Parser, Debug)]
#[command(name = "chatoxide", version, max_term_width = 110)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    settings: Settings,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Run the server (the default)
    Serve,
    /// Bring the database to today's shape and end
    Migrate,
    /// Look at the settings, the database and Redis, and tell what was found
    Check,
    /// Print a token that signs a user in
    Token(token::TokenArgs),
}

/// A wrong setting or argument.
const USAGE: u8 = 2;

/// Runs the command that the arguments name. 0: done; 1: it failed; 2: a setting is wrong.
pub fn run() -> ExitCode {
    // A development convenience: variables that are set already go before the file's.
    let env_file = dotenvy::dotenv();
    let CommandLine { command, settings } = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) if error.use_stderr() => return wrong(first_line(&error.to_string())),
        Err(help) => return if help.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
    };
    if let Err(error) = env_file
        && !error.not_found()
    {
        return wrong(&format!("error: .env cannot be read: {error}"));
    }
    if let Err(error) = start_tracing(&settings) {
        return wrong(&format!("error: {error}"));
    }
    let config = match Config::from_settings(settings) {
        Ok(config) => config,
        Err(error) => return wrong(&format!("error: {error}")),
    };
    let result = match command.unwrap_or(Command::Serve) {
        Command::Token(args) => token::run(&config, &args),
        Command::Serve => block_on(serve::run(config)),
        Command::Migrate => block_on(migrate::run(config)),
        Command::Check => block_on(check::run(config)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say_error(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn block_on(command: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime cannot be started: {error}"))?;
    let result = runtime.block_on(command);
    // Not to wait for a query on a thread of its own that nobody waits for.
    runtime.shutdown_background();
    result
}

/// Logs go to standard error; what a command has to say goes to standard output.
fn start_tracing(settings: &Settings) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.rust_log).map_err(|error| format!("RUST_LOG: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let result = match settings.log_format {
        LogFormat::Text => {
            use std::io::IsTerminal;
            builder.with_ansi(std::io::stderr().is_terminal()).try_init()
        }
        LogFormat::Json => builder.json().try_init(),
    };
    result.map_err(|error| format!("logging cannot be started: {error}"))
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

fn wrong(sentence: &str) -> ExitCode {
    say_error(sentence);
    ExitCode::from(USAGE)
}

#[expect(clippy::print_stdout, reason = "this is what a command has to say")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "this is what a command has to say")]
fn say_error(text: &str) {
    eprintln!("{text}");
}
