//! `--help`, `.env.sample` and the README tell the same settings with the same defaults.

use std::collections::BTreeMap;

use chatoxide::commands::CommandLine;
use clap::CommandFactory;

/// The settings in `--help`: variable to default; `-` if there is none.
fn settings() -> BTreeMap<String, String> {
    let command = CommandLine::command();
    let setting = |argument: &clap::Arg| {
        let variable = argument.get_env()?.to_str().unwrap().to_owned();
        let help = argument.get_help().unwrap().to_string();
        let told = help.split_once("[default: ").map(|(_, rest)| rest.trim_end_matches(']').to_owned());
        let default = argument.get_default_values().first().map(|value| value.to_str().unwrap().to_owned());
        Some((variable, default.or(told).unwrap_or_else(|| "-".to_owned())))
    };
    command.get_arguments().filter_map(setting).collect()
}

fn read(file: &str) -> String {
    std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

#[test]
fn the_readme_has_every_setting_with_its_default() {
    let readme = read("README.md");
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, variable, default, ..] = cells.as_slice() else { return None };
        let variable = variable.strip_prefix('`')?.strip_suffix('`')?;
        let is_variable = variable.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        is_variable.then(|| (variable.to_owned(), default.trim_matches('`').to_owned()))
    };
    let told: BTreeMap<String, String> = readme.lines().filter_map(row).collect();
    assert_eq!(told, settings());
}

#[test]
fn the_sample_environment_has_every_setting_with_its_default_and_no_secret() {
    let told: BTreeMap<String, String> = read(".env.sample")
        .lines()
        .filter_map(|line| line.strip_prefix("# ").unwrap_or(line).split_once('='))
        .filter(|(variable, _)| variable.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        .map(|(variable, value)| (variable.to_owned(), value.to_owned()))
        .collect();
    let settings = settings();
    assert_eq!(told.keys().collect::<Vec<_>>(), settings.keys().collect::<Vec<_>>());
    for (variable, default) in &settings {
        let is_described = default == "-" || default.contains(' ') || default.contains('<');
        if !is_described {
            assert_eq!(told[variable], *default, "{variable}");
        }
    }
    assert_eq!((told["JWT_SECRET"].as_str(), told["JWT_PUBLIC_KEY"].as_str()), ("", ""));
}
