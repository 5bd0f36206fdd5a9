//! `chatoxide plan`: the move from Node on one page: the faults in the way, what will differ, the settings, the steps and the
//! way back. It changes nothing.

mod page;
mod settings;
mod steps;

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use self::settings::Setting;
use super::{
    Failure,
    check::{self, Checked},
    check_finding::{self, Verdict},
    check_schema,
    map::pair,
    print_line,
};
use crate::{
    config::{Config, DatabaseUrl, SigningKeys, WrongSetting},
    prisma::findings::{Finding, Report, Severity, Verdict as SchemaVerdict},
};

#[derive(Args, Debug)]
pub(super) struct PlanArgs {
    /// Also read this Prisma schema, its file or its folder
    #[arg(long, value_name = "PATH")]
    schema: Option<PathBuf>,

    /// Take this model or field for a role of the chat, as `chatoxide map` does; may be given several times
    #[arg(long = "use", value_name = "ROLE=NAME", value_parser = pair, requires = "schema")]
    uses: Vec<(String, String)>,

    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
}

/// The plan. Its JSON is documented in `docs/migrating-from-node.md`.
#[derive(Serialize)]
struct Plan {
    /// The version of this shape.
    version: u32,
    /// `ready`, or `faults` if some are in the way.
    verdict: &'static str,
    faults: Vec<Item>,
    /// Differences from Node that are particular to these settings and this database.
    differences: Vec<Item>,
    /// The deliberate differences, in the order of their numbers.
    deliberate: &'static [&'static str],
    settings: Vec<Setting>,
    steps: Vec<String>,
    back: Vec<String>,
}

/// A fault or a difference.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Item {
    /// `settings`, `database`, `redis` and so on, or a model or a field of the schema.
    place: String,
    text: String,
    /// The command, the statement or the setting that mends it; empty where the text says it, or nothing does.
    mend: String,
}

impl Item {
    fn new(place: &str, text: String) -> Self {
        Self { place: place.to_owned(), text, mend: String::new() }
    }
}

pub(super) async fn run(config: Config, wrong: &[WrongSetting], args: PlanArgs) -> Result<(), Failure> {
    let report = args.schema.as_deref().map(|path| check_schema::check(path, &args.uses)).transpose()?;
    let checked = check::check(&config, wrong, |_| {}).await;
    let schema = args.schema.as_deref().zip(report.as_ref());
    let plan = plan((&config, wrong), &checked, schema);
    if args.json {
        let text = serde_json::to_string_pretty(&plan)
            .map_err(|error| Failure::Failed(format!("the plan cannot be written as JSON: {error}")))?;
        print_line(&text);
    } else {
        page::print(&plan);
    }
    match plan.faults.len() {
        0 => Ok(()),
        number => {
            let sentence = match number {
                1 => "1 fault stands in the way of the move".to_owned(),
                _ => format!("{number} faults stand in the way of the move"),
            };
            Err(if wrong.is_empty() { Failure::Failed(sentence) } else { Failure::Setting(sentence) })
        }
    }
}

fn plan(
    (config, wrong): (&Config, &[WrongSetting]),
    checked: &Checked,
    schema: Option<(&Path, &Report)>,
) -> Plan {
    let (mut faults, mut differences) = (settings::faults(config, wrong), Vec::new());
    for finding in &checked.findings {
        let item = Item { mend: finding.mend.clone(), ..Item::new(finding.place, finding.sentence()) };
        match finding.severity {
            Verdict::Ok => {}
            Verdict::Warning => differences.push(item),
            // It is among the faults of settings.
            Verdict::Fault if finding.place == "sign-in" && matches!(config.keys, SigningKeys::Missing) => {}
            Verdict::Fault => faults.push(item),
        }
    }
    let is_database = |finding: &check_finding::Finding| finding.place == "database";
    let mut of_database = checked.findings.iter().filter(|finding| is_database(finding));
    let is_served = !of_database.any(|finding| finding.severity == Verdict::Fault);
    let mut needs_mapping = false;
    if let Some((_, report)) = schema {
        let is_mended = match report.verdict {
            SchemaVerdict::InPlace | SchemaVerdict::NotSupported => false,
            SchemaVerdict::ByMapping => is_served && checked.is_mapped,
            // The statements were run, whether the file says so or not.
            SchemaVerdict::AfterChanges => is_served,
        };
        needs_mapping = report.verdict == SchemaVerdict::ByMapping && !is_mended;
        add_schema(report, is_mended, &mut faults, &mut differences);
    }
    let map = schema.filter(|_| needs_mapping).map(|(path, _)| path);
    let is_sqlite = matches!(config.database, DatabaseUrl::Sqlite(_)) && !config.is_embedded_default();
    let situation = steps::Situation {
        has_faults: !faults.is_empty(),
        map,
        is_mapped: checked.is_mapped,
        is_sqlite,
        has_redis: config.redis_url.is_some(),
    };
    Plan {
        version: 1,
        verdict: if faults.is_empty() { "ready" } else { "faults" },
        deliberate: &super::deliberate::DELIBERATE_DIFFERENCES,
        settings: settings::list(config),
        steps: steps::steps(&situation),
        back: steps::back(&situation),
        faults,
        differences,
    }
}

/// Adds what the schema says. `is_mended`: the database serves the chat all the same.
fn add_schema(report: &Report, is_mended: bool, faults: &mut Vec<Item>, differences: &mut Vec<Item>) {
    let is_fault = |finding: &&Finding| finding.severity == Severity::Fault;
    let mended = report.findings.iter().filter(|finding| is_mended && is_fault(finding)).count();
    if mended > 0 {
        let text = format!("{mended} differences from the original's tables, and the database serves them");
        differences.push(Item::new("schema", text));
    }
    for finding in report.findings.iter().filter(|finding| !is_mended || !is_fault(finding)) {
        let Finding { place, text, consequence, mend, .. } = finding;
        let place = if place.is_empty() { "schema" } else { place };
        let item = Item { mend: mend.clone(), ..Item::new(place, format!("{text}: {consequence}")) };
        if is_fault(&finding) { faults.push(item) } else { differences.push(item) }
    }
    if !is_mended {
        faults.extend(report.asked.iter().map(|asked| Item::new("mapping", format!("asked for: {asked}"))));
        let guessed = report.guessed.iter().map(|guess| Item::new("mapping", format!("guessed: {guess}")));
        differences.extend(guessed);
    }
}
