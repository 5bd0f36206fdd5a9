//! `--help`, `.env.sample` and docs/configuration.md have the same settings, in the same groups, with the same defaults and
//! descriptions.

use std::collections::BTreeMap;

use chatoxide::commands::CommandLine;
use clap::CommandFactory;

/// A setting as one of the three has it.
#[derive(Debug, PartialEq)]
struct Setting {
    group: String,
    /// `-` where there is none.
    default: String,
    description: String,
}

type Settings = BTreeMap<String, Setting>;

fn read(file: &str) -> String {
    std::fs::read_to_string(format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn is_variable(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

/// The settings of `--help`.
fn settings() -> Settings {
    let command = CommandLine::command();
    let setting = |argument: &clap::Arg| {
        let variable = argument.get_env()?.to_str().unwrap().to_owned();
        let group = argument.get_help_heading().unwrap().to_owned();
        let help = argument.get_help().unwrap().to_string();
        let (description, described) = match help.split_once(" [default: ") {
            Some((description, rest)) => (description, Some(rest.trim_end_matches(']').to_owned())),
            None => (help.as_str(), None),
        };
        let default = argument.get_default_values().first().map(|value| value.to_str().unwrap().to_owned());
        let default = default.or(described).unwrap_or_else(|| "-".to_owned());
        Some((variable, Setting { group, default, description: description.to_owned() }))
    };
    command.get_arguments().filter_map(setting).collect()
}

/// The settings of the tables in docs/configuration.md; a group is the heading above its table.
fn documented() -> Settings {
    let mut group = String::new();
    let mut settings = Settings::new();
    for line in read("docs/configuration.md").lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            heading.clone_into(&mut group);
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let ["", variable, default, description, ""] = cells.as_slice() else { continue };
        let variable = variable.trim_matches('`');
        if is_variable(variable) {
            let default = default.trim_matches('`').to_owned();
            let setting = Setting { group: group.clone(), default, description: (*description).to_owned() };
            assert!(settings.insert(variable.to_owned(), setting).is_none(), "{variable} stands there twice");
        }
    }
    settings
}

/// The settings of `.env.sample`; a description is the first line of the comment above the variable.
fn sampled() -> Settings {
    let mut group = String::new();
    let mut settings = Settings::new();
    for paragraph in read(".env.sample").split("\n\n") {
        if let Some(heading) = paragraph.strip_prefix("# ---- ") {
            heading.trim_end_matches(" ----").clone_into(&mut group);
        }
        let mut lines = paragraph.lines().map(|line| line.strip_prefix("# ").unwrap_or(line));
        let description = lines.next().unwrap_or_default().to_owned();
        let Some((variable, value)) = lines.next_back().and_then(|line| line.split_once('=')) else {
            continue;
        };
        if is_variable(variable) {
            let setting = Setting { group: group.clone(), default: value.to_owned(), description };
            assert!(settings.insert(variable.to_owned(), setting).is_none(), "{variable} stands there twice");
        }
    }
    settings
}

#[test]
fn the_documentation_has_every_setting_with_its_group_default_and_description() {
    assert_eq!(documented(), settings());
}

#[test]
fn the_sample_environment_has_every_setting_with_its_group_default_and_description_and_no_secret() {
    let mut sampled = sampled();
    for secret in ["JWT_SECRET", "JWT_PUBLIC_KEY"] {
        assert_eq!(sampled[secret].default, "", "{secret}");
    }
    let settings = settings();
    for (variable, setting) in &settings {
        // The file has an example where the default is none, or depends on others.
        let is_described = setting.default == "-" || setting.default.contains([' ', '<']);
        if let Some(sample) = sampled.get_mut(variable).filter(|_| is_described) {
            sample.default.clone_from(&setting.default);
        }
    }
    assert_eq!(sampled, settings);
}
