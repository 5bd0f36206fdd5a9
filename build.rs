//! The web page is built into the binary (`src/http/page.rs`): a page that was built anew makes the binary anew.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let built = Path::new("clients/web/dist");
    // To watch what is not there would mean to build at each call.
    let watched = if built.exists() { built } else { Path::new("clients/web") };
    println!("cargo::rerun-if-changed={}", watched.display());
}
