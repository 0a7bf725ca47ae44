//! Who may know whom: the table of ARCHITECTURE.md, held against `cargo metadata`.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use crate::workshop::{Workshop, output_of};

/// What one crate may know.
struct Row {
    /// The folder under `crates/`, which is the layer, and the crate.
    folder: &'static str,
    /// The crates of ours that it may import.
    may_import: &'static [&'static str],
    /// Beginnings of the names of outside crates that it must never know.
    never: &'static [&'static str],
}

const DATA_ENGINES: &[&str] = &["arrow", "parquet", "datafusion", "deltalake", "object_store"];
const OUTSIDE_MATHS: &[&str] = &[
    "arrow",
    "parquet",
    "datafusion",
    "deltalake",
    "object_store",
    "tokio",
    "futures",
    "jiff",
    "chrono",
    "glob",
    "tempfile",
    "axum",
    "maud",
    "clap",
];
const TERMINAL_AND_WEB: &[&str] = &["clap", "indicatif", "figment", "maud", "axum", "hyper"];
const SQL_AND_ENGINES: &[&str] = &["datafusion", "deltalake", "parquet"];
const EVERYTHING: &[&str] = &["*"];

/// One line for each crate, in the order of the layers. What a crate must not know holds for its tests, too.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { folder: "maths/numerics", may_import: &[], never: OUTSIDE_MATHS },
    Row { folder: "maths/models", may_import: &["clv-numerics"], never: OUTSIDE_MATHS },
    Row { folder: "maths/valuation", may_import: &["clv-numerics", "clv-models"], never: OUTSIDE_MATHS },
    Row { folder: "data/tables", may_import: &[], never: TERMINAL_AND_WEB },
    Row { folder: "data/importers", may_import: &["clv-tables"], never: TERMINAL_AND_WEB },
    Row { folder: "data/engine", may_import: &["clv-tables", "clv-importers"], never: TERMINAL_AND_WEB },
    Row { folder: "data/cluster", may_import: &["clv-tables", "clv-engine"], never: TERMINAL_AND_WEB },
    Row { folder: "analysis/answers", may_import: &[], never: DATA_ENGINES },
    Row {
        folder: "analysis/studies",
        may_import: &[
            "clv-numerics", "clv-models", "clv-valuation", "clv-tables", "clv-importers", "clv-engine", "clv-cluster",
            "clv-answers",
        ],
        never: TERMINAL_AND_WEB,
    },
    Row { folder: "operations/records", may_import: &["clv-answers", "clv-tables"], never: &["arrow", "datafusion", "maud"] },
    Row { folder: "operations/outreach", may_import: &["clv-answers", "clv-tables", "clv-records"], never: &["arrow", "datafusion"] },
    Row { folder: "surfaces/figures", may_import: &["clv-answers"], never: OUTSIDE_MATHS },
    Row { folder: "surfaces/pages", may_import: &["clv-answers", "clv-figures"], never: &["arrow", "parquet", "datafusion", "tokio", "axum", "clap"] },
    Row {
        folder: "surfaces/server",
        may_import: &["clv-studies", "clv-answers", "clv-figures", "clv-pages", "clv-records", "clv-outreach"],
        never: SQL_AND_ENGINES,
    },
    Row { folder: "surfaces/python", may_import: &["clv-studies", "clv-answers", "clv-figures", "clv-models"], never: SQL_AND_ENGINES },
    Row { folder: "surfaces/cli", may_import: EVERYTHING, never: &[] },
];

/// The crates that may use anyhow: the ones with a person at the other end.
const HAS_ANYHOW: &[&str] = &["clv-cli", "xtask"];

/// Every crate in its place, importing only what its row allows.
pub(super) fn check(workshop: &Workshop) -> Result<Vec<Finding>> {
    let words = ["metadata", "--format-version", "1", "--no-deps", "--offline"];
    let metadata: Value = serde_json::from_str(&output_of(&mut workshop.cargo(&words))?)
        .context("cargo metadata printed no JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    Ok(packages.iter().flat_map(|package| check_package(&workshop.root, package)).collect())
}

fn check_package(root: &Path, package: &Value) -> Vec<Finding> {
    let name = package["name"].as_str().unwrap_or_default();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap_or_default());
    let path = manifest.strip_prefix(root).unwrap_or(manifest).to_string_lossy().replace('\\', "/");
    let dependencies: Vec<&str> = package["dependencies"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|dependency| dependency["name"].as_str())
        .collect();

    let mut findings = Vec::new();
    if dependencies.contains(&"anyhow") && !HAS_ANYHOW.contains(&name) {
        findings.push(Finding::new(
            &path,
            None,
            "anyhow in a library",
            "a thiserror enum of its own",
        ));
    }
    let folder = path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml"));
    let Some(folder) = folder else {
        let ours = dependencies.iter().filter(|dependency| dependency.starts_with("clv-"));
        findings.extend(ours.map(|dependency| {
            Finding::new(
                &path,
                None,
                &format!("imports {dependency}"),
                "nothing of the product in here",
            )
        }));
        return findings;
    };
    let Some(row) = ROWS.iter().find(|row| row.folder == folder) else {
        let expected = "a row in xtask/src/tidy/layers.rs and in ARCHITECTURE.md";
        findings.push(Finding::new(
            &path,
            None,
            &format!("no layer is known for {folder}"),
            expected,
        ));
        return findings;
    };
    let package_expected = format!("clv-{}", folder.rsplit('/').next().unwrap_or(folder));
    if name != package_expected {
        findings.push(Finding::new(
            &path,
            None,
            &format!("the package is called {name}"),
            &package_expected,
        ));
    }
    findings.extend(
        dependencies
            .iter()
            .filter_map(|dependency| refusal(row, name, dependency))
            .map(|(what, expected)| Finding::new(&path, None, &what, &expected)),
    );
    findings
}

/// Why a crate in this row may not import the dependency, and what was expected; none where it may.
fn refusal(row: &Row, name: &str, dependency: &str) -> Option<(String, String)> {
    let what = format!("{name} imports {dependency}");
    if dependency.starts_with("clv-") {
        let is_allowed = row.may_import == EVERYTHING
            || row.may_import.contains(&dependency)
            || dependency == name;
        let allowed = match row.may_import {
            [] => "nothing of ours".to_owned(),
            crates => crates.join(", "),
        };
        return (!is_allowed).then(|| (what, format!("only {allowed} in {}", row.folder)));
    }
    let is_banned = row.never.iter().any(|start| dependency.starts_with(start));
    is_banned.then(|| (what, format!("{} to know nothing of {}", row.folder, row.never.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, folder: &str, dependencies: &[&str]) -> Value {
        let dependencies: Vec<Value> =
            dependencies.iter().map(|name| serde_json::json!({ "name": name })).collect();
        serde_json::json!({
            "name": name,
            "manifest_path": format!("/project/{folder}/Cargo.toml"),
            "dependencies": dependencies,
        })
    }

    #[test]
    fn each_kind_of_wrong_import_is_found() {
        let cases: &[(&str, &str, &[&str], usize)] = &[
            ("clv-models", "crates/maths/models", &["clv-numerics", "rayon", "serde"], 0),
            ("clv-models", "crates/maths/models", &["clv-valuation"], 1),
            ("clv-models", "crates/maths/models", &["arrow", "tokio", "jiff"], 3),
            ("clv-models", "crates/maths/models", &["anyhow"], 1),
            ("clv-engine", "crates/data/engine", &["clv-tables", "datafusion"], 0),
            ("clv-engine", "crates/data/engine", &["clv-answers"], 1),
            ("clv-pages", "crates/surfaces/pages", &["clv-studies", "arrow-csv"], 2),
            ("clv-cli", "crates/surfaces/cli", &["clv-engine", "clv-models", "anyhow"], 0),
            ("clv-models", "crates/data/models", &[], 1),
            ("models", "crates/maths/models", &[], 1),
            ("xtask", "xtask", &["anyhow", "clv-models"], 1),
        ];
        for (name, folder, dependencies, n_expected) in cases {
            let found = check_package(Path::new("/project"), &package(name, folder, dependencies));
            assert_eq!(found.len(), *n_expected, "{name} in {folder}: {found:?}");
        }
    }
}
