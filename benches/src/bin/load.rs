//! The load generator: `load <scenario> --address host:port --server-pid PID --tokens FILE ..`, one JSON object on stdout.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use chatoxide_bench::{options::Options, report::Report, scenario};
use clap::Parser;
use tokio::{runtime, task::LocalSet};

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options).and_then(|report| print(&report)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // There is nobody else to tell.
            let _told = writeln!(io::stderr(), "load: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> io::Result<Report> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, scenario::run(&options.scenario))
}

fn print(report: &Report) -> io::Result<()> {
    let mut text = serde_json::to_string(report)?;
    text.push('\n');
    io::stdout().write_all(text.as_bytes())
}
