//! Every relative link of the documents leads to a file that exists and, where it names a heading, to that heading.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Files, and folders whose Markdown files are read.
const DOCUMENTS: [&str; 11] = [
    "ARCHITECTURE.md",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "docs",
    "benches",
    "clients/python",
    "clients/react",
    "clients/web",
    "examples",
];

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = |path: PathBuf| -> Vec<PathBuf> {
        if path.is_file() {
            return vec![path];
        }
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
    };
    DOCUMENTS.into_iter().flat_map(|document| files(root.join(document))).collect()
}

/// The text without its code blocks and code spans.
fn prose(text: &str) -> String {
    let blocks = text.split("```").step_by(2);
    blocks.flat_map(|block| block.split('`').step_by(2)).collect()
}

/// The targets of `[text](target)`.
fn links(text: &str) -> Vec<String> {
    let targets = prose(text);
    targets.split("](").skip(1).filter_map(|rest| rest.split(')').next()).map(str::to_owned).collect()
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.split("```").step_by(2).flat_map(str::lines).filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { document.clone() } else { document.parent().unwrap().join(file) };
            let has_anchor =
                || anchor.is_empty() || anchors(&fs::read_to_string(&target).unwrap()).contains(anchor);
            if !target.exists() || !has_anchor() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The rows of the tables of deviations: those of a section of this document up to another.
fn deviations() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/migrating-from-node.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once("\n## What your server may do differently\n").unwrap();
    let (section, _) = rest.split_once("\n## Cut-over\n").unwrap();
    let lines: Vec<&str> = section.lines().collect();
    let is_row = |line: &str| line.starts_with("| ");
    // A heading is above the line of dashes.
    let is_heading = |index: usize| lines.get(index + 1).is_some_and(|line| line.starts_with("|---"));
    let rows = lines.iter().enumerate().filter(|(index, line)| is_row(line) && !is_heading(*index));
    rows.map(|(_, line)| (*line).to_owned()).collect()
}

#[test]
fn every_deviation_of_a_server_or_its_tables_is_linked_to_its_test() {
    let rows = deviations();
    assert!(rows.len() > 60, "{}", rows.len());
    let without: Vec<&String> = rows.iter().filter(|row| !row.contains("([test](../")).collect();
    assert!(without.is_empty(), "{without:#?}");
}
