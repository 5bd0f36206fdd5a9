//! The program `chatoxide`. Its commands are in `commands`.

use std::process::ExitCode;

// A message takes a hundred small allocations, and its recipients' allocations come at once. The system's allocator caches
// seven of a size for a thread and is slow beyond that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    chatoxide::commands::run()
}
