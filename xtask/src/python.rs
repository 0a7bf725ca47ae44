//! Private Python environments under the target folder; the machine's own Python is never changed.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::workshop::{Workshop, runs, succeeds};

/// The Python of the private environment `name` with `packages` in it, made or brought up to date where needed.
///
/// # Errors
/// Where there is no Python 3 with `venv`, or pip cannot install the packages.
pub(crate) fn environment(workshop: &Workshop, name: &str, packages: &[&str]) -> Result<PathBuf> {
    let folder = workshop.folder(name)?;
    let python = folder.join("bin").join("python");
    let marker = folder.join("packages.txt");
    let wanted = packages.join("\n");
    if python.exists() && std::fs::read_to_string(&marker).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    if !succeeds(workshop.command(&python).args(["-m", "pip", "--version"])) {
        println!("making the private Python environment {name}");
        ensure!(
            runs(workshop.command("python3").args(["-m", "venv", "--clear"]).arg(&folder))?,
            "python3 cannot make a virtual environment, expected Python 3 with its module venv\n\
             hint: on Debian, apt-get install python3-venv"
        );
    }
    println!("installing {}", packages.join(" "));
    let mut pip = workshop.command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
    ensure!(
        runs(&mut pip)?,
        "pip could not install {}\nhint: see its message above; the recipe needs a network or a local mirror",
        packages.join(" ")
    );
    std::fs::write(&marker, wanted)?;
    Ok(python)
}
