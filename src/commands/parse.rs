//! Parses the command line and the environment. Values that the parser refuses are set aside, so that all of them are named at
//! once.

use std::ffi::{OsStr, OsString};

use clap::{
    CommandFactory, FromArgMatches,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::CommandLine;

/// The most values that are set aside.
const MAX_REFUSED: usize = 200;

/// The command line without the values that were refused.
pub(super) struct Parsed {
    pub(super) line: CommandLine,
    /// A sentence for each refused value, in the order of the parser.
    pub(super) refused: Vec<String>,
}

/// An empty variable counts as not set, as in most compose files.
pub(super) fn parse() -> Result<Parsed, clap::Error> {
    let mut arguments: Vec<OsString> = std::env::args_os().collect();
    let (mut unset, mut refused): (Vec<String>, Vec<clap::Error>) = (Vec::new(), Vec::new());
    loop {
        let parsed = command(&unset)
            .try_get_matches_from(&arguments)
            .and_then(|matches| CommandLine::from_arg_matches(&matches));
        let error = match parsed {
            Ok(line) => return Ok(Parsed { line, refused: refused.iter().map(sentence).collect() }),
            Err(error) => error,
        };
        let set_aside = |long: String| remove(&mut arguments, &long) || unset_variable(&mut unset, long);
        // Another error, such as an argument that the parser does not know, is named alone.
        if refused.len() >= MAX_REFUSED || !refused_argument(&error).is_some_and(set_aside) {
            return Err(refused.into_iter().next().unwrap_or(error));
        }
        refused.push(error);
    }
}

/// The long name of the argument whose value was refused.
fn refused_argument(error: &clap::Error) -> Option<String> {
    if !matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
        return None;
    }
    let ContextValue::String(argument) = error.get(ContextKind::InvalidArg)? else { return None };
    Some(argument.strip_prefix("--")?.split(' ').next()?.to_owned())
}

/// Removes an argument with its value from the command line; false if it is not there.
fn remove(arguments: &mut Vec<OsString>, long: &str) -> bool {
    let (flag, with_value) = (format!("--{long}"), format!("--{long}="));
    let place = arguments.iter().position(|argument| {
        argument.to_str().is_some_and(|argument| argument == flag || argument.starts_with(&with_value))
    });
    let Some(place) = place else { return false };
    let is_apart = arguments.get(place).is_some_and(|argument| argument == OsStr::new(&flag));
    arguments.drain(place..arguments.len().min(place + 1 + usize::from(is_apart)));
    true
}

/// Lets the argument's variable count as not set; false if it does already.
fn unset_variable(unset: &mut Vec<String>, long: String) -> bool {
    let is_new = !unset.contains(&long);
    unset.push(long);
    is_new
}

fn command(unset: &[String]) -> clap::Command {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    let command = CommandLine::command().mut_args(|argument| {
        let is_unset = argument.get_long().is_some_and(|long| unset.iter().any(|there| there == long));
        match argument.get_env() {
            Some(variable) if is_unset || is_empty(variable) => argument.env(Resettable::Reset),
            _ => argument,
        }
    });
    with_short_help(command)
}

/// An error of the parser as one line.
pub(super) fn sentence(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    lines.join(" ").trim_start_matches("error: ").to_owned()
}

/// The settings that the help of a command shows, where the others do not matter to it.
const SHOWN_SETTINGS: [(&str, &[&str]); 7] = [
    ("map", &[]),
    ("token", &["jwt-secret", "data-dir"]),
    ("verify", &["jwt-secret", "data-dir"]),
    ("health", &["host", "port", "database-timeout"]),
    ("export", &["database-url", "data-dir", "database-timeout"]),
    ("import", &["database-url", "data-dir", "database-timeout"]),
    ("reindex", &["database-url", "data-dir", "database-timeout"]),
];

/// Hides the other settings from the help of such a command. It still takes every setting.
fn with_short_help(mut command: clap::Command) -> clap::Command {
    // Gives the subcommands their copies of the settings.
    command.build();
    SHOWN_SETTINGS.into_iter().fold(command, |command, (name, shown)| {
        command.mut_subcommand(name, |subcommand| {
            subcommand.mut_args(|argument| {
                let is_shown = argument.get_long().is_some_and(|long| shown.contains(&long));
                let is_hidden = argument.is_global_set() && !is_shown;
                argument.hide(is_hidden)
            })
        })
    })
}
