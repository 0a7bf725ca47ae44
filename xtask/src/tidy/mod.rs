//! `cargo xtask tidy`: whether the tree keeps its own rules. Also runs as an ordinary test.

mod catalogues;
mod citations;
mod layers;
mod places;
mod source;

use std::fmt;

use anyhow::{Context, Result};

use crate::workshop::{Workshop, output_of};

/// A place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// The file, from the root.
    path: String,
    /// The line, from 1; none where the whole file is meant.
    line: Option<usize>,
    /// What is wrong.
    what: String,
    /// What was expected instead.
    expected: String,
    /// Whether it is only a smell.
    is_warning: bool,
}

impl Finding {
    fn new(path: &str, line: Option<usize>, what: &str, expected: &str) -> Self {
        let [path, what, expected] = [path, what, expected].map(str::to_owned);
        Self { path, line, what, expected, is_warning: false }
    }

    fn warning(self) -> Self {
        Self { is_warning: true, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let smell = if self.is_warning { "warning: " } else { "" };
        write!(formatter, "{smell}{}", self.path)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {}: expected {}", self.what, self.expected)
    }
}

/// A tracked file that is text.
#[derive(Debug)]
struct File {
    /// The path from the root, with forward slashes.
    path: String,
    /// What is in it.
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The file's name without its folder.
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// Checks everything and prints what it finds; true where nothing is broken.
pub(crate) fn run(workshop: &Workshop) -> Result<bool> {
    let files = files(workshop)?;
    let findings = findings(workshop, &files)?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    let n_broken = findings.iter().filter(|finding| !finding.is_warning).count();
    println!("tidy: {} files, {n_broken} broken rules", files.len());
    Ok(n_broken == 0)
}

fn findings(workshop: &Workshop, files: &[File]) -> Result<Vec<Finding>> {
    let mut findings = layers::check(workshop)?;
    findings.extend(places::check(files));
    findings.extend(files.iter().filter(|file| file.is_rust()).flat_map(source::check));
    findings.extend(citations::check(files));
    findings.extend(catalogues::check(files));
    findings.sort();
    Ok(findings)
}

/// Every file that is tracked, or would be with the next `git add`, and is UTF-8.
fn files(workshop: &Workshop) -> Result<Vec<File>> {
    let listed = output_of(workshop.command("git").args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))
    .context("tidy asks git which files are tracked; hint: run it in a clone")?;
    let mut paths: Vec<&str> = listed.split_terminator('\0').collect();
    paths.sort_unstable();
    paths.dedup();
    let read = |path: &str| {
        let text = std::fs::read_to_string(workshop.root.join(path)).ok()?;
        Some(File { path: path.to_owned(), text })
    };
    Ok(paths.into_iter().filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_keeps_its_own_rules() {
        let workshop = Workshop::open().expect("the project is where it was compiled");
        let files = files(&workshop).expect("the tests run in a clone");
        let broken: Vec<String> = findings(&workshop, &files)
            .expect("cargo metadata reads the workspace")
            .iter()
            .filter(|finding| !finding.is_warning)
            .map(ToString::to_string)
            .collect();
        assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
    }

    #[test]
    fn a_finding_names_the_place_and_what_was_expected() {
        let finding = Finding::new("a.rs", Some(3), "the word X", "the word Y");
        assert_eq!(finding.to_string(), "a.rs:3: the word X: expected the word Y");
        let smell = Finding::new("a.rs", None, "500 lines", "at most 450").warning();
        assert_eq!(smell.to_string(), "warning: a.rs: 500 lines: expected at most 450");
    }
}
