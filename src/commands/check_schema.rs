//! `chatoxide check --schema`: reports what a Prisma schema alone says of its tables. It connects to nothing.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Failure, map::pair, print_line};
use crate::prisma::{
    findings::{self, Report, Severity, Verdict},
    options::{DEFAULT_SCHEMA, Options},
    read::read,
};

#[derive(Args, Debug)]
pub(super) struct CheckArgs {
    /// Report on this Prisma schema instead, its file or its folder, without settings and without a database
    #[arg(long, value_name = "PATH")]
    pub(super) schema: Option<PathBuf>,

    /// Take this model or field for a role of the chat, as `chatoxide map` does; may be given several times
    #[arg(long = "use", value_name = "ROLE=NAME", value_parser = pair, requires = "schema")]
    pub(super) uses: Vec<(String, String)>,

    /// Print the report as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Reports on the schema at this path. `uses`: models and fields by their role.
pub(super) fn check(path: &Path, uses: &[(String, String)]) -> Result<Report, Failure> {
    let schema = read(path).map_err(Failure::Setting)?;
    let options = Options {
        into: DEFAULT_SCHEMA.to_owned(),
        tables_in: "public".to_owned(),
        uses: uses.iter().cloned().collect(),
        fills: BTreeMap::new(),
        makes_indexes: false,
        source: path.display().to_string(),
    };
    Ok(findings::check(&schema, &options))
}

/// Prints the report. It fails where the tables cannot be served as they are.
pub(super) fn run(path: &Path, uses: &[(String, String)], json: bool) -> Result<(), Failure> {
    let report = check(path, uses)?;
    if json {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| Failure::Failed(format!("the report cannot be written as JSON: {error}")))?;
        print_line(&text);
    } else {
        print_report(&report, path);
    }
    match report.verdict {
        Verdict::InPlace => Ok(()),
        Verdict::ByMapping => Err(Failure::Failed(format!(
            "the tables of {} cannot be served as they are, and can by a mapping: chatoxide map --schema {}",
            path.display(),
            path.display()
        ))),
        Verdict::AfterChanges => Err(Failure::Failed(format!(
            "the tables of {} can be served as they are once the statements above were run",
            path.display()
        ))),
        Verdict::NotSupported => {
            Err(Failure::Failed(format!("the tables of {} cannot be served", path.display())))
        }
    }
}

fn print_report(report: &Report, path: &Path) {
    for finding in &report.findings {
        let label = if finding.severity == Severity::Fault { "FAULT" } else { "warn" };
        let place = if finding.place.is_empty() { "schema" } else { &finding.place };
        print_line(&format!("{label:<7}{place}: {}: {}", finding.text, finding.consequence));
        if !finding.mend.is_empty() {
            print_line(&format!("       mend: {}", finding.mend));
        }
    }
    for text in &report.guessed {
        print_line(&format!("guess  {text}"));
    }
    for text in &report.asked {
        print_line(&format!("asked  {text}"));
    }
    if report.verdict == Verdict::InPlace {
        print_line(&format!("ok     {}: its tables can be served as they are", path.display()));
    }
}
