//! Whether everything lies in a named place: documents, file names, crate documents, paths of one machine.

use super::{File, Finding};

const DOCUMENTS: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "GLOSSARY.md",
    "HOUSE_RULES.md",
    "REFERENCES.bib",
    "CHANGELOG.md",
    "LICENSE",
    "sample/README.md",
    "bench/README.md",
    "docs/README.md",
];

/// Names under which anything could lie, so that nothing is found there.
const NAMELESS: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "misc", "manager", "managers"];

/// Folders that exist on one machine only, written in two halves so that this file does not name them.
const MACHINE_FOLDERS: &[(&str, &str)] =
    &[("/ro", "ot/"), ("/ho", "me/"), ("/wo", "rk/"), ("/Us", "ers/")];

/// Where the tree as a whole breaks a rule.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let has = |path: &str| files.iter().any(|file| file.path == path);
    let missing = DOCUMENTS.iter().filter(|path| !has(path));
    let mut findings: Vec<Finding> =
        missing.map(|path| Finding::new(path, None, "missing", "the document")).collect();
    for file in files {
        findings.extend(nameless(file));
        findings.extend(machine_paths(file));
        findings.extend(crate_document(file, files));
    }
    findings
}

fn nameless(file: &File) -> Option<Finding> {
    let is_source = file.is_rust() || file.path.ends_with(".py");
    let found = file
        .path
        .split('/')
        .map(|part| part.split_once('.').map_or(part, |(stem, _)| stem))
        .find(|stem| NAMELESS.contains(stem))?;
    let expected = "the name of the concept in it";
    is_source.then(|| {
        Finding::new(&file.path, None, &format!("a file or folder called {found}"), expected)
    })
}

fn machine_paths(file: &File) -> Vec<Finding> {
    // What others wrote and made small is kept as it came.
    if file.name().ends_with(".min.js") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (start, end) in MACHINE_FOLDERS {
        let folder = format!("{start}{end}");
        for (index, line) in file.text.lines().enumerate() {
            let is_path = line.match_indices(&folder).any(|(at, _)| {
                !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/}$~".contains(c))
            });
            if is_path {
                let what = format!("the path of one machine, {folder}...");
                let expected = "a path relative to the project";
                findings.push(Finding::new(&file.path, Some(index + 1), &what, expected));
            }
        }
    }
    findings
}

/// Each crate's README is its documentation.
fn crate_document(file: &File, files: &[File]) -> Option<Finding> {
    let folder = file.path.strip_suffix("/Cargo.toml")?;
    let find = |name: &str| files.iter().find(|file| file.path == format!("{folder}/{name}"));
    let root = find("src/lib.rs").or_else(|| find("src/main.rs"))?;
    let line = "#![doc = include_str!(\"../README.md\")]";
    if find("README.md").is_none() {
        let expected = format!("a README that {} shows with {line}", root.path);
        return Some(Finding::new(&format!("{folder}/README.md"), None, "missing", &expected));
    }
    (!root.text.starts_with(line))
        .then(|| Finding::new(&root.path, Some(1), "the README is not the crate's document", line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_whose_name_says_nothing_is_found() {
        for path in ["crates/a/src/utils.rs", "crates/a/src/helpers/b.rs", "bench/common.py"] {
            assert!(nameless(&file(path, "")).is_some(), "{path}");
        }
        assert!(nameless(&file("crates/a/src/commonness.rs", "")).is_none());
    }

    #[test]
    fn a_path_of_one_machine_is_found_and_a_part_of_a_longer_path_is_not() {
        let folder = MACHINE_FOLDERS[0].0.to_owned() + MACHINE_FOLDERS[0].1;
        assert_eq!(machine_paths(&file("a.md", &format!("see `{folder}x`"))).len(), 1);
        assert_eq!(machine_paths(&file("a.md", &format!("see site.org{folder}x"))).len(), 0);
    }

    #[test]
    fn a_crate_without_a_readme_is_found() {
        let files = [file("crates/a/Cargo.toml", ""), file("crates/a/src/lib.rs", "")];
        assert!(crate_document(&files[0], &files).is_some());
    }
}
