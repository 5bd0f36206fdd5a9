//! The command line: one file per command.

mod check;
mod demo;
mod logging;
mod migrate;
mod serve;
mod token;

use std::{ffi::OsStr, io::Write, process::ExitCode};

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, builder::Resettable};

use crate::config::{Config, Settings};

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
    /// Apply pending migrations and end
    Migrate(migrate::MigrateArgs),
    /// Check the settings, the database and Redis, and print the findings
    Check,
    /// Print a token that signs a user in
    Token(token::TokenArgs),
}

/// Why a command did not do what it was asked: a sentence, and the exit code.
enum Failure {
    /// A setting or an argument is wrong: 2.
    Setting(String),
    /// All is set right, and it failed all the same: 1.
    Failed(String),
}

/// Runs the command that the arguments name. 0: done; 1: it failed; 2: a setting is wrong.
pub fn run() -> ExitCode {
    // A development convenience: variables that are set already go before the file's.
    let env_file = dotenvy::dotenv();
    let line = match parse() {
        Ok(line) => line,
        Err(error) if error.use_stderr() => {
            let text = error.to_string();
            let sentence: Vec<&str> =
                text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
            return end(Err(Failure::Setting(sentence.join(" ").trim_start_matches("error: ").to_owned())));
        }
        Err(help) => return if help.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
    };
    match env_file {
        Err(error) if !error.not_found() => {
            end(Err(Failure::Setting(format!(".env cannot be read: {error}"))))
        }
        _ => end(obey(line)),
    }
}

/// The arguments and the environment. An empty variable is one that is not set, as in most compose files.
fn parse() -> Result<CommandLine, clap::Error> {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = CommandLine::command().mut_args(|argument| match argument.get_env() {
        Some(variable) if is_empty(variable) => argument.env(Resettable::Reset),
        _ => argument,
    });
    CommandLine::from_arg_matches(&with_short_help(command).try_get_matches()?)
}

/// The help of `token` shows only the options that are about tokens, although the command takes every setting.
fn with_short_help(mut command: clap::Command) -> clap::Command {
    // Gives the subcommands their copies of the settings.
    command.build();
    command.mut_subcommand("token", |token| {
        token.mut_args(|argument| {
            let is_hidden = argument.is_global_set() && argument.get_long() != Some("jwt-secret");
            argument.hide(is_hidden)
        })
    })
}

fn obey(line: CommandLine) -> Result<(), Failure> {
    let CommandLine { command, settings } = line;
    logging::start(&settings).map_err(Failure::Setting)?;
    let config = Config::from_settings(settings).map_err(Failure::Setting)?;
    match command.unwrap_or(Command::Serve) {
        Command::Token(args) => token::run(&config, &args),
        Command::Serve => block_on(serve::run(config)),
        Command::Migrate(args) => block_on(migrate::run(config, &args)),
        Command::Check => block_on(check::run(config)),
    }
}

fn end(result: Result<(), Failure>) -> ExitCode {
    let (sentence, code) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Setting(sentence)) => (sentence, 2),
        Err(Failure::Failed(sentence)) => (sentence, 1),
    };
    say_error(&format!("error: {sentence}"));
    ExitCode::from(code)
}

fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("the runtime cannot be started: {error}")))?;
    let result = runtime.block_on(command);
    // Not to wait for a query on a thread of its own that nobody waits for.
    runtime.shutdown_background();
    result
}

/// Nobody may be listening any more: no reason to fail.
fn say(text: &str) {
    let _nobody_listens = writeln!(std::io::stdout(), "{text}");
}

fn say_error(text: &str) {
    let _nobody_listens = writeln!(std::io::stderr(), "{text}");
}
