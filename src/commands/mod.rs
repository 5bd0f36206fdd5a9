//! The command line: one file per command.

mod address;
mod banner;
mod check;
mod check_database;
mod check_finding;
mod check_schema;
mod deliberate;
mod demo;
mod export;
mod folders;
mod health;
mod import;
mod logging;
mod map;
mod migrate;
mod parse;
mod plan;
mod progress;
mod reindex;
mod serve;
mod token;
mod verify;

use std::{io::Write, process::ExitCode};

use clap::{Parser, Subcommand};

use self::parse::{Parsed, parse, sentence};
use crate::config::{Config, Part, Settings, WrongSetting};

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
    /// Apply pending migrations and exit
    Migrate(migrate::MigrateArgs),
    /// Check the settings, the database and Redis, and report what was found
    Check(check_schema::CheckArgs),
    /// Plan the move from Node on one page: what is in the way, what will differ, settings, steps and the way back
    Plan(plan::PlanArgs),
    /// Propose views over the tables of a Prisma schema, as SQL, for a team whose tables differ from the original's
    #[command(after_long_help = map::HELP)]
    Map(map::MapArgs),
    /// Write all users, rooms and messages to a file, from which `import` fills another database
    #[command(after_long_help = export::HELP)]
    Export(export::ExportArgs),
    /// Store the rows of a file of `export`
    #[command(after_long_help = import::HELP)]
    Import(import::ImportArgs),
    /// Make the index of messages:search again from nothing
    #[command(after_long_help = reindex::HELP)]
    Reindex(reindex::ReindexArgs),
    /// Ask the running server whether it is ready: exit code 0 if it is, else 1
    Health,
    /// Print a token that signs a user in
    Token(token::TokenArgs),
    /// Play the chat's events against a Node server and against chatoxide, and list the differences
    Verify(verify::VerifyArgs),
}

/// The reason for which a command failed: a sentence, and the exit code.
enum Failure {
    /// A setting or an argument is wrong: exit code 2.
    Setting(String),
    /// All settings are right, but the command failed: exit code 1.
    Failed(String),
}

/// Runs the command that the arguments name. Exit codes: 0 for success, 1 for a failure, 2 for a wrong setting.
pub fn run() -> ExitCode {
    // For development: variables that are set already take precedence over the file's.
    let env_file = dotenvy::dotenv();
    let parsed = match parse() {
        Ok(parsed) => parsed,
        Err(error) if error.use_stderr() => return end(Err(Failure::Setting(sentence(&error)))),
        Err(help) => return if help.print().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE },
    };
    match env_file {
        Err(error) if !error.not_found() => {
            end(Err(Failure::Setting(format!(".env cannot be read: {error}"))))
        }
        _ => end(execute(parsed)),
    }
}

fn execute(parsed: Parsed) -> Result<(), Failure> {
    let Parsed { line: CommandLine { command, settings }, refused } = parsed;
    let command = command.unwrap_or(Command::Serve);
    let lists_all = matches!(&command, Command::Check(_) | Command::Plan(_));
    if let Some(text) = refused.first().filter(|_| !lists_all) {
        return Err(Failure::Setting(text.clone()));
    }
    let command = match command {
        // These need no setting, so that a wrong one does not matter.
        Command::Map(args) => return map::run(args),
        Command::Check(check_schema::CheckArgs { schema: Some(path), uses, json }) => {
            return check_schema::run(&path, &uses, json);
        }
        command => command,
    };
    logging::start(&settings).map_err(Failure::Setting)?;
    let (config, mut wrong) = Config::read(settings);
    // In place of a refused value there is its default, which is checked like any other.
    let refused = refused.into_iter().map(|text| WrongSetting { part: Part::Other, text });
    wrong.splice(..0, refused);
    match command {
        Command::Check(args) => return block_on(check::run(config, &wrong, args.json)),
        Command::Plan(args) => return block_on(plan::run(config, &wrong, args)),
        _ => {}
    }
    if let Some(wrong) = wrong.into_iter().next() {
        return Err(Failure::Setting(wrong.text));
    }
    match command {
        Command::Map(args) => map::run(args),
        Command::Token(args) => token::run(&config, &args),
        Command::Verify(args) => block_on(verify::run(config, args)),
        Command::Serve => block_on(serve::run(config)),
        Command::Migrate(args) => block_on(migrate::run(config, &args)),
        Command::Check(args) => block_on(check::run(config, &[], args.json)),
        Command::Plan(args) => block_on(plan::run(config, &[], args)),
        Command::Export(args) => block_on(export::run(config, &args)),
        Command::Import(args) => block_on(import::run(config, &args)),
        Command::Reindex(args) => block_on(reindex::run(config, &args)),
        Command::Health => block_on(health::run(config)),
    }
}

fn end(result: Result<(), Failure>) -> ExitCode {
    let (sentence, code) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Setting(sentence)) => (sentence, 2),
        Err(Failure::Failed(sentence)) => (sentence, 1),
    };
    print_error(&format!("error: {sentence}"));
    ExitCode::from(code)
}

fn block_on(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Failed(format!("the runtime cannot be started: {error}")))?;
    let result = runtime.block_on(command);
    // Do not wait for a blocking task, such as a query whose result nobody needs.
    runtime.shutdown_background();
    result
}

/// Prints a line. Standard output may be closed, which is no failure.
fn print_line(text: &str) {
    let _nobody_listens = writeln!(std::io::stdout(), "{text}");
}

fn print_error(text: &str) {
    let _nobody_listens = writeln!(std::io::stderr(), "{text}");
}
