//! The program `chatoxide`. What it can do is in `commands`.

use std::process::ExitCode;

fn main() -> ExitCode {
    chatoxide::commands::run()
}
