//! The program `chatoxide`. What it can do is in `commands`.

use std::process::ExitCode;

// A message is a hundred small allocations, many of them at once for those who hear it: the system's allocator has room for
// seven of a size before it becomes slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    chatoxide::commands::run()
}
