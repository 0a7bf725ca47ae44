//! `cargo xtask golden`: runs the scripts that made the reference values again and shows what differs.

use anyhow::{Context, Result, ensure};

use crate::python::environment;
use crate::workshop::{Workshop, output_of, runs};

const PACKAGES: &[&str] = &["mpmath", "numpy", "scipy"];

/// The package whose wheel carries the CDNOW orders; it is read as an archive, never installed.
const WHEEL: &str = "lifetimes==0.11.3";

/// Runs each `golden/make_*.py` with the path of the wheel as its only argument; true where nothing differs.
///
/// A script writes its files beside itself, so that `git diff` is the comparison.
pub(crate) fn run(workshop: &Workshop) -> Result<bool> {
    let folder = workshop.root.join("golden");
    let mut scripts: Vec<String> = std::fs::read_dir(&folder)
        .with_context(|| format!("{}: cannot read this folder", folder.display()))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("make_") && name.ends_with(".py"))
        .collect();
    scripts.sort();
    ensure!(!scripts.is_empty(), "{}: no make_*.py, expected one at least", folder.display());

    let python = environment(workshop, "golden", PACKAGES)?;
    let wheels = workshop.folder("wheels")?;
    let mut download = workshop.command(&python);
    download
        .args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"])
        .arg(&wheels)
        .arg(WHEEL);
    ensure!(runs(&mut download)?, "pip could not download {WHEEL}");
    let wheel = std::fs::read_dir(&wheels)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"))
        .with_context(|| format!("{}: no wheel, expected {WHEEL}", wheels.display()))?;

    let mut failed = Vec::new();
    for script in &scripts {
        println!("golden/{script}");
        if !runs(
            workshop.command(&python).arg(folder.join(script)).arg(&wheel).current_dir(&folder),
        )? {
            failed.push(script.as_str());
        }
    }
    let differences =
        output_of(workshop.command("git").args(["status", "--short", "--", "golden"]))?;
    runs(workshop.command("git").args(["--no-pager", "diff", "--stat", "--", "golden"]))?;
    if !failed.is_empty() {
        println!("failed: {}", failed.join(", "));
    }
    match differences.trim() {
        "" => println!("{} scripts, nothing differs", scripts.len()),
        lines => println!("these differ from what is committed:\n{lines}\nhint: git diff golden"),
    }
    Ok(failed.is_empty() && differences.trim().is_empty())
}
